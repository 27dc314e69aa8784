//! The statements behind [`super::look_up`], each over the rows of a group, and the rows that they give.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use crate::engine::set::Statement;

pub(super) const PRODUCTS: Statement = Statement {
    sqlite: "SELECT p.identity, p.tenant_id, p.product_no FROM json_each($1) AS w
        CROSS JOIN product p ON p.identity = w.value ->> 0",
    postgres: "SELECT p.identity, p.tenant_id, p.product_no FROM json_array_elements($1::json) AS w
        JOIN product p ON p.identity = w.value ->> 0",
};

pub(super) const HOLD: &str = "SELECT 1 FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
    JOIN pack k ON k.tenant_id = (w.value ->> 0)::integer AND k.product_no = (w.value ->> 1)::integer
      AND k.serial = w.value ->> 2
    ORDER BY k.tenant_id, k.product_no, k.serial FOR UPDATE OF k";

pub(super) const PACKS: Statement = Statement {
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

pub(super) const LOADS: Statement = Statement {
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
pub(super) const BATCHES: Statement = Statement {
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

pub(super) const WITHDRAWN: Statement = Statement {
    sqlite: "SELECT w.key AS place, true AS found FROM json_each($1) AS w
        CROSS JOIN product_withdrawal d ON d.tenant_id = w.value ->> 0 AND d.product_no = w.value ->> 1
          AND d.market = w.value ->> 2",
    postgres: "SELECT w.place - 1 AS place, true AS found
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN product_withdrawal d ON d.tenant_id = (w.value ->> 0)::integer AND d.product_no = (w.value ->> 1)::integer
          AND d.market = w.value ->> 2",
};

pub(super) const RECORDED: Statement = Statement {
    sqlite: "SELECT w.key AS place, r.answer FROM json_each($1) AS w
        CROSS JOIN verification_record r ON r.tenant_id = w.value ->> 0 AND r.request_id = unhex(w.value ->> 1)",
    postgres: "SELECT w.place - 1 AS place, r.answer
        FROM json_array_elements($1::json) WITH ORDINALITY AS w (value, place)
        JOIN verification_record r ON r.tenant_id = (w.value ->> 0)::integer
          AND r.request_id = decode(w.value ->> 1, 'hex')",
};

#[derive(QueryableByName)]
pub(super) struct ProductRow {
    #[diesel(sql_type = Text)]
    pub(super) identity: String,
    #[diesel(sql_type = Integer)]
    pub(super) tenant_id: i32,
    #[diesel(sql_type = Integer)]
    pub(super) product_no: i32,
}

#[derive(QueryableByName)]
pub(super) struct PackRow {
    #[diesel(sql_type = BigInt)]
    pub(super) place: i64,
    #[diesel(sql_type = Integer)]
    pub(super) load_no: i32,
    #[diesel(sql_type = SmallInt)]
    pub(super) state: i16,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(super) change_no: Option<i32>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) at: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(super) site: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(super) repeats: Option<i32>,
}

#[derive(QueryableByName)]
pub(super) struct LotRow {
    #[diesel(sql_type = BigInt)]
    pub(super) place: i64,
    #[diesel(sql_type = Integer)]
    pub(super) lot_no: i32,
    #[diesel(sql_type = Text)]
    pub(super) batch: String,
    #[diesel(sql_type = Text)]
    pub(super) expiry: String,
    #[diesel(sql_type = Integer)]
    pub(super) expires_on: i32,
    #[diesel(sql_type = Bool)]
    pub(super) recalled: bool,
}

#[derive(QueryableByName)]
pub(super) struct PlaceRow {
    #[diesel(sql_type = BigInt)]
    pub(super) place: i64,
    #[diesel(sql_type = Bool)]
    #[allow(dead_code, reason = "a row says by being there that it was found")]
    pub(super) found: bool,
}

#[derive(QueryableByName)]
pub(super) struct RecordedRow {
    #[diesel(sql_type = BigInt)]
    pub(super) place: i64,
    #[diesel(sql_type = Text)]
    pub(super) answer: String,
}
