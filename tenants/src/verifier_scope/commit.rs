//! What a group of verifications writes: pack states by compare-and-set, their changes, the lots' numbers, records, alerts.
//!
//! One statement for each kind of row. A state that is no longer the expected one fails the whole group, which then looks
//! again; so does nothing by halves. A record or alert that is there already was written by an earlier attempt at the same
//! request and stays as it is.

use std::collections::BTreeMap;

use packtwin_core::alert::{Alert, Standing};
use packtwin_core::ids::{LotNo, ProductNo, TenantId};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{Operation, Outcome, SiteToken};

use super::Verification;
use crate::blob::hex;
use crate::engine::set::Statement;
use crate::error::StoreError;
use crate::store::alert::AlertDetail;
use crate::verifier::{Answer, RequestId};

/// Everything that a group writes.
#[derive(Debug, Default)]
pub struct Commit {
    /// Packs whose state is another one at the end of the group; each once.
    pub states: Vec<StateRow>,
    /// Every change, in order.
    pub changes: Vec<ChangeRow>,
    /// Repeats counted; each change once.
    pub repeats: Vec<RepeatRow>,
    /// How the numbers of lots move.
    pub lots: BTreeMap<LotMove, i64>,
    /// A record of every request.
    pub records: Vec<RecordRow>,
    /// Alerts raised.
    pub alerts: Vec<AlertRow>,
}

/// A pack's new state.
#[derive(Debug, Clone, Copy)]
pub struct StateRow {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// The pack.
    pub serial: Serial,
    /// The state it has to have now.
    pub from: PackState,
    /// The state after.
    pub to: PackState,
}

/// A change of a pack, as its history keeps it.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRow {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// The pack.
    pub serial: Serial,
    /// Its number among the changes of this pack, from 1.
    pub change_no: i32,
    /// The state after.
    pub state: PackState,
    /// When.
    pub at: Timestamp,
    /// Who, in blinded form.
    pub site: Option<SiteToken>,
    /// Repeats counted since.
    pub repeats: u32,
    /// The request that brought it about.
    pub request: RequestId,
}

/// Repeats counted on a change that is there already.
#[derive(Debug, Clone, Copy)]
pub struct RepeatRow {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// The pack.
    pub serial: Serial,
    /// Which change.
    pub change_no: i32,
    /// How many there are now.
    pub repeats: u32,
}

/// Packs of a lot in one inactive state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LotMove {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// The lot.
    pub lot: LotNo,
    /// The number of the state; active packs are the rest and are not counted.
    pub state: i16,
}

/// The record of a request.
#[derive(Debug, Clone)]
pub struct RecordRow {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// The serial as sent.
    pub serial: Serial,
    /// The request.
    pub request: RequestId,
    /// What was asked.
    pub operation: Operation,
    /// When it was made.
    pub at: Timestamp,
    /// What was answered.
    pub answer: Answer,
}

/// An alert as it is raised.
#[derive(Debug, Clone)]
pub struct AlertRow {
    /// Whose product.
    pub tenant: TenantId,
    /// The product.
    pub product: ProductNo,
    /// What is kept of it.
    pub alert: Alert,
    /// What was asked.
    pub operation: Operation,
    /// What came of it.
    pub outcome: Outcome,
    /// Where it stands.
    pub standing: Standing,
}

const STATES: Statement = Statement {
    sqlite: "UPDATE pack SET state = w.value ->> 4 FROM json_each($1) AS w
        WHERE tenant_id = w.value ->> 0 AND product_no = w.value ->> 1 AND serial = w.value ->> 2 AND state = w.value ->> 3",
    postgres: "UPDATE pack SET state = (w.value ->> 4)::smallint FROM json_array_elements($1::json) AS w
        WHERE tenant_id = (w.value ->> 0)::integer AND product_no = (w.value ->> 1)::integer AND serial = w.value ->> 2
          AND state = (w.value ->> 3)::smallint",
};

const CHANGES: Statement = Statement {
    sqlite: "INSERT INTO pack_change (tenant_id, product_no, serial, change_no, state, at, recorded_at, site, repeats, request_id)
        SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4, w.value ->> 5, w.value ->> 6,
            unhex(w.value ->> 7), w.value ->> 8, unhex(w.value ->> 9) FROM json_each($1) AS w",
    postgres: "INSERT INTO pack_change (tenant_id, product_no, serial, change_no, state, at, recorded_at, site, repeats, request_id)
        SELECT (w.value ->> 0)::integer, (w.value ->> 1)::integer, w.value ->> 2, (w.value ->> 3)::integer,
            (w.value ->> 4)::smallint, (w.value ->> 5)::bigint, (w.value ->> 6)::bigint, decode(w.value ->> 7, 'hex'),
            (w.value ->> 8)::integer, decode(w.value ->> 9, 'hex') FROM json_array_elements($1::json) AS w",
};

const REPEATS: Statement = Statement {
    sqlite: "UPDATE pack_change SET repeats = w.value ->> 4 FROM json_each($1) AS w
        WHERE tenant_id = w.value ->> 0 AND product_no = w.value ->> 1 AND serial = w.value ->> 2
          AND change_no = w.value ->> 3",
    postgres: "UPDATE pack_change SET repeats = (w.value ->> 4)::integer FROM json_array_elements($1::json) AS w
        WHERE tenant_id = (w.value ->> 0)::integer AND product_no = (w.value ->> 1)::integer AND serial = w.value ->> 2
          AND change_no = (w.value ->> 3)::integer",
};

const LOTS: Statement = Statement {
    sqlite: "INSERT INTO lot_state_count (tenant_id, product_no, lot_no, state, packs)
        SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4 FROM json_each($1) AS w WHERE true
        ON CONFLICT (tenant_id, product_no, lot_no, state)
        DO UPDATE SET packs = lot_state_count.packs + excluded.packs",
    postgres: "INSERT INTO lot_state_count (tenant_id, product_no, lot_no, state, packs)
        SELECT (w.value ->> 0)::integer, (w.value ->> 1)::integer, (w.value ->> 2)::integer, (w.value ->> 3)::smallint,
            (w.value ->> 4)::bigint FROM json_array_elements($1::json) AS w
        ON CONFLICT (tenant_id, product_no, lot_no, state)
        DO UPDATE SET packs = lot_state_count.packs + excluded.packs",
};

const RECORDS: Statement = Statement {
    sqlite: "INSERT INTO verification_record (tenant_id, request_id, product_no, serial, operation, at, recorded_at, answer)
        SELECT w.value ->> 0, unhex(w.value ->> 1), w.value ->> 2, w.value ->> 3, w.value ->> 4, w.value ->> 5, w.value ->> 6,
            w.value ->> 7 FROM json_each($1) AS w WHERE true ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO verification_record (tenant_id, request_id, product_no, serial, operation, at, recorded_at, answer)
        SELECT (w.value ->> 0)::integer, decode(w.value ->> 1, 'hex'), (w.value ->> 2)::integer, w.value ->> 3, w.value ->> 4,
            (w.value ->> 5)::bigint, (w.value ->> 6)::bigint, w.value ->> 7 FROM json_array_elements($1::json) AS w
        ON CONFLICT DO NOTHING",
};

const ALERTS: Statement = Statement {
    sqlite: "INSERT INTO alert (tenant_id, alert_id, code, outcome, raised_at, recorded_at, market, product_no, product_code,
            serial, batch, operation, pseudonym, detail)
        SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4, w.value ->> 5, w.value ->> 6,
            w.value ->> 7, w.value ->> 8, w.value ->> 9, w.value ->> 10, w.value ->> 11, unhex(w.value ->> 12), w.value ->> 13
        FROM json_each($1) AS w WHERE true ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO alert (tenant_id, alert_id, code, outcome, raised_at, recorded_at, market, product_no, product_code,
            serial, batch, operation, pseudonym, detail)
        SELECT (w.value ->> 0)::integer, w.value ->> 1, w.value ->> 2, w.value ->> 3, (w.value ->> 4)::bigint,
            (w.value ->> 5)::bigint, w.value ->> 6, (w.value ->> 7)::integer, w.value ->> 8, w.value ->> 9, w.value ->> 10,
            w.value ->> 11, decode(w.value ->> 12, 'hex'), w.value ->> 13
        FROM json_array_elements($1::json) AS w ON CONFLICT DO NOTHING",
};

const STANDINGS: Statement = Statement {
    sqlite: "INSERT INTO alert_state (tenant_id, alert_id, state, since, deadline, row_version)
        SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4, 1
        FROM json_each($1) AS w WHERE true ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO alert_state (tenant_id, alert_id, state, since, deadline, row_version)
        SELECT (w.value ->> 0)::integer, w.value ->> 1, w.value ->> 2, (w.value ->> 3)::bigint, (w.value ->> 4)::bigint, 1
        FROM json_array_elements($1::json) AS w ON CONFLICT DO NOTHING",
};

impl Verification<'_> {
    /// Writes what a group decided.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when a pack is no longer in the state that was found, or the database failed; nothing is kept.
    pub fn write(&mut self, commit: &Commit, now: Timestamp) -> Result<(), StoreError> {
        let states: Vec<_> = commit
            .states
            .iter()
            .map(|row| {
                let (from, to) = (row.from.number(), row.to.number());
                (row.tenant.0, row.product.0, row.serial.as_str(), from, to)
            })
            .collect();
        if STATES.execute(self.connection, &states)? != states.len() {
            return Err(StoreError::Busy);
        }
        let changes: Vec<_> = commit
            .changes
            .iter()
            .map(|row| {
                (
                    (row.tenant.0, row.product.0, row.serial.as_str()),
                    (row.change_no, row.state.number(), row.at.micros()),
                    (row.site.map(|site| hex(&site.0)), row.repeats),
                    row.request.to_string(),
                )
            })
            .map(|(key, (no, state, at), (site, repeats), request)| {
                let recorded = now.micros();
                (
                    key.0, key.1, key.2, no, state, at, recorded, site, repeats, request,
                )
            })
            .collect();
        CHANGES.execute(self.connection, &changes)?;
        let repeats: Vec<_> = commit
            .repeats
            .iter()
            .map(|row| {
                let key = (row.tenant.0, row.product.0, row.serial.as_str());
                (key.0, key.1, key.2, row.change_no, row.repeats)
            })
            .collect();
        REPEATS.execute(self.connection, &repeats)?;
        let lots: Vec<_> = commit
            .lots
            .iter()
            .filter(|(_, packs)| **packs != 0)
            .map(|(row, packs)| (row.tenant.0, row.product.0, row.lot.0, row.state, *packs))
            .collect();
        LOTS.execute(self.connection, &lots)?;
        let records: Vec<_> = commit
            .records
            .iter()
            .map(|row| {
                (
                    row.tenant.0,
                    row.request.to_string(),
                    row.product.0,
                    row.serial.as_str(),
                    row.operation.as_str(),
                    row.at.micros(),
                    now.micros(),
                    row.answer.to_text(),
                )
            })
            .collect();
        RECORDS.execute(self.connection, &records)?;
        let alerts: Vec<_> = commit
            .alerts
            .iter()
            .map(|row| {
                let alert = &row.alert;
                (
                    row.tenant.0,
                    alert.id.to_string(),
                    alert.code.as_str(),
                    row.outcome.as_str(),
                    alert.raised_at.micros(),
                    now.micros(),
                    alert.market.as_str(),
                    row.product.0,
                    alert.sent.pack.product.as_str(),
                    alert.sent.pack.serial.as_str(),
                    alert.sent.batch.map(|batch| batch.to_string()),
                    row.operation.as_str(),
                    alert.pseudonym.to_string(),
                    AlertDetail::of(alert).to_text(),
                )
            })
            .collect();
        ALERTS.execute(self.connection, &alerts)?;
        let standings: Vec<_> = commit
            .alerts
            .iter()
            .map(|row| {
                let standing = &row.standing;
                (
                    row.tenant.0,
                    row.alert.id.to_string(),
                    standing.state.as_str(),
                    standing.since.micros(),
                    standing.deadline.map(Timestamp::micros),
                )
            })
            .collect();
        STANDINGS.execute(self.connection, &standings)?;
        Ok(())
    }
}
