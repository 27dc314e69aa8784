//! Lots in a list, each with its four numbers, produced = stored = sent = acknowledged, and its packs by state (URS-SN-009).
//!
//! The numbers are read from the lot's row, where [`super::lot_count`] keeps them; nothing is counted here. Lots whose
//! numbers differ are found by an index that holds no others.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use packtwin_core::ids::{LotNo, ProductNo};
use packtwin_core::lot::{Completeness, StateCounts};
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::product_code::ProductCode;
use packtwin_core::time::Timestamp;

use super::lot::{LotRecord, LotRow};
use super::product::product_code;
use super::stored::{containing, count, day_number, known};
use crate::error::StoreError;
use crate::scope::Reader;

/// A lot with what a list shows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotSummary {
    /// The lot.
    pub lot: LotRecord,
    /// Its product's code.
    pub product_code: ProductCode,
    /// Its product's name in the version of the lot.
    pub product_name: String,
    /// Its four numbers.
    pub completeness: Completeness,
    /// Its stored packs by their own state.
    pub states: StateCounts,
    /// Whether it is recalled in any market.
    pub recalled: bool,
}

/// Which lots a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LotFilter {
    /// Of this product.
    pub product: Option<ProductNo>,
    /// Part of the batch number, in any letter case.
    pub batch_text: Option<String>,
    /// Last day not before this one.
    pub expiry_from: Option<NaiveDate>,
    /// Last day not after this one.
    pub expiry_to: Option<NaiveDate>,
    /// For this market.
    pub market: Option<Market>,
    /// Only lots whose numbers differ.
    pub difference_only: bool,
}

/// The place of a lot in the list, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotCursor {
    /// When the last lot that was shown was added.
    pub created_at: Timestamp,
    /// Its product.
    pub product: ProductNo,
    /// Its number.
    pub lot: LotNo,
}

impl LotSummary {
    /// The cursor that continues after this lot.
    pub fn cursor(&self) -> LotCursor {
        LotCursor {
            created_at: self.lot.created_at,
            product: self.lot.product,
            lot: self.lot.no,
        }
    }
}

/// Lots with their product. Every lot has its product and version; LEFT JOIN keeps SQLite from beginning with these and
/// sorting all lots.
macro_rules! lots {
    () => {
        "SELECT l.*, p.code, p.scheme, v.name,
        (SELECT string_agg(CAST(s.state AS TEXT) || ':' || CAST(s.packs AS TEXT), ',') FROM lot_state_count s
         WHERE s.tenant_id = l.tenant_id AND s.product_no = l.product_no AND s.lot_no = l.lot_no) AS states,
        CASE WHEN EXISTS (SELECT 1 FROM lot_recall r
         WHERE r.tenant_id = l.tenant_id AND r.product_no = l.product_no AND r.lot_no = l.lot_no)
         THEN 1 ELSE 0 END AS recalled
    FROM lot l
    LEFT JOIN product p ON p.tenant_id = l.tenant_id AND p.product_no = l.product_no
    LEFT JOIN product_version v
      ON v.tenant_id = l.tenant_id AND v.product_no = l.product_no AND v.version = l.version"
    };
}

/// One lot. `$1` and so on first appear in their order, so that both engines number them alike.
const ONE: &str = concat!(
    lots!(),
    " WHERE l.tenant_id = $1 AND l.product_no = $2 AND l.lot_no = $3"
);

/// The list, with a further condition.
macro_rules! list {
    ($also:literal) => {
        concat!(
            lots!(),
            "
    WHERE l.tenant_id = $1 AND l.stored > 0
      AND (CAST($2 AS INTEGER) IS NULL OR l.product_no = $2)
      AND (CAST($3 AS TEXT) IS NULL OR lower(l.batch) LIKE $3 ESCAPE '\\')
      AND (CAST($4 AS INTEGER) IS NULL OR l.expires_on >= $4)
      AND (CAST($5 AS INTEGER) IS NULL OR l.expires_on <= $5)
      AND (CAST($6 AS TEXT) IS NULL OR v.markets LIKE $6)
      AND (l.created_at, l.product_no, l.lot_no) < ($7, $8, $9)",
            $also,
            "
    ORDER BY l.created_at DESC, l.product_no DESC, l.lot_no DESC
    LIMIT $10"
        )
    };
}

/// Every lot.
const LIST: &str = list!("");

/// Lots whose numbers differ: word for word the condition of the index `lot_differing`, or no engine would take it.
const LIST_DIFFERING: &str = list!(
    "
      AND ((l.produced IS NOT NULL AND l.produced <> l.stored) OR l.stored <> l.sent OR l.sent <> l.acknowledged)"
);

/// How many lots have numbers that differ: the condition of [`LIST_DIFFERING`], for the same index.
const DIFFERING: &str = "SELECT COUNT(*) AS lots FROM lot l WHERE l.tenant_id = $1 AND l.stored > 0
      AND ((l.produced IS NOT NULL AND l.produced <> l.stored) OR l.stored <> l.sent OR l.sent <> l.acknowledged)";

impl Reader<'_> {
    /// Visible lots that come after a place of the list, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_list(
        &mut self,
        filter: &LotFilter,
        after: Option<LotCursor>,
        limit: i64,
    ) -> Result<Vec<LotSummary>, StoreError> {
        let first = LotCursor {
            created_at: Timestamp::from_micros(i64::MAX),
            product: ProductNo(i32::MAX),
            lot: LotNo(i32::MAX),
        };
        let after = after.unwrap_or(first);
        let market = filter.market.map(|market| format!("%{market}%"));
        let list = if filter.difference_only {
            LIST_DIFFERING
        } else {
            LIST
        };
        let rows: Vec<SummaryRow> = diesel::sql_query(list)
            .bind::<Integer, _>(self.tenant_id())
            .bind::<Nullable<Integer>, _>(filter.product.map(|no| no.0))
            .bind::<Nullable<Text>, _>(filter.batch_text.as_deref().map(containing))
            .bind::<Nullable<Integer>, _>(filter.expiry_from.map(day_number))
            .bind::<Nullable<Integer>, _>(filter.expiry_to.map(day_number))
            .bind::<Nullable<Text>, _>(market)
            .bind::<BigInt, _>(after.created_at.micros())
            .bind::<Integer, _>(after.product.0)
            .bind::<Integer, _>(after.lot.0)
            .bind::<BigInt, _>(limit)
            .load(self.connection)?;
        rows.into_iter().map(LotSummary::try_from).collect()
    }

    /// How many lots have numbers that differ, exactly.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_difference_count(&mut self) -> Result<u64, StoreError> {
        let row: CountRow = diesel::sql_query(DIFFERING)
            .bind::<Integer, _>(self.tenant_id())
            .get_result(self.connection)?;
        count(row.lots, "lot count")
    }

    /// One lot with its numbers.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_summary(
        &mut self,
        product: ProductNo,
        no: LotNo,
    ) -> Result<Option<LotSummary>, StoreError> {
        let row: Option<SummaryRow> = diesel::sql_query(ONE)
            .bind::<Integer, _>(self.tenant_id())
            .bind::<Integer, _>(product.0)
            .bind::<Integer, _>(no.0)
            .get_result(self.connection)
            .optional()?;
        row.map(LotSummary::try_from).transpose()
    }

    /// The four numbers of a lot; nothing is stored of a lot that is not there.
    ///
    /// # Errors
    /// The database failed.
    pub fn lot_completeness(
        &mut self,
        product: ProductNo,
        no: LotNo,
    ) -> Result<Completeness, StoreError> {
        let summary = self.lot_summary(product, no)?;
        Ok(summary.map(|lot| lot.completeness).unwrap_or_default())
    }
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    lots: i64,
}

#[derive(QueryableByName)]
struct SummaryRow {
    #[diesel(embed)]
    lot: LotRow,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    sent: i64,
    #[diesel(sql_type = BigInt)]
    acknowledged: i64,
    #[diesel(sql_type = Nullable<Text>)]
    states: Option<String>,
    #[diesel(sql_type = Integer)]
    recalled: i32,
}

/// Reads `4:2,8:1`: numbers of states with their packs.
fn state_counts(stored: u64, text: Option<&str>) -> Result<StateCounts, StoreError> {
    let mut inactive = Vec::new();
    for part in text.unwrap_or_default().split_terminator(',') {
        let pair = part.split_once(':').and_then(|(state, packs)| {
            let state = PackState::from_number(state.parse().ok()?)?;
            Some((state, packs.parse().ok()?))
        });
        inactive.push(known(pair, "count of a pack state")?);
    }
    Ok(StateCounts::new(stored, inactive))
}

impl TryFrom<SummaryRow> for LotSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        let lot = LotRecord::try_from(row.lot)?;
        let completeness = Completeness {
            produced: lot.produced,
            stored: lot.stored,
            sent: count(row.sent, "sent count")?,
            acknowledged: count(row.acknowledged, "acknowledged count")?,
        };
        Ok(LotSummary {
            lot,
            product_code: product_code(&row.scheme, &row.code)?,
            product_name: row.name,
            completeness,
            states: state_counts(completeness.stored, row.states.as_deref())?,
            recalled: row.recalled == 1,
        })
    }
}
