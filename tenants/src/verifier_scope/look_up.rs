//! What the repository holds of the packs of a group: product, batch, pack and its last change, in a handful of statements.
//!
//! Products, loads and batches are few beside packs, so each is asked for once a group. A pack counts from the moment its
//! load is visible. On PostgreSQL the packs that are to change are held first, so that what is read is what is changed.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::Text;

use packtwin_core::batch_number::BatchNumber;
use packtwin_core::expiry::Expiry;
use packtwin_core::ids::{LotNo, ProductNo, TenantId};
use packtwin_core::lot::BatchState;
use packtwin_core::market::Market;
use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::product::ProductState;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{KnownBatch, KnownPack, LastChange, SiteToken};

use super::Verification;
use super::look_up_statement::{
    BATCHES, HOLD, LOADS, LotRow, PACKS, PRODUCTS, PackRow, PlaceRow, ProductRow, RECORDED,
    RecordedRow, WITHDRAWN,
};
use crate::engine::AnyConnection;
use crate::engine::set::Statement;
use crate::error::StoreError;
use crate::verifier::{Answer, RequestId};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The pack.
    pub pack: &'a PackKey,
    /// The batch that the request names.
    pub batch: Option<&'a BatchNumber>,
    /// By the rules of which market.
    pub market: Market,
    /// Whether the pack may be changed.
    pub held: bool,
    /// The request, where an earlier attempt may have been recorded already.
    pub recorded: Option<RequestId>,
}

/// What was found of one pack.
#[derive(Debug, Clone)]
pub enum FoundPack {
    /// No tenant has the product.
    Nowhere,
    /// A tenant has it.
    Here(Box<FoundHere>),
    /// The request was done by an earlier attempt; this was its answer.
    Done(Box<Answer>),
}

/// What a tenant holds of it.
#[derive(Debug, Clone)]
pub struct FoundHere {
    /// Whose product it is.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// The product's state in the market.
    pub product_state: ProductState,
    /// The batch that the request names, where the pack itself was not found.
    pub batch: Option<KnownBatch>,
    /// The pack.
    pub pack: Option<HeldPack>,
}

/// A pack that was found.
#[derive(Debug, Clone, Copy)]
pub struct HeldPack {
    /// Its lot.
    pub lot: LotNo,
    /// What the decision needs to know.
    pub known: KnownPack,
    /// The number of its last change, 0 where there was none.
    pub change_no: i32,
}

/// Rows asked for once each, and where each stands in the question.
struct Distinct<K>(Vec<K>, HashMap<K, usize>);

impl<K: Copy + Eq + std::hash::Hash> Distinct<K> {
    fn of(keys: impl Iterator<Item = K>) -> Self {
        let mut distinct = Distinct(Vec::new(), HashMap::new());
        for key in keys {
            distinct.1.entry(key).or_insert_with(|| {
                distinct.0.push(key);
                distinct.0.len() - 1
            });
        }
        distinct
    }
}

impl Verification<'_> {
    /// Looks packs up in every tenant. The answers come in the order of the questions.
    ///
    /// # Errors
    /// The database failed.
    pub fn look_up(&mut self, wanted: &[Wanted<'_>]) -> Result<Vec<FoundPack>, StoreError> {
        let products = self.products(wanted)?;
        let done = self.recorded(wanted, &products)?;
        self.hold(wanted, &products)?;
        let packs = self.packs(wanted, &products)?;
        let loads = Distinct::of(products.iter().zip(&packs).zip(wanted).filter_map(
            |((product, pack), wanted)| {
                let (tenant, product) = (*product)?;
                Some((tenant.0, product.0, pack.as_ref()?.load_no, market(wanted)))
            },
        ));
        let lots = lots(self.connection, &LOADS, &rows_of(&loads.0))?;
        let withdrawals = Distinct::of(
            products
                .iter()
                .zip(wanted)
                .filter_map(|(product, wanted)| product.map(|(t, p)| (t.0, p.0, market(wanted)))),
        );
        let withdrawn = self.withdrawn(&withdrawals.0)?;
        let mut found = Vec::with_capacity(wanted.len());
        for (place, wanted) in wanted.iter().enumerate() {
            let Some((tenant, product)) = products[place] else {
                found.push(FoundPack::Nowhere);
                continue;
            };
            if let Some(answer) = done.get(&place) {
                found.push(FoundPack::Done(Box::new(answer.clone())));
                continue;
            }
            let lot = packs[place].as_ref().and_then(|pack| {
                let key = (tenant.0, product.0, pack.load_no, market(wanted));
                lots.get(loads.1.get(&key)?)
            });
            let pack = match (&packs[place], lot) {
                (Some(row), Some((lot, batch))) => Some(held(row, *lot, *batch)?),
                _ => None,
            };
            let withdrawal = withdrawals.1.get(&(tenant.0, product.0, market(wanted)));
            let is_withdrawn = withdrawal.is_some_and(|place| withdrawn.contains(place));
            found.push(FoundPack::Here(Box::new(FoundHere {
                tenant,
                product,
                product_state: match is_withdrawn {
                    true => ProductState::Withdrawn,
                    false => ProductState::Active,
                },
                batch: pack.map(|pack| pack.known.batch),
                pack,
            })));
        }
        self.batches(wanted, &mut found)?;
        Ok(found)
    }

    fn products(
        &mut self,
        wanted: &[Wanted<'_>],
    ) -> Result<Vec<Option<(TenantId, ProductNo)>>, StoreError> {
        let identities: Vec<String> = wanted
            .iter()
            .map(|wanted| wanted.pack.product.identity())
            .collect();
        let unknown: HashSet<&str> = identities
            .iter()
            .map(String::as_str)
            .filter(|identity| self.scope.known_product(identity).is_none())
            .collect();
        let asked: Vec<[&str; 1]> = unknown.into_iter().map(|identity| [identity]).collect();
        let rows: Vec<ProductRow> = PRODUCTS.load(self.connection, &asked)?;
        for row in rows {
            let number = (TenantId(row.tenant_id), ProductNo(row.product_no));
            self.scope.remember_product(row.identity, number);
        }
        Ok(identities
            .iter()
            .map(|identity| self.scope.known_product(identity))
            .collect())
    }

    /// Requests that an earlier attempt has done. Few, and only after a kill or a broken line.
    fn recorded(
        &mut self,
        wanted: &[Wanted<'_>],
        products: &[Option<(TenantId, ProductNo)>],
    ) -> Result<HashMap<usize, Answer>, StoreError> {
        let asked: Vec<(usize, i32, String)> = wanted
            .iter()
            .zip(products)
            .enumerate()
            .filter_map(|(place, (wanted, product))| {
                Some((place, (*product)?.0.0, wanted.recorded?.to_string()))
            })
            .collect();
        let rows: Vec<(i32, &str)> = asked
            .iter()
            .map(|(_, tenant, request)| (*tenant, request.as_str()))
            .collect();
        let found: Vec<RecordedRow> = RECORDED.load(self.connection, &rows)?;
        let what = "kept answer";
        found
            .into_iter()
            .map(|row| {
                let answer = Answer::from_text(&row.answer)
                    .map_err(|_damaged| StoreError::Damaged { what })?;
                Ok((asked[row.place.unsigned_abs() as usize].0, answer))
            })
            .collect()
    }

    /// Keeps others from changing the packs until this transaction ends. SQLite has one writer anyway.
    fn hold(
        &mut self,
        wanted: &[Wanted<'_>],
        products: &[Option<(TenantId, ProductNo)>],
    ) -> Result<(), StoreError> {
        if let AnyConnection::Postgres(postgres) = &mut *self.connection {
            let rows: Vec<(i32, i32, &str)> = wanted
                .iter()
                .zip(products)
                .filter(|(wanted, _)| wanted.held)
                .filter_map(|(wanted, product)| row_of(wanted, *product))
                .collect();
            if !rows.is_empty() {
                let text =
                    serde_json::to_string(&rows).expect("texts and numbers have a JSON form");
                diesel::sql_query(HOLD)
                    .bind::<Text, _>(text)
                    .execute(postgres)?;
            }
        }
        Ok(())
    }

    fn packs(
        &mut self,
        wanted: &[Wanted<'_>],
        products: &[Option<(TenantId, ProductNo)>],
    ) -> Result<Vec<Option<PackRow>>, StoreError> {
        // A product that nobody has keeps its place with a tenant that nobody is.
        let rows: Vec<(i32, i32, &str)> = wanted
            .iter()
            .zip(products)
            .map(|(wanted, product)| {
                row_of(wanted, *product).unwrap_or((-1, -1, wanted.pack.serial.as_str()))
            })
            .collect();
        let mut packs: Vec<Option<PackRow>> = wanted.iter().map(|_| None).collect();
        let found: Vec<PackRow> = PACKS.load(self.connection, &rows)?;
        for row in found {
            let place = row.place.unsigned_abs() as usize;
            packs[place] = Some(row);
        }
        Ok(packs)
    }

    fn withdrawn(&mut self, asked: &[(i32, i32, [u8; 2])]) -> Result<HashSet<usize>, StoreError> {
        let rows: Vec<(i32, i32, &str)> = asked
            .iter()
            .map(|(tenant, product, market)| (*tenant, *product, letters(market)))
            .collect();
        let found: Vec<PlaceRow> = WITHDRAWN.load(self.connection, &rows)?;
        Ok(found
            .iter()
            .map(|row| row.place.unsigned_abs() as usize)
            .collect())
    }

    /// The batches named by requests whose pack was not found.
    fn batches(
        &mut self,
        wanted: &[Wanted<'_>],
        found: &mut [FoundPack],
    ) -> Result<(), StoreError> {
        let mut places = Vec::new();
        let mut rows = Vec::new();
        for (place, (wanted, found)) in wanted.iter().zip(found.iter()).enumerate() {
            if let (FoundPack::Here(here), Some(batch)) = (found, wanted.batch)
                && here.pack.is_none()
            {
                places.push(place);
                let market = wanted.market.as_str().to_owned();
                rows.push((here.tenant.0, here.product.0, batch.as_str(), market));
            }
        }
        for (row, (_, batch)) in lots(self.connection, &BATCHES, &rows)? {
            if let FoundPack::Here(here) = &mut found[places[row]] {
                here.batch = Some(batch);
            }
        }
        Ok(())
    }
}

fn row_of<'a>(
    wanted: &Wanted<'a>,
    product: Option<(TenantId, ProductNo)>,
) -> Option<(i32, i32, &'a str)> {
    let (tenant, product) = product?;
    Some((tenant.0, product.0, wanted.pack.serial.as_str()))
}

type LoadKey = (i32, i32, i32, [u8; 2]);

fn rows_of(loads: &[LoadKey]) -> Vec<(i32, i32, i32, &str)> {
    loads
        .iter()
        .map(|(tenant, product, load, market)| (*tenant, *product, *load, letters(market)))
        .collect()
}

/// A market as part of a key.
fn market(wanted: &Wanted<'_>) -> [u8; 2] {
    let text = wanted.market.as_str().as_bytes();
    [text[0], text[1]]
}

fn letters(market: &[u8; 2]) -> &str {
    std::str::from_utf8(market).unwrap_or("??")
}

fn lots<R: serde::Serialize>(
    connection: &mut AnyConnection,
    statement: &Statement,
    rows: &[R],
) -> Result<HashMap<usize, (LotNo, KnownBatch)>, StoreError> {
    let found: Vec<LotRow> = statement.load(connection, rows)?;
    found
        .into_iter()
        .map(|row| {
            let what = "lot";
            let damaged = || StoreError::Damaged { what };
            let batch = KnownBatch {
                number: row.batch.parse().map_err(|_| damaged())?,
                expiry: NaiveDate::from_num_days_from_ce_opt(row.expires_on)
                    .and_then(|day| Expiry::parse(&row.expiry, day.year()).ok())
                    .ok_or_else(damaged)?,
                state: match row.recalled {
                    true => BatchState::Recalled,
                    false => BatchState::Active,
                },
            };
            let place = row.place.unsigned_abs() as usize;
            Ok((place, (LotNo(row.lot_no), batch)))
        })
        .collect()
}

fn held(row: &PackRow, lot: LotNo, batch: KnownBatch) -> Result<HeldPack, StoreError> {
    let what = "pack change";
    let site: Option<[u8; 16]> = match &row.site {
        None => None,
        Some(bytes) => Some(
            bytes
                .as_slice()
                .try_into()
                .map_err(|_| StoreError::Damaged { what })?,
        ),
    };
    Ok(HeldPack {
        lot,
        known: KnownPack {
            batch,
            state: PackState::from_number(row.state).ok_or(StoreError::Damaged { what })?,
            last: row.at.map(|at| LastChange {
                at: Timestamp::from_micros(at),
                site: site.map(SiteToken),
                repeats: row.repeats.unwrap_or_default().unsigned_abs(),
            }),
        },
        change_no: row.change_no.unwrap_or_default(),
    })
}
