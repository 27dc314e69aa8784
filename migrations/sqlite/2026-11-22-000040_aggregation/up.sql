-- Makes possible: hierarchies of packs and containers, from facts in any order of arrival, as of any moment.

-- The last numbers given out within a tenant. Whoever changes the hierarchy holds this row.
CREATE TABLE aggregation_head (
    tenant_id  INTEGER NOT NULL,
    last_epc   BIGINT NOT NULL,
    last_goods INTEGER NOT NULL,
    last_event BIGINT NOT NULL,
    PRIMARY KEY (tenant_id),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;

-- Every identity or class that an event named, in its one canonical spelling, under a small number.
CREATE TABLE epc (
    tenant_id INTEGER NOT NULL,
    epc_no    BIGINT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, epc_no),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;

-- Products and lots as events name them, under small numbers; a product alone has an empty batch.
CREATE TABLE aggregation_goods (
    tenant_id INTEGER NOT NULL,
    goods_no  INTEGER NOT NULL,
    product   TEXT NOT NULL,
    batch     TEXT NOT NULL,
    PRIMARY KEY (tenant_id, goods_no),
    UNIQUE (tenant_id, product, batch),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;

-- Facts, never changed; whether one holds (1) or is parked (0) is judged anew when an earlier one arrives; one that was
-- declared wrong (2) is not judged any more. `written` and `seen` are the nodes that its last judgement wrote, and read
-- without writing them, as runs of numbers.
CREATE TABLE aggregation_fact (
    tenant_id INTEGER NOT NULL,
    at        BIGINT NOT NULL,
    phase     SMALLINT NOT NULL,
    document  BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    act       TEXT NOT NULL,
    holds     SMALLINT NOT NULL,
    written   TEXT NOT NULL,
    seen      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, at, phase, document, position),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;
CREATE INDEX aggregation_fact_parked ON aggregation_fact (tenant_id, at, phase, document, position) WHERE holds = 0;
CREATE INDEX aggregation_fact_of_document ON aggregation_fact (tenant_id, document, position);

-- How a node stood after a fact: the row of greatest key is the present. There is no foreign key to `epc` or to the fact:
-- every row is written by the change that holds both, and a look-up for each of millions of rows would double the time.
CREATE TABLE aggregation_standing (
    tenant_id INTEGER NOT NULL,
    epc_no    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    phase     SMALLINT NOT NULL,
    document  BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    parent    BIGINT,
    life      SMALLINT NOT NULL,
    ended     BIGINT NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, epc_no, at, phase, document, position)
) WITHOUT ROWID;

-- Facts that read a node and wrote nothing of it.
CREATE TABLE aggregation_reader (
    tenant_id INTEGER NOT NULL,
    epc_no    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    phase     SMALLINT NOT NULL,
    document  BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, epc_no, at, phase, document, position)
) WITHOUT ROWID;

-- Every parent with every child that it ever had; which of them it has is said by the standing of the child.
CREATE TABLE aggregation_placement (
    tenant_id INTEGER NOT NULL,
    parent    BIGINT NOT NULL,
    child     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, parent, child)
) WITHOUT ROWID;
