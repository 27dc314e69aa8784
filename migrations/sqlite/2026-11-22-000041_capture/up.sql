-- Makes possible: EPCIS documents captured, and their events found again by all that the standard asks for.

-- A document that was handed over to be captured. `sums` say how far it was stored; a capture goes on from there.
CREATE TABLE capture (
    tenant_id   INTEGER NOT NULL,
    capture_id  TEXT NOT NULL,
    sha256      BLOB NOT NULL,
    bytes       BIGINT NOT NULL,
    behaviour   TEXT NOT NULL,
    state       TEXT NOT NULL,
    job_id      TEXT,
    created_by  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT,
    sender      TEXT NOT NULL,
    instance    TEXT NOT NULL,
    sums        TEXT NOT NULL,
    PRIMARY KEY (tenant_id, capture_id),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;
CREATE INDEX capture_newest ON capture (tenant_id, created_at, capture_id);

-- What was found in a captured document, in the order of finding.
CREATE TABLE capture_finding (
    tenant_id  INTEGER NOT NULL,
    capture_id TEXT NOT NULL,
    finding_no BIGINT NOT NULL,
    event      BIGINT NOT NULL,
    line       BIGINT NOT NULL,
    code       TEXT NOT NULL,
    severity   SMALLINT NOT NULL,
    place      TEXT NOT NULL,
    text       TEXT NOT NULL,
    proposal   TEXT,
    PRIMARY KEY (tenant_id, capture_id, finding_no),
    FOREIGN KEY (tenant_id, capture_id) REFERENCES capture (tenant_id, capture_id)
) WITHOUT ROWID;

-- An event as it was received, under its number in the order of recording; `hash` is that of CBV 2.0 in hexadecimal.
-- `document`, `fact_first` and `facts` name the facts of the hierarchy that it told.
CREATE TABLE epcis_event (
    tenant_id   INTEGER NOT NULL,
    event_no    BIGINT NOT NULL,
    event_id    TEXT NOT NULL,
    hash        TEXT NOT NULL,
    declares    SMALLINT NOT NULL,
    capture_id  TEXT,
    number      BIGINT NOT NULL,
    line        BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    document    BIGINT NOT NULL,
    fact_first  BIGINT NOT NULL,
    facts       BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (tenant_id, event_no),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;
CREATE INDEX epcis_event_of_id ON epcis_event (tenant_id, event_id, event_no);
CREATE INDEX epcis_event_of_hash ON epcis_event (tenant_id, hash, event_no);
CREATE INDEX epcis_event_in_time ON epcis_event (tenant_id, at, event_no);
CREATE INDEX epcis_event_of_fact ON epcis_event (tenant_id, document, fact_first);

-- Which event named which identity or class, and where in the event.
CREATE TABLE epcis_event_epc (
    tenant_id INTEGER NOT NULL,
    epc_no    BIGINT NOT NULL,
    event_no  BIGINT NOT NULL,
    place     SMALLINT NOT NULL,
    PRIMARY KEY (tenant_id, epc_no, event_no, place)
) WITHOUT ROWID;

-- What else can be asked for of an event; `ordering` is ordered as numbers and times are.
CREATE TABLE epcis_event_value (
    tenant_id INTEGER NOT NULL,
    name      TEXT NOT NULL,
    value     TEXT NOT NULL,
    event_no  BIGINT NOT NULL,
    ordering  BIGINT,
    PRIMARY KEY (tenant_id, name, value, event_no)
) WITHOUT ROWID;

-- A query under a name, as it was given.
CREATE TABLE epcis_query (
    tenant_id  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    query      TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name),
    FOREIGN KEY (tenant_id) REFERENCES tenant (tenant_id)
) WITHOUT ROWID;
