-- Makes possible: road 1, from a received file over checked lots and stored packs to acknowledged messages.

-- One product code belongs to one tenant of the site: identity is unique without the tenant, on purpose, so that a
-- serial exists once per product code for the whole site.
CREATE TABLE product (
    tenant_id      INTEGER NOT NULL REFERENCES tenant (tenant_id),
    product_no     INTEGER NOT NULL,
    code           TEXT    NOT NULL,
    scheme         TEXT    NOT NULL,
    identity       TEXT    NOT NULL UNIQUE,
    latest_version INTEGER NOT NULL,
    last_lot       INTEGER NOT NULL,
    last_load      INTEGER NOT NULL,
    created_at     BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, product_no)
) WITHOUT ROWID;

CREATE TABLE product_version (
    tenant_id       INTEGER NOT NULL,
    product_no      INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    markets         TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    data            TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    created_by      TEXT    NOT NULL,
    changed_at      BIGINT  NOT NULL,
    message_id      TEXT,
    acknowledged_at BIGINT,
    hub_copy        TEXT,
    hub_copy_at     BIGINT,
    row_version     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, product_no, version),
    FOREIGN KEY (tenant_id, product_no) REFERENCES product (tenant_id, product_no)
) WITHOUT ROWID;

CREATE TABLE product_withdrawal (
    tenant_id  INTEGER NOT NULL,
    product_no INTEGER NOT NULL,
    market     TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    reason     TEXT    NOT NULL,
    message_id TEXT,
    PRIMARY KEY (tenant_id, product_no, market),
    FOREIGN KEY (tenant_id, product_no) REFERENCES product (tenant_id, product_no)
) WITHOUT ROWID;

CREATE TABLE mapping (
    tenant_id   INTEGER NOT NULL REFERENCES tenant (tenant_id),
    mapping_id  TEXT    NOT NULL,
    partner     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    data        TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    changed_at  BIGINT  NOT NULL,
    row_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, mapping_id)
) WITHOUT ROWID;

CREATE TABLE upload (
    tenant_id      INTEGER NOT NULL REFERENCES tenant (tenant_id),
    upload_id      TEXT    NOT NULL,
    file_name      TEXT    NOT NULL,
    partner        TEXT    NOT NULL,
    bytes_declared BIGINT  NOT NULL,
    bytes_received BIGINT  NOT NULL,
    sha256         BLOB,
    state          TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    detail         TEXT    NOT NULL,
    job_id         TEXT,
    created_by     TEXT    NOT NULL,
    created_at     BIGINT  NOT NULL,
    changed_at     BIGINT  NOT NULL,
    row_version    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, upload_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX upload_content ON upload (tenant_id, sha256);
CREATE INDEX upload_newest ON upload (tenant_id, created_at, upload_id);

CREATE TABLE upload_finding (
    tenant_id INTEGER NOT NULL,
    upload_id TEXT    NOT NULL,
    code      TEXT    NOT NULL,
    severity  TEXT    NOT NULL,
    count     BIGINT  NOT NULL,
    proposals BIGINT  NOT NULL,
    examples  TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, upload_id, code, severity),
    FOREIGN KEY (tenant_id, upload_id) REFERENCES upload (tenant_id, upload_id)
) WITHOUT ROWID;

CREATE TABLE upload_lot (
    tenant_id    INTEGER NOT NULL,
    upload_id    TEXT    NOT NULL,
    lot_index    INTEGER NOT NULL,
    product_text TEXT    NOT NULL,
    batch_text   TEXT    NOT NULL,
    expiry_text  TEXT    NOT NULL,
    product_no   INTEGER,
    version      INTEGER,
    rows_right   BIGINT  NOT NULL,
    rows_wrong   BIGINT  NOT NULL,
    blocked_by   TEXT    NOT NULL,
    load_no      INTEGER,
    PRIMARY KEY (tenant_id, upload_id, lot_index),
    FOREIGN KEY (tenant_id, upload_id) REFERENCES upload (tenant_id, upload_id)
) WITHOUT ROWID;

CREATE TABLE lot (
    tenant_id       INTEGER NOT NULL,
    product_no      INTEGER NOT NULL,
    lot_no          INTEGER NOT NULL,
    batch           TEXT    NOT NULL,
    expiry          TEXT    NOT NULL,
    expires_on      INTEGER NOT NULL,
    manufactured_on INTEGER,
    version         INTEGER NOT NULL,
    produced        BIGINT,
    released_on     INTEGER,
    retention_until INTEGER NOT NULL,
    created_at      BIGINT  NOT NULL,
    row_version     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, product_no, lot_no),
    UNIQUE (tenant_id, product_no, batch),
    FOREIGN KEY (tenant_id, product_no, version) REFERENCES product_version (tenant_id, product_no, version)
) WITHOUT ROWID;
CREATE INDEX lot_newest ON lot (tenant_id, created_at, product_no, lot_no);

CREATE TABLE lot_recall (
    tenant_id  INTEGER NOT NULL,
    product_no INTEGER NOT NULL,
    lot_no     INTEGER NOT NULL,
    market     TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    reason     TEXT    NOT NULL,
    message_id TEXT,
    PRIMARY KEY (tenant_id, product_no, lot_no, market),
    FOREIGN KEY (tenant_id, product_no, lot_no) REFERENCES lot (tenant_id, product_no, lot_no)
) WITHOUT ROWID;

-- The packs that one upload brought into one lot. They count from the moment the load is visible, all at once.
CREATE TABLE load (
    tenant_id   INTEGER NOT NULL,
    product_no  INTEGER NOT NULL,
    load_no     INTEGER NOT NULL,
    lot_no      INTEGER NOT NULL,
    upload_id   TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    packs       BIGINT  NOT NULL,
    list_sha256 BLOB,
    created_at  BIGINT  NOT NULL,
    visible_at  BIGINT,
    PRIMARY KEY (tenant_id, product_no, load_no),
    FOREIGN KEY (tenant_id, product_no, lot_no) REFERENCES lot (tenant_id, product_no, lot_no),
    FOREIGN KEY (tenant_id, upload_id) REFERENCES upload (tenant_id, upload_id)
) WITHOUT ROWID;
CREATE INDEX load_of_lot ON load (tenant_id, product_no, lot_no);
CREATE INDEX load_of_upload ON load (tenant_id, upload_id);

-- One short row a pack: the key is the table. Batch, expiry and version are one step away through the load. There is no
-- foreign key to the load: every row is written by a change that holds the load, and a look-up for each of millions of
-- rows would double the time.
CREATE TABLE pack (
    tenant_id  INTEGER NOT NULL,
    product_no INTEGER NOT NULL,
    serial     TEXT    NOT NULL,
    load_no    INTEGER NOT NULL,
    state      SMALLINT NOT NULL,
    PRIMARY KEY (tenant_id, product_no, serial)
) WITHOUT ROWID;

CREATE TABLE fact (
    tenant_id   INTEGER NOT NULL,
    fact_no     BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,
    product_no  INTEGER NOT NULL,
    lot_no      INTEGER,
    load_no     INTEGER,
    at          BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, fact_no),
    FOREIGN KEY (tenant_id, product_no) REFERENCES product (tenant_id, product_no)
) WITHOUT ROWID;
CREATE INDEX fact_of_lot ON fact (tenant_id, product_no, lot_no, fact_no);

-- Facts of single packs, found by serial.
CREATE TABLE pack_fact (
    tenant_id  INTEGER NOT NULL,
    product_no INTEGER NOT NULL,
    serial     TEXT    NOT NULL,
    fact_no    BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, product_no, serial, fact_no),
    FOREIGN KEY (tenant_id, fact_no) REFERENCES fact (tenant_id, fact_no)
) WITHOUT ROWID;

CREATE TABLE connector (
    tenant_id   INTEGER NOT NULL REFERENCES tenant (tenant_id),
    name        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    settings    TEXT    NOT NULL,
    sealed      BLOB,
    changed_at  BIGINT  NOT NULL,
    row_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) WITHOUT ROWID;

CREATE TABLE message (
    tenant_id       INTEGER NOT NULL REFERENCES tenant (tenant_id),
    message_id      TEXT    NOT NULL,
    connector       TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    product_no      INTEGER NOT NULL,
    lot_no          INTEGER,
    version         INTEGER,
    packs           BIGINT  NOT NULL,
    state           TEXT    NOT NULL,
    release         TEXT    NOT NULL,
    document_sha256 BLOB,
    document_bytes  BIGINT  NOT NULL,
    event_at        BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL,
    sent_at         BIGINT,
    answered_at     BIGINT,
    PRIMARY KEY (tenant_id, message_id)
) WITHOUT ROWID;
CREATE INDEX message_of_lot ON message (tenant_id, product_no, lot_no, created_at);
CREATE INDEX message_newest ON message (tenant_id, created_at, message_id);

-- What the message carries: a stretch of a load's serial list, or a list of its own.
CREATE TABLE message_content (
    tenant_id   INTEGER NOT NULL,
    message_id  TEXT    NOT NULL,
    product_no  INTEGER NOT NULL,
    load_no     INTEGER,
    first       BIGINT  NOT NULL,
    count       BIGINT  NOT NULL,
    repeats     BIGINT  NOT NULL,
    list_sha256 BLOB,
    detail      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, message_id)
) WITHOUT ROWID;

CREATE TABLE message_answer (
    tenant_id          INTEGER NOT NULL,
    message_id         TEXT    NOT NULL,
    acknowledgement    TEXT    NOT NULL,
    acknowledged_at    BIGINT,
    acknowledged_packs BIGINT  NOT NULL,
    faults             TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, message_id)
) WITHOUT ROWID;

CREATE TABLE message_refused_pack (
    tenant_id  INTEGER NOT NULL,
    message_id TEXT    NOT NULL,
    serial     TEXT    NOT NULL,
    code       TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, message_id, serial),
    FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, message_id)
) WITHOUT ROWID;

CREATE TABLE message_attempt (
    tenant_id    INTEGER NOT NULL,
    message_id   TEXT    NOT NULL,
    attempt      INTEGER NOT NULL,
    at           BIGINT  NOT NULL,
    action       TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    detail       TEXT    NOT NULL,
    reply_sha256 BLOB,
    PRIMARY KEY (tenant_id, message_id, attempt),
    FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, message_id)
) WITHOUT ROWID;

-- Work that leaves the house, written in the transaction that causes it. A worker claims a row by lease.
CREATE TABLE outbox (
    tenant_id   INTEGER NOT NULL REFERENCES tenant (tenant_id),
    topic       TEXT    NOT NULL,
    object_id   TEXT    NOT NULL,
    due_at      BIGINT  NOT NULL,
    attempts    INTEGER NOT NULL,
    lease_until BIGINT  NOT NULL,
    lease_token TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, topic, object_id)
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (tenant_id, due_at);

CREATE TABLE job (
    tenant_id    INTEGER NOT NULL REFERENCES tenant (tenant_id),
    job_id       TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    object       TEXT    NOT NULL,
    input        TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    done         BIGINT  NOT NULL,
    total        BIGINT  NOT NULL,
    unit         TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    started_at   BIGINT,
    finished_at  BIGINT,
    lease_until  BIGINT  NOT NULL,
    lease_token  TEXT    NOT NULL,
    result       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, job_id)
) WITHOUT ROWID;
CREATE INDEX job_newest ON job (tenant_id, created_at, job_id);

CREATE TABLE webhook (
    tenant_id   INTEGER NOT NULL REFERENCES tenant (tenant_id),
    webhook_id  TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    events      TEXT    NOT NULL,
    sealed      BLOB    NOT NULL,
    state       TEXT    NOT NULL,
    created_by  TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    row_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, webhook_id)
) WITHOUT ROWID;

CREATE TABLE webhook_delivery (
    tenant_id   INTEGER NOT NULL,
    delivery_id TEXT    NOT NULL,
    webhook_id  TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    object      TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    status      INTEGER,
    detail      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    answered_at BIGINT,
    PRIMARY KEY (tenant_id, delivery_id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook (tenant_id, webhook_id)
) WITHOUT ROWID;
CREATE INDEX webhook_delivery_newest ON webhook_delivery (tenant_id, webhook_id, created_at);

-- What a grown site looks like, told to the planner once: rows, then rows alike in the first column, in the first two, and
-- so on. Without it SQLite takes a tenant's slice for ten rows and walks all messages of a tenant for those of one lot.
-- PostgreSQL finds out by itself.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('fact', 'fact', '100000 10000 1'),
    ('fact', 'fact_of_lot', '100000 10000 1000 5 1'),
    ('job', 'job', '10000 1000 1'),
    ('job', 'job_newest', '10000 1000 2 1'),
    ('load', 'load', '100000 10000 100 1'),
    ('load', 'load_of_lot', '100000 10000 100 2'),
    ('load', 'load_of_upload', '100000 10000 2'),
    ('lot', 'lot', '100000 10000 100 1'),
    ('lot', 'lot_newest', '100000 10000 2 1 1'),
    ('message', 'message', '100000 10000 1'),
    ('message', 'message_newest', '100000 10000 2 1'),
    ('message', 'message_of_lot', '100000 10000 1000 4 2'),
    ('message_answer', 'message_answer', '100000 10000 1'),
    ('message_content', 'message_content', '100000 10000 1'),
    ('message_refused_pack', 'message_refused_pack', '100000 10000 10 1'),
    ('outbox', 'outbox', '10000 1000 500 1'),
    ('outbox', 'outbox_due', '10000 1000 2'),
    ('pack', 'pack', '10000000 1000000 100000 1'),
    ('upload', 'upload', '10000 1000 1'),
    ('upload', 'upload_content', '10000 1000 1'),
    ('upload', 'upload_newest', '10000 1000 2 1'),
    ('webhook_delivery', 'webhook_delivery', '10000 1000 1'),
    ('webhook_delivery', 'webhook_delivery_newest', '10000 1000 200 1');
