-- Makes possible: road 3 on the manufacturers' side: what sites did to packs, a record of every request, alerts and their decisions.

-- What was done to a pack since it left the manufacturer, in order; the last row says who may undo it. `site` is a token
-- keyed by site and pack on the verifiers' side and null where the manufacturer acted. No site stands in any table here.
CREATE TABLE pack_change (
    tenant_id   INTEGER NOT NULL,
    product_no  INTEGER NOT NULL,
    serial      TEXT    NOT NULL,
    change_no   INTEGER NOT NULL,
    state       SMALLINT NOT NULL,
    at          BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    site        BLOB,
    repeats     INTEGER NOT NULL,
    request_id  BLOB,
    PRIMARY KEY (tenant_id, product_no, serial, change_no)
) WITHOUT ROWID;

-- Every request about a product of the tenant, with its answer (Art. 35(1)). Ids begin with the time, so that rows are
-- appended. Without a reference to the product, as with packs: a look-up for each row would cost more than the row.
CREATE TABLE verification_record (
    tenant_id   INTEGER NOT NULL,
    request_id  BLOB    NOT NULL,
    product_no  INTEGER NOT NULL,
    serial      TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    answer      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, request_id)
) WITHOUT ROWID;

-- What was raised never changes. `detail` is what is shown and never searched: stored counterparts, entry, the change before.
CREATE TABLE alert (
    tenant_id    INTEGER NOT NULL,
    alert_id     TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    raised_at    BIGINT  NOT NULL,
    recorded_at  BIGINT  NOT NULL,
    market       TEXT    NOT NULL,
    product_no   INTEGER NOT NULL,
    product_code TEXT    NOT NULL,
    serial       TEXT NOT NULL,
    batch        TEXT,
    operation    TEXT    NOT NULL,
    pseudonym    BLOB    NOT NULL,
    detail       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, alert_id),
    FOREIGN KEY (tenant_id, product_no) REFERENCES product (tenant_id, product_no)
) WITHOUT ROWID;
CREATE INDEX alert_newest ON alert (tenant_id, raised_at, alert_id);

-- Where an alert stands, and when it escalates by itself.
CREATE TABLE alert_state (
    tenant_id   INTEGER NOT NULL,
    alert_id    TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    since       BIGINT  NOT NULL,
    deadline    BIGINT,
    row_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, alert_id),
    FOREIGN KEY (tenant_id, alert_id) REFERENCES alert (tenant_id, alert_id)
) WITHOUT ROWID;
CREATE INDEX alert_state_due ON alert_state (tenant_id, deadline) WHERE deadline IS NOT NULL;

CREATE TABLE alert_decision (
    tenant_id   INTEGER NOT NULL,
    alert_id    TEXT    NOT NULL,
    decision_no INTEGER NOT NULL,
    at          BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    party       TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    cause       TEXT,
    comment     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, alert_id, decision_no),
    FOREIGN KEY (tenant_id, alert_id) REFERENCES alert (tenant_id, alert_id)
) WITHOUT ROWID;
