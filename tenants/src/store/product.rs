//! Products, their versions and their withdrawals.
//!
//! A product code belongs to one tenant of the site, whatever scheme it is written in: the NTIN and the PPN of one PZN are
//! one product. A version is changed only while no far side knows it, and every change names the row version it was read
//! at. Serves URS-MD-001, URS-MD-002, URS-MD-003. What a market demands of a version is the connector's to say.

use diesel::prelude::*;

use packtwin_core::ids::{MessageId, ProductNo};
use packtwin_core::market::Market;
use packtwin_core::product::{MasterData, VersionState};
use packtwin_core::product_code::{CodingScheme, ProductCode};
use packtwin_core::time::Timestamp;

use super::master_data::{markets_text, master_data, master_data_text};
use super::stored::{self, at_if, column_number, containing, known, lower, parsed, parsed_if};
use crate::error::StoreError;
use crate::schema::{lot, product, product_version, product_withdrawal, tenant_head};
use crate::scope::{Reader, Writer};

/// A product as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRecord {
    /// Its number within the tenant.
    pub no: ProductNo,
    /// The code under which it was added.
    pub code: ProductCode,
    /// Equal for every code that names this product.
    pub identity: String,
    /// The highest version there is; 1 at least.
    pub latest_version: u32,
    /// When it was added.
    pub created_at: Timestamp,
}

/// One version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// Counted from 1.
    pub version: u32,
    /// How far it has come.
    pub state: VersionState,
    /// Its content.
    pub data: MasterData,
    /// When it was written first.
    pub created_at: Timestamp,
    /// Who wrote it: a public id.
    pub created_by: String,
    /// When content or state changed last.
    pub changed_at: Timestamp,
    /// The message that told the hub last.
    pub message_id: Option<MessageId>,
    /// When the hub took it.
    pub acknowledged_at: Option<Timestamp>,
    /// What the hub said it holds, when it was asked.
    pub hub_copy: Option<MasterData>,
    /// When it was asked.
    pub hub_copy_at: Option<Timestamp>,
    /// Counts the changes of this row; a change names the one it was read at.
    pub row_version: i32,
}

/// Which products a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// Part of the name or the code, in any letter case.
    pub text: Option<String>,
    /// A market of the latest version.
    pub market: Option<Market>,
    /// The state of the latest version.
    pub state: Option<VersionState>,
}

impl Reader<'_> {
    /// The product that this code names, in whichever scheme it was added.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_find(
        &mut self,
        code: &ProductCode,
    ) -> Result<Option<ProductRecord>, StoreError> {
        let row: Option<ProductRow> = product::table
            .filter(product::tenant_id.eq(self.tenant_id()))
            .filter(product::identity.eq(code.identity()))
            .select(ProductRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(ProductRecord::try_from).transpose()
    }

    /// The product with this number.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_get(&mut self, no: ProductNo) -> Result<Option<ProductRecord>, StoreError> {
        let row: Option<ProductRow> = product::table
            .filter(product::tenant_id.eq(self.tenant_id()))
            .filter(product::product_no.eq(no.0))
            .select(ProductRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(ProductRecord::try_from).transpose()
    }

    /// Products with a number above `after`, each with its latest version, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_list(
        &mut self,
        filter: &ProductFilter,
        after: Option<ProductNo>,
        limit: i64,
    ) -> Result<Vec<(ProductRecord, VersionRecord)>, StoreError> {
        let mut query = product::table
            .inner_join(
                product_version::table.on(product_version::tenant_id
                    .eq(product::tenant_id)
                    .and(product_version::product_no.eq(product::product_no))
                    .and(product_version::version.eq(product::latest_version))),
            )
            .filter(product::tenant_id.eq(self.tenant_id()))
            .filter(product::product_no.gt(after.map_or(0, |no| no.0)))
            .order(product::product_no)
            .limit(limit)
            .select((ProductRow::as_select(), VersionRow::as_select()))
            .into_boxed();
        if let Some(text) = &filter.text {
            let pattern = containing(text);
            query = query.filter(
                lower(product_version::name)
                    .like(pattern.clone())
                    .escape('\\')
                    .or(lower(product::code).like(pattern).escape('\\')),
            );
        }
        if let Some(market) = filter.market {
            query = query.filter(product_version::markets.like(format!("%{market}%")));
        }
        if let Some(state) = filter.state {
            query = query.filter(product_version::state.eq(state.as_str()));
        }
        let rows: Vec<(ProductRow, VersionRow)> = query.load(self.connection)?;
        rows.into_iter()
            .map(|(product, version)| Ok((product.try_into()?, version.try_into()?)))
            .collect()
    }

    /// One version of a product.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_get(
        &mut self,
        no: ProductNo,
        version: u32,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let row: Option<VersionRow> = product_version::table
            .filter(product_version::tenant_id.eq(self.tenant_id()))
            .filter(product_version::product_no.eq(no.0))
            .filter(product_version::version.eq(column_number(version)))
            .select(VersionRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(VersionRecord::try_from).transpose()
    }

    /// Every version of a product, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_list(
        &mut self,
        no: ProductNo,
    ) -> Result<Vec<VersionRecord>, StoreError> {
        let rows: Vec<VersionRow> = product_version::table
            .filter(product_version::tenant_id.eq(self.tenant_id()))
            .filter(product_version::product_no.eq(no.0))
            .order(product_version::version.desc())
            .select(VersionRow::as_select())
            .load(self.connection)?;
        rows.into_iter().map(VersionRecord::try_from).collect()
    }

    /// The newest version that the hub holds.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_acknowledged_latest(
        &mut self,
        no: ProductNo,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let row: Option<VersionRow> = product_version::table
            .filter(product_version::tenant_id.eq(self.tenant_id()))
            .filter(product_version::product_no.eq(no.0))
            .filter(product_version::state.eq(VersionState::Acknowledged.as_str()))
            .order(product_version::version.desc())
            .select(VersionRow::as_select())
            .first(self.connection)
            .optional()?;
        row.map(VersionRecord::try_from).transpose()
    }

    /// Where the product was withdrawn, when and why, by market.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_withdrawals(
        &mut self,
        no: ProductNo,
    ) -> Result<Vec<(Market, Timestamp, String)>, StoreError> {
        let rows: Vec<(String, i64, String)> = product_withdrawal::table
            .filter(product_withdrawal::tenant_id.eq(self.tenant_id()))
            .filter(product_withdrawal::product_no.eq(no.0))
            .order(product_withdrawal::market)
            .select((
                product_withdrawal::market,
                product_withdrawal::at,
                product_withdrawal::reason,
            ))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(market, at, reason)| {
                let market = parsed(&market, "market")?;
                Ok((market, Timestamp::from_micros(at), reason))
            })
            .collect()
    }

    /// How many lots belong to a version.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_lot_count(&mut self, no: ProductNo, version: u32) -> Result<u64, StoreError> {
        let lots: i64 = lot::table
            .filter(lot::tenant_id.eq(self.tenant_id()))
            .filter(lot::product_no.eq(no.0))
            .filter(lot::version.eq(column_number(version)))
            .count()
            .get_result(self.connection)?;
        stored::count(lots, "lot count")
    }
}

impl Writer<'_> {
    /// Adds a product with its first version, a draft.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when a code of this product is in use on the site, by whomever.
    pub fn product_create(
        &mut self,
        code: &ProductCode,
        data: &MasterData,
    ) -> Result<ProductNo, StoreError> {
        let tenant = self.tenant_id();
        let no: i32 = diesel::update(tenant_head::table.find(tenant))
            .set(tenant_head::last_product.eq(tenant_head::last_product + 1))
            .returning(tenant_head::last_product)
            .get_result(self.connection)?;
        diesel::insert_into(product::table)
            .values((
                product::tenant_id.eq(tenant),
                product::product_no.eq(no),
                product::code.eq(code.as_str()),
                product::scheme.eq(code.scheme().as_str()),
                product::identity.eq(code.identity()),
                product::latest_version.eq(1),
                product::last_lot.eq(0),
                product::last_load.eq(0),
                product::created_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        self.version_insert(no, 1, data)?;
        Ok(ProductNo(no))
    }

    /// Adds a further version, a draft, and answers its number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such product.
    pub fn product_version_add(
        &mut self,
        no: ProductNo,
        data: &MasterData,
    ) -> Result<u32, StoreError> {
        let version: i32 = diesel::update(product::table.find((self.tenant_id(), no.0)))
            .set(product::latest_version.eq(product::latest_version + 1))
            .returning(product::latest_version)
            .get_result(self.connection)?;
        self.version_insert(no.0, version, data)?;
        stored::number(version)
    }

    fn version_insert(
        &mut self,
        no: i32,
        version: i32,
        data: &MasterData,
    ) -> Result<(), StoreError> {
        let (tenant, at) = (self.tenant_id(), self.at().micros());
        let created_by = self.actor().who().to_string();
        diesel::insert_into(product_version::table)
            .values((
                product_version::tenant_id.eq(tenant),
                product_version::product_no.eq(no),
                product_version::version.eq(version),
                product_version::name.eq(&data.name),
                product_version::markets.eq(markets_text(data)),
                product_version::state.eq(VersionState::Draft.as_str()),
                product_version::data.eq(master_data_text(data)),
                product_version::created_at.eq(at),
                product_version::created_by.eq(created_by),
                product_version::changed_at.eq(at),
                product_version::row_version.eq(1),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    /// Replaces the content of a version that no far side knows. `false`: the row version is another, or the version is
    /// on its way or in use.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_change(
        &mut self,
        no: ProductNo,
        version: u32,
        data: &MasterData,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let editable = [VersionState::Draft, VersionState::Refused].map(VersionState::as_str);
        let changed = diesel::update(product_version::table)
            .filter(product_version::tenant_id.eq(self.tenant_id()))
            .filter(product_version::product_no.eq(no.0))
            .filter(product_version::version.eq(column_number(version)))
            .filter(product_version::row_version.eq(expected_row_version))
            .filter(product_version::state.eq_any(editable))
            .set((
                product_version::name.eq(&data.name),
                product_version::markets.eq(markets_text(data)),
                product_version::data.eq(master_data_text(data)),
                product_version::changed_at.eq(self.at().micros()),
                product_version::row_version.eq(product_version::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Moves a version on; a message, when named, is remembered as the last that told the hub. `false`: its state is none
    /// of `from`.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_state(
        &mut self,
        no: ProductNo,
        version: u32,
        from: &[VersionState],
        to: VersionState,
        message_id: Option<MessageId>,
    ) -> Result<bool, StoreError> {
        let (tenant, at) = (self.tenant_id(), self.at().micros());
        let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        let changed = diesel::update(product_version::table)
            .filter(product_version::tenant_id.eq(tenant))
            .filter(product_version::product_no.eq(no.0))
            .filter(product_version::version.eq(column_number(version)))
            .filter(product_version::state.eq_any(from))
            .set((
                product_version::state.eq(to.as_str()),
                product_version::changed_at.eq(at),
                product_version::row_version.eq(product_version::row_version + 1),
                message_id.map(|id| product_version::message_id.eq(id.to_string())),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Records that the hub took a version that was sent. `false`: it was not on its way.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_acknowledge(
        &mut self,
        no: ProductNo,
        version: u32,
        acknowledged_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(product_version::table)
            .filter(product_version::tenant_id.eq(self.tenant_id()))
            .filter(product_version::product_no.eq(no.0))
            .filter(product_version::version.eq(column_number(version)))
            .filter(product_version::state.eq(VersionState::Sent.as_str()))
            .set((
                product_version::state.eq(VersionState::Acknowledged.as_str()),
                product_version::acknowledged_at.eq(acknowledged_at.micros()),
                product_version::changed_at.eq(self.at().micros()),
                product_version::row_version.eq(product_version::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Keeps what the hub says it holds of a version, read at the time of this change. `false`: there is no such version.
    ///
    /// # Errors
    /// The database failed.
    pub fn product_version_hub_copy(
        &mut self,
        no: ProductNo,
        version: u32,
        copy: &MasterData,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(product_version::table)
            .filter(product_version::tenant_id.eq(self.tenant_id()))
            .filter(product_version::product_no.eq(no.0))
            .filter(product_version::version.eq(column_number(version)))
            .set((
                product_version::hub_copy.eq(master_data_text(copy)),
                product_version::hub_copy_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Withdraws a product from a market. `false`: it already is; the first reason stays.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when someone else withdrew it at the same moment.
    pub fn product_withdraw(
        &mut self,
        no: ProductNo,
        market: Market,
        reason: &str,
        message_id: Option<MessageId>,
    ) -> Result<bool, StoreError> {
        let withdrawn = self.product_withdrawals(no)?;
        if withdrawn.iter().any(|(known, _, _)| *known == market) {
            return Ok(false);
        }
        diesel::insert_into(product_withdrawal::table)
            .values((
                product_withdrawal::tenant_id.eq(self.tenant_id()),
                product_withdrawal::product_no.eq(no.0),
                product_withdrawal::market.eq(market.as_str()),
                product_withdrawal::at.eq(self.at().micros()),
                product_withdrawal::reason.eq(reason),
                product_withdrawal::message_id.eq(message_id.map(|id| id.to_string())),
            ))
            .execute(self.connection)?;
        Ok(true)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = product)]
struct ProductRow {
    product_no: i32,
    code: String,
    scheme: String,
    identity: String,
    latest_version: i32,
    created_at: i64,
}

/// Reads a product code from its two columns.
pub(super) fn product_code(scheme: &str, code: &str) -> Result<ProductCode, StoreError> {
    let scheme = known(CodingScheme::from_name(scheme), "coding scheme")?;
    known(ProductCode::parse_as(scheme, code).ok(), "product code")
}

impl TryFrom<ProductRow> for ProductRecord {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        Ok(ProductRecord {
            no: ProductNo(row.product_no),
            code: product_code(&row.scheme, &row.code)?,
            identity: row.identity,
            latest_version: stored::number(row.latest_version)?,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = product_version)]
struct VersionRow {
    version: i32,
    state: String,
    data: String,
    created_at: i64,
    created_by: String,
    changed_at: i64,
    message_id: Option<String>,
    acknowledged_at: Option<i64>,
    hub_copy: Option<String>,
    hub_copy_at: Option<i64>,
    row_version: i32,
}

impl TryFrom<VersionRow> for VersionRecord {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self, StoreError> {
        Ok(VersionRecord {
            version: stored::number(row.version)?,
            state: known(VersionState::parse(&row.state), "version state")?,
            data: master_data(&row.data)?,
            created_at: Timestamp::from_micros(row.created_at),
            created_by: row.created_by,
            changed_at: Timestamp::from_micros(row.changed_at),
            message_id: parsed_if(row.message_id, "message id")?,
            acknowledged_at: at_if(row.acknowledged_at),
            hub_copy: row.hub_copy.as_deref().map(master_data).transpose()?,
            hub_copy_at: at_if(row.hub_copy_at),
            row_version: row.row_version,
        })
    }
}
