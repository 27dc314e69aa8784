//! The statements behind [`super::request_record`], each over the rows of a group, and the rows that they give.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use crate::engine::set::Statement;

pub(super) const KEYS: Statement = Statement {
    sqlite: "SELECT k.key_id, k.premises_id, k.secret_hash, k.scope, k.expires_at, k.revoked_at, p.role, p.market
        FROM json_each($1) AS w CROSS JOIN premises_key k ON k.key_id = w.value ->> 0
        CROSS JOIN premises p ON p.premises_id = k.premises_id",
    postgres: "SELECT k.key_id, k.premises_id, k.secret_hash, k.scope, k.expires_at, k.revoked_at, p.role, p.market
        FROM json_array_elements($1::json) AS w JOIN premises_key k ON k.key_id = w.value ->> 0
        JOIN premises p ON p.premises_id = k.premises_id",
};

pub(super) const HANDLES: Statement = Statement {
    sqlite: "SELECT r.premises_id, r.handle, r.request_id, r.request_hash, r.at, r.answer
        FROM json_each($1) AS w CROSS JOIN request_record r
          ON r.premises_id = w.value ->> 0 AND r.handle = w.value ->> 1 AND r.handle IS NOT NULL",
    postgres: "SELECT r.premises_id, r.handle, r.request_id, r.request_hash, r.at, r.answer
        FROM json_array_elements($1::json) AS w JOIN request_record r
          ON r.premises_id = w.value ->> 0 AND r.handle = w.value ->> 1 AND r.handle IS NOT NULL",
};

pub(super) const TYPING: Statement = Statement {
    sqlite: "SELECT t.premises_id, t.operation, t.product, t.errors FROM json_each($1) AS w CROSS JOIN typing_count t
          ON t.premises_id = w.value ->> 0 AND t.operation = w.value ->> 1 AND t.product = w.value ->> 2",
    postgres: "SELECT t.premises_id, t.operation, t.product, t.errors
        FROM json_array_elements($1::json) AS w JOIN typing_count t
          ON t.premises_id = w.value ->> 0 AND t.operation = w.value ->> 1 AND t.product = w.value ->> 2",
};

pub(super) const ASKED: Statement = Statement {
    sqlite: "INSERT INTO request_record (request_id, premises_id, key_id, handle, request_hash, operation, product, serial,
            batch, expiry, entry, delivery, at, asked_at)
        SELECT unhex(w.value ->> 0), w.value ->> 1, w.value ->> 2, w.value ->> 3, unhex(w.value ->> 4), w.value ->> 5,
            w.value ->> 6, w.value ->> 7, w.value ->> 8, w.value ->> 9, w.value ->> 10, w.value ->> 11, w.value ->> 12,
            w.value ->> 13 FROM json_each($1) AS w",
    postgres: "INSERT INTO request_record (request_id, premises_id, key_id, handle, request_hash, operation, product, serial,
            batch, expiry, entry, delivery, at, asked_at)
        SELECT decode(w.value ->> 0, 'hex'), w.value ->> 1, w.value ->> 2, w.value ->> 3, decode(w.value ->> 4, 'hex'),
            w.value ->> 5, w.value ->> 6, w.value ->> 7, w.value ->> 8, w.value ->> 9, w.value ->> 10, w.value ->> 11,
            (w.value ->> 12)::bigint, (w.value ->> 13)::bigint FROM json_array_elements($1::json) AS w",
};

pub(super) const ANSWERED: Statement = Statement {
    sqlite: "UPDATE request_record SET answered_at = w.value ->> 1, answer = w.value ->> 2 FROM json_each($1) AS w
        WHERE request_id = unhex(w.value ->> 0) AND answered_at IS NULL",
    postgres: "UPDATE request_record SET answered_at = (w.value ->> 1)::bigint, answer = w.value ->> 2
        FROM json_array_elements($1::json) AS w
        WHERE request_id = decode(w.value ->> 0, 'hex') AND answered_at IS NULL",
};

pub(super) const TYPED: Statement = Statement {
    sqlite: "INSERT INTO typing_count (premises_id, operation, product, errors)
        SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3 FROM json_each($1) AS w WHERE true
        ON CONFLICT (premises_id, operation, product) DO UPDATE SET errors = excluded.errors",
    postgres: "INSERT INTO typing_count (premises_id, operation, product, errors)
        SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, (w.value ->> 3)::integer
        FROM json_array_elements($1::json) AS w
        ON CONFLICT (premises_id, operation, product) DO UPDATE SET errors = excluded.errors",
};

pub(super) const ALERTED: Statement = Statement {
    sqlite: "INSERT INTO alert_site (alert_id, premises_id, request_id, pseudonym, raised_at)
        SELECT w.value ->> 0, w.value ->> 1, unhex(w.value ->> 2), unhex(w.value ->> 3), w.value ->> 4
        FROM json_each($1) AS w WHERE true ON CONFLICT DO NOTHING",
    postgres: "INSERT INTO alert_site (alert_id, premises_id, request_id, pseudonym, raised_at)
        SELECT w.value ->> 0, w.value ->> 1, decode(w.value ->> 2, 'hex'), decode(w.value ->> 3, 'hex'),
            (w.value ->> 4)::bigint FROM json_array_elements($1::json) AS w ON CONFLICT DO NOTHING",
};

#[derive(QueryableByName)]
pub(super) struct KeyRow {
    #[diesel(sql_type = Text)]
    pub(super) key_id: String,
    #[diesel(sql_type = Text)]
    pub(super) premises_id: String,
    #[diesel(sql_type = Binary)]
    pub(super) secret_hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    pub(super) scope: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) expires_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) revoked_at: Option<i64>,
    #[diesel(sql_type = Text)]
    pub(super) role: String,
    #[diesel(sql_type = Text)]
    pub(super) market: String,
}

#[derive(QueryableByName)]
pub(super) struct HandleRow {
    #[diesel(sql_type = Text)]
    pub(super) premises_id: String,
    #[diesel(sql_type = Text)]
    pub(super) handle: String,
    #[diesel(sql_type = Binary)]
    pub(super) request_id: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(super) request_hash: Option<Vec<u8>>,
    #[diesel(sql_type = BigInt)]
    pub(super) at: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) answer: Option<String>,
}

#[derive(QueryableByName)]
pub(super) struct TypingRow {
    #[diesel(sql_type = Text)]
    pub(super) premises_id: String,
    #[diesel(sql_type = Text)]
    pub(super) operation: String,
    #[diesel(sql_type = Text)]
    pub(super) product: String,
    #[diesel(sql_type = Integer)]
    pub(super) errors: i32,
}
