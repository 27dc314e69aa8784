//! What the check of an upload found: findings summed by code with their first rows, and the lots of the file.
//!
//! Each check replaces the result of the one before, so that it always belongs to one reading of the file. Serves
//! URS-SN-006; the wording of a finding is the reader's.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use packtwin_core::code::Code;
use packtwin_core::finding::{Finding, Severity};
use packtwin_core::ids::{LoadNo, ProductNo, UploadId};

use super::stored::{self, column_count, column_number, count, json, json_text, known};
use crate::error::StoreError;
use crate::schema::{upload_finding, upload_lot};
use crate::scope::{Reader, Writer};

/// All findings of one code and severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingSum {
    /// The stable code.
    pub code: Code,
    /// Whether the rows can be stored.
    pub severity: Severity,
    /// How many there are.
    pub count: u64,
    /// How many of them carry a proposal.
    pub proposals: u64,
    /// The first of them, in the order of the file.
    pub examples: Vec<Finding>,
}

/// A lot as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadLot {
    /// Its place in the file's list of lots, counted from 0.
    pub index: u32,
    /// The product code as the file writes it.
    pub product_text: String,
    /// The batch number as the file writes it.
    pub batch_text: String,
    /// The expiry as the file writes it.
    pub expiry_text: String,
    /// The product, when it is known.
    pub product: Option<ProductNo>,
    /// The version the lot would belong to.
    pub version: Option<u32>,
    /// Rows that can be stored.
    pub rows_right: u64,
    /// Rows that cannot.
    pub rows_wrong: u64,
    /// Codes that keep the whole lot from being stored.
    pub blocked_by: Vec<String>,
    /// The load that stored it.
    pub load: Option<LoadNo>,
}

impl Reader<'_> {
    /// What the last check found, errors first, each group by code.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_findings(&mut self, id: UploadId) -> Result<Vec<FindingSum>, StoreError> {
        let rows: Vec<(String, String, i64, i64, String)> = upload_finding::table
            .filter(upload_finding::tenant_id.eq(self.tenant_id()))
            .filter(upload_finding::upload_id.eq(id.to_string()))
            .order((upload_finding::severity, upload_finding::code))
            .select((
                upload_finding::code,
                upload_finding::severity,
                upload_finding::count,
                upload_finding::proposals,
                upload_finding::examples,
            ))
            .load(self.connection)?;
        rows.into_iter().map(finding_sum).collect()
    }

    /// Lots of the file with an index above `after`, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_lots(
        &mut self,
        id: UploadId,
        after: Option<u32>,
        limit: i64,
    ) -> Result<Vec<UploadLot>, StoreError> {
        let rows: Vec<LotRow> = upload_lot::table
            .filter(upload_lot::tenant_id.eq(self.tenant_id()))
            .filter(upload_lot::upload_id.eq(id.to_string()))
            .filter(upload_lot::lot_index.gt(after.map_or(-1, column_number)))
            .order(upload_lot::lot_index)
            .limit(limit)
            .select(LotRow::as_select())
            .load(self.connection)?;
        rows.into_iter().map(UploadLot::try_from).collect()
    }
}

impl Writer<'_> {
    /// Replaces what a check found.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when a code and severity is given twice.
    pub fn upload_findings_replace(
        &mut self,
        id: UploadId,
        findings: &[FindingSum],
    ) -> Result<(), StoreError> {
        let (tenant, id) = (self.tenant_id(), id.to_string());
        diesel::delete(upload_finding::table)
            .filter(upload_finding::tenant_id.eq(tenant))
            .filter(upload_finding::upload_id.eq(&id))
            .execute(self.connection)?;
        for sum in findings {
            let examples: Vec<Example> = sum.examples.iter().map(Example::from).collect();
            diesel::insert_into(upload_finding::table)
                .values((
                    upload_finding::tenant_id.eq(tenant),
                    upload_finding::upload_id.eq(&id),
                    upload_finding::code.eq(sum.code.as_str()),
                    upload_finding::severity.eq(severity_word(sum.severity)),
                    upload_finding::count.eq(column_count(sum.count)),
                    upload_finding::proposals.eq(column_count(sum.proposals)),
                    upload_finding::examples.eq(json_text(&examples)),
                ))
                .execute(self.connection)?;
        }
        Ok(())
    }

    /// Replaces the lots of the file.
    ///
    /// # Errors
    /// The database failed; [`StoreError::Taken`] when an index is given twice.
    pub fn upload_lots_replace(
        &mut self,
        id: UploadId,
        lots: &[UploadLot],
    ) -> Result<(), StoreError> {
        let (tenant, id) = (self.tenant_id(), id.to_string());
        diesel::delete(upload_lot::table)
            .filter(upload_lot::tenant_id.eq(tenant))
            .filter(upload_lot::upload_id.eq(&id))
            .execute(self.connection)?;
        for lot in lots {
            diesel::insert_into(upload_lot::table)
                .values((
                    upload_lot::tenant_id.eq(tenant),
                    upload_lot::upload_id.eq(&id),
                    upload_lot::lot_index.eq(column_number(lot.index)),
                    upload_lot::product_text.eq(&lot.product_text),
                    upload_lot::batch_text.eq(&lot.batch_text),
                    upload_lot::expiry_text.eq(&lot.expiry_text),
                    upload_lot::product_no.eq(lot.product.map(|no| no.0)),
                    upload_lot::version.eq(lot.version.map(column_number)),
                    upload_lot::rows_right.eq(column_count(lot.rows_right)),
                    upload_lot::rows_wrong.eq(column_count(lot.rows_wrong)),
                    upload_lot::blocked_by.eq(json_text(&lot.blocked_by)),
                    upload_lot::load_no.eq(lot.load.map(|no| no.0)),
                ))
                .execute(self.connection)?;
        }
        Ok(())
    }

    /// Records which load stored a lot of the file. `false`: it is stored already, or there is no such lot.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_lot_loaded(
        &mut self,
        id: UploadId,
        index: u32,
        load: LoadNo,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(upload_lot::table)
            .filter(upload_lot::tenant_id.eq(self.tenant_id()))
            .filter(upload_lot::upload_id.eq(id.to_string()))
            .filter(upload_lot::lot_index.eq(column_number(index)))
            .filter(upload_lot::load_no.is_null())
            .set(upload_lot::load_no.eq(load.0))
            .execute(self.connection)?;
        Ok(changed == 1)
    }
}

/// Sorted as a reader wants them: what keeps rows out comes first.
const SEVERITY_WORDS: [(Severity, &str); 3] = [
    (Severity::Error, "error"),
    (Severity::Fixed, "fixed"),
    (Severity::Warning, "warning"),
];

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Fixed => "fixed",
        Severity::Warning => "warning",
    }
}

fn severity(word: &str) -> Result<Severity, StoreError> {
    let found = SEVERITY_WORDS.iter().find(|(_, known)| *known == word);
    known(found.map(|(severity, _)| *severity), "severity")
}

fn code(text: &str) -> Result<Code, StoreError> {
    let found = Code::ALL.iter().find(|code| code.as_str() == text);
    known(found.copied(), "finding code")
}

/// A finding without what its sum already says.
#[derive(Serialize, Deserialize)]
struct Example {
    row: u64,
    column: String,
    text: String,
    #[serde(default)]
    proposal: Option<String>,
}

impl From<&Finding> for Example {
    fn from(finding: &Finding) -> Self {
        Example {
            row: finding.row,
            column: finding.column.clone(),
            text: finding.text.clone(),
            proposal: finding.proposal.clone(),
        }
    }
}

fn finding_sum(row: (String, String, i64, i64, String)) -> Result<FindingSum, StoreError> {
    let (code_text, severity_text, findings, proposals, examples) = row;
    let (code, severity) = (code(&code_text)?, severity(&severity_text)?);
    let examples: Vec<Example> = json(&examples, "finding examples")?;
    let finding = |example: Example| Finding {
        code,
        severity,
        row: example.row,
        column: example.column,
        text: example.text,
        proposal: example.proposal,
    };
    Ok(FindingSum {
        code,
        severity,
        count: count(findings, "finding count")?,
        proposals: count(proposals, "finding count")?,
        examples: examples.into_iter().map(finding).collect(),
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = upload_lot)]
struct LotRow {
    lot_index: i32,
    product_text: String,
    batch_text: String,
    expiry_text: String,
    product_no: Option<i32>,
    version: Option<i32>,
    rows_right: i64,
    rows_wrong: i64,
    blocked_by: String,
    load_no: Option<i32>,
}

impl TryFrom<LotRow> for UploadLot {
    type Error = StoreError;

    fn try_from(row: LotRow) -> Result<Self, StoreError> {
        Ok(UploadLot {
            index: stored::number(row.lot_index)?,
            product_text: row.product_text,
            batch_text: row.batch_text,
            expiry_text: row.expiry_text,
            product: row.product_no.map(ProductNo),
            version: row.version.map(stored::number).transpose()?,
            rows_right: count(row.rows_right, "row count")?,
            rows_wrong: count(row.rows_wrong, "row count")?,
            blocked_by: json(&row.blocked_by, "blocking codes")?,
            load: row.load_no.map(LoadNo),
        })
    }
}
