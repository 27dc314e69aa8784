-- Makes possible: the verifiers' side: organisations and premises, their keys, every request with who asked, and whose alert is whose.

CREATE TABLE verifier_site (
    site_id         INTEGER NOT NULL PRIMARY KEY CHECK (site_id = 1),
    environment     TEXT    NOT NULL,
    key_fingerprint TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL
);

CREATE TABLE organisation (
    organisation_id TEXT   NOT NULL PRIMARY KEY,
    name            TEXT   NOT NULL,
    created_at      BIGINT NOT NULL
);

-- One place from which is asked. Who may undo is decided by premises (Art. 13).
CREATE TABLE premises (
    premises_id     TEXT   NOT NULL PRIMARY KEY,
    organisation_id TEXT   NOT NULL REFERENCES organisation (organisation_id),
    name            TEXT   NOT NULL,
    address         TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    market          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL
);

CREATE TABLE premises_key (
    key_id      TEXT   NOT NULL PRIMARY KEY,
    premises_id TEXT   NOT NULL REFERENCES premises (premises_id),
    name        TEXT   NOT NULL,
    secret_hash BYTEA  NOT NULL,
    scope       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    revoked_at  BIGINT
);
CREATE INDEX premises_key_of ON premises_key (premises_id, key_id);

-- Written before the repository is asked, completed before the asker is answered. Ids begin with the time, so that rows
-- are appended; the repository's record has the same id and no site.
CREATE TABLE request_record (
    request_id   BYTEA  NOT NULL PRIMARY KEY,
    premises_id  TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,
    handle       TEXT,
    request_hash BYTEA,
    operation    TEXT   NOT NULL,
    product      TEXT   NOT NULL,
    serial       TEXT COLLATE "C" NOT NULL,
    batch        TEXT,
    expiry       TEXT,
    entry        TEXT   NOT NULL,
    delivery     TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    asked_at     BIGINT NOT NULL,
    answered_at  BIGINT,
    answer       TEXT
);
CREATE UNIQUE INDEX request_handle ON request_record (premises_id, handle) WHERE handle IS NOT NULL;

-- Typing errors since one was typed right.
CREATE TABLE typing_count (
    premises_id TEXT    NOT NULL REFERENCES premises (premises_id),
    operation   TEXT    NOT NULL,
    product     TEXT    NOT NULL,
    errors      INTEGER NOT NULL,
    PRIMARY KEY (premises_id, operation, product)
);

-- Whose alert is whose: the only place that knows, for an authority with a case.
CREATE TABLE alert_site (
    alert_id    TEXT   NOT NULL PRIMARY KEY,
    premises_id TEXT   NOT NULL REFERENCES premises (premises_id),
    request_id  BYTEA  NOT NULL,
    pseudonym   BYTEA  NOT NULL,
    raised_at   BIGINT NOT NULL
);

-- The serving role of this database; the manufacturers' side has no login here. A request and the site of an alert stay.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'packtwin_verifier_store') THEN
        CREATE ROLE packtwin_verifier_store NOLOGIN NOBYPASSRLS;
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO packtwin_verifier_store;
GRANT SELECT, INSERT ON verifier_site TO packtwin_verifier_store;
GRANT SELECT, INSERT, UPDATE ON organisation, premises, premises_key, typing_count TO packtwin_verifier_store;
GRANT SELECT, INSERT, UPDATE (answered_at, answer) ON request_record TO packtwin_verifier_store;
GRANT SELECT, INSERT ON alert_site TO packtwin_verifier_store;
