//! What the repository holds of the packs of a group: product, batch, pack and its last change, in a handful of statements.
//!
//! Products, loads and batches are few beside packs, so each is asked for once a group. A pack counts from the moment its
//! load is visible. On PostgreSQL the packs that are to change are held first, so that what is read is what is changed.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

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
    Done(Answer),
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

const PRODUCTS: Statement = Statement {
    sqlite: "SELECT p.identity, p.tenant_id, p.product_no FROM json_each($1) AS w
        CROSS JOIN product p ON p.identity = w.value ->> 0",
    postgres: "SELECT p.identity, p.tenant_id, p.product_no FROM json_array_elements($1::json) AS w
        JOIN product p ON p.identity = w.value ->> 0",
};

const HOLD: &str = "SELECT 1 FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
    JOIN pack k ON k.tenant_id = (w.value ->> 0)::integer AND k.product_no = (w.value ->> 1)::integer
      AND k.serial = w.value ->> 2
    ORDER BY k.tenant_id, k.product_no, k.serial FOR UPDATE OF k";

const PACKS: Statement = Statement {
    sqlite: "SELECT w.key AS place, k.load_no, k.state, c.change_no, c.at, c.site, c.repeats FROM json_each($1) AS w
        CROSS JOIN pack k ON k.tenant_id = w.value ->> 0 AND k.product_no = w.value ->> 1 AND k.serial = w.value ->> 2
        LEFT JOIN pack_change c ON c.tenant_id = k.tenant_id AND c.product_no = k.product_no AND c.serial = k.serial
          AND c.change_no = (SELECT max(l.change_no) FROM pack_change l
            WHERE l.tenant_id = k.tenant_id AND l.product_no = k.product_no AND l.serial = k.serial)",
    postgres: "SELECT w.place - 1 AS place, k.load_no, k.state, c.change_no, c.at, c.site, c.repeats
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN pack k ON k.tenant_id = (w.value ->> 0)::integer AND k.product_no = (w.value ->> 1)::integer
          AND k.serial = w.value ->> 2
        LEFT JOIN LATERAL (SELECT l.change_no, l.at, l.site, l.repeats FROM pack_change l
          WHERE l.tenant_id = k.tenant_id AND l.product_no = k.product_no AND l.serial = k.serial
          ORDER BY l.change_no DESC LIMIT 1) c ON true",
};

const LOADS: Statement = Statement {
    sqlite: "SELECT w.key AS place, l.lot_no, l.batch, l.expiry, l.expires_on, EXISTS (SELECT 1 FROM lot_recall r
          WHERE r.tenant_id = l.tenant_id AND r.product_no = l.product_no AND r.lot_no = l.lot_no
            AND r.market = w.value ->> 3) AS recalled
        FROM json_each($1) AS w
        CROSS JOIN load x ON x.tenant_id = w.value ->> 0 AND x.product_no = w.value ->> 1 AND x.load_no = w.value ->> 2
        CROSS JOIN lot l ON l.tenant_id = x.tenant_id AND l.product_no = x.product_no AND l.lot_no = x.lot_no
        WHERE x.state = 'visible'",
    postgres: "SELECT w.place - 1 AS place, l.lot_no, l.batch, l.expiry, l.expires_on, EXISTS (SELECT 1 FROM lot_recall r
          WHERE r.tenant_id = l.tenant_id AND r.product_no = l.product_no AND r.lot_no = l.lot_no
            AND r.market = w.value ->> 3) AS recalled
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN load x ON x.tenant_id = (w.value ->> 0)::integer AND x.product_no = (w.value ->> 1)::integer
          AND x.load_no = (w.value ->> 2)::integer
        JOIN lot l ON l.tenant_id = x.tenant_id AND l.product_no = x.product_no AND l.lot_no = x.lot_no
        WHERE x.state = 'visible'",
};

/// A lot counts as a batch that is known once one of its loads is visible.
const BATCHES: Statement = Statement {
    sqlite: "SELECT w.key AS place, l.lot_no, l.batch, l.expiry, l.expires_on, EXISTS (SELECT 1 FROM lot_recall r
          WHERE r.tenant_id = l.tenant_id AND r.product_no = l.product_no AND r.lot_no = l.lot_no
            AND r.market = w.value ->> 3) AS recalled
        FROM json_each($1) AS w
        CROSS JOIN lot l ON l.tenant_id = w.value ->> 0 AND l.product_no = w.value ->> 1 AND l.batch = w.value ->> 2
        WHERE EXISTS (SELECT 1 FROM load x WHERE x.tenant_id = l.tenant_id AND x.product_no = l.product_no
          AND x.lot_no = l.lot_no AND x.state = 'visible')",
    postgres: "SELECT w.place - 1 AS place, l.lot_no, l.batch, l.expiry, l.expires_on, EXISTS (SELECT 1 FROM lot_recall r
          WHERE r.tenant_id = l.tenant_id AND r.product_no = l.product_no AND r.lot_no = l.lot_no
            AND r.market = w.value ->> 3) AS recalled
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN lot l ON l.tenant_id = (w.value ->> 0)::integer AND l.product_no = (w.value ->> 1)::integer
          AND l.batch = w.value ->> 2
        WHERE EXISTS (SELECT 1 FROM load x WHERE x.tenant_id = l.tenant_id AND x.product_no = l.product_no
          AND x.lot_no = l.lot_no AND x.state = 'visible')",
};

const WITHDRAWN: Statement = Statement {
    sqlite: "SELECT w.key AS place, true AS found FROM json_each($1) AS w
        CROSS JOIN product_withdrawal d ON d.tenant_id = w.value ->> 0 AND d.product_no = w.value ->> 1
          AND d.market = w.value ->> 2",
    postgres: "SELECT w.place - 1 AS place, true AS found
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN product_withdrawal d ON d.tenant_id = (w.value ->> 0)::integer AND d.product_no = (w.value ->> 1)::integer
          AND d.market = w.value ->> 2",
};

const RECORDED: Statement = Statement {
    sqlite: "SELECT w.key AS place, r.answer FROM json_each($1) AS w
        CROSS JOIN verification_record r ON r.tenant_id = w.value ->> 0 AND r.request_id = unhex(w.value ->> 1)",
    postgres: "SELECT w.place - 1 AS place, r.answer
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN verification_record r ON r.tenant_id = (w.value ->> 0)::integer
          AND r.request_id = decode(w.value ->> 1, 'hex')",
};

#[derive(QueryableByName)]
struct ProductRow {
    #[diesel(sql_type = Text)]
    identity: String,
    #[diesel(sql_type = Integer)]
    tenant_id: i32,
    #[diesel(sql_type = Integer)]
    product_no: i32,
}

#[derive(QueryableByName)]
struct PackRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Integer)]
    load_no: i32,
    #[diesel(sql_type = SmallInt)]
    state: i16,
    #[diesel(sql_type = Nullable<Integer>)]
    change_no: Option<i32>,
    #[diesel(sql_type = Nullable<BigInt>)]
    at: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    site: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Integer>)]
    repeats: Option<i32>,
}

#[derive(QueryableByName)]
struct LotRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Integer)]
    lot_no: i32,
    #[diesel(sql_type = Text)]
    batch: String,
    #[diesel(sql_type = Text)]
    expiry: String,
    #[diesel(sql_type = Integer)]
    expires_on: i32,
    #[diesel(sql_type = Bool)]
    recalled: bool,
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Bool)]
    #[allow(dead_code, reason = "a row says by being there that it was found")]
    found: bool,
}

#[derive(QueryableByName)]
struct RecordedRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    answer: String,
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
                found.push(FoundPack::Done(answer.clone()));
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
