-- Makes possible: a site with tenants, people, keys, sessions and an audit chain per tenant.

-- Tables of the whole site. Everything else belongs to one tenant.
CREATE TABLE site (
    site_id         INTEGER NOT NULL PRIMARY KEY CHECK (site_id = 1),
    environment     TEXT    NOT NULL,
    key_fingerprint TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL
);

-- Tenant 0 is the platform itself: no person belongs to it, but it has an audit chain of its own.
CREATE TABLE tenant (
    tenant_id  INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    short_name TEXT    NOT NULL UNIQUE,
    time_zone  TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    created_at BIGINT  NOT NULL
);

-- Finds the tenant of someone who is not known yet: a sign-in name, the public part of a key, a callback address.
CREATE TABLE directory (
    kind      TEXT    NOT NULL,
    handle    TEXT    NOT NULL,
    tenant_id INTEGER NOT NULL REFERENCES tenant (tenant_id),
    object_id TEXT    NOT NULL,
    PRIMARY KEY (kind, handle)
) WITHOUT ROWID;

CREATE TABLE throttle (
    subject       TEXT    NOT NULL PRIMARY KEY,
    failures      INTEGER NOT NULL,
    last_at       BIGINT  NOT NULL,
    blocked_until BIGINT  NOT NULL
) WITHOUT ROWID;

-- The head of each tenant: end of its audit chain and its counters, one row that orders a tenant's changes.
CREATE TABLE tenant_head (
    tenant_id    INTEGER NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
    audit_seq    BIGINT  NOT NULL,
    audit_hash   BLOB    NOT NULL,
    last_product INTEGER NOT NULL,
    last_fact    BIGINT  NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit_entry (
    tenant_id   INTEGER NOT NULL REFERENCES tenant (tenant_id),
    seq         BIGINT  NOT NULL,
    at          BIGINT  NOT NULL,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    object      TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    correlation TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) WITHOUT ROWID;
CREATE INDEX audit_entry_object ON audit_entry (tenant_id, object, seq);
-- An audit entry is written once and stays. PostgreSQL says so by its grants.
CREATE TRIGGER audit_entry_is_not_changed BEFORE UPDATE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is not changed');
END;
CREATE TRIGGER audit_entry_is_not_removed BEFORE DELETE ON audit_entry
BEGIN
    SELECT RAISE(ABORT, 'an audit entry is not removed');
END;

CREATE TABLE user_account (
    tenant_id       INTEGER NOT NULL REFERENCES tenant (tenant_id),
    user_id         TEXT    NOT NULL,
    login           TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    password_set_at BIGINT  NOT NULL,
    state           TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_sign_in_at BIGINT,
    row_version     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) WITHOUT ROWID;

CREATE TABLE user_role (
    tenant_id INTEGER NOT NULL,
    user_id   TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role),
    FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, user_id)
) WITHOUT ROWID;

CREATE TABLE session (
    tenant_id    INTEGER NOT NULL,
    session_id   TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    last_seen_at BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    revoked_at   BIGINT,
    client       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, user_id)
) WITHOUT ROWID;

CREATE TABLE api_key (
    tenant_id    INTEGER NOT NULL REFERENCES tenant (tenant_id),
    key_id       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    prefix       TEXT    NOT NULL,
    secret_hash  BLOB    NOT NULL,
    scopes       TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (tenant_id, key_id)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    tenant_id    INTEGER NOT NULL REFERENCES tenant (tenant_id),
    actor        TEXT    NOT NULL,
    handle       TEXT    NOT NULL,
    request_hash BLOB    NOT NULL,
    status       INTEGER NOT NULL,
    headers      TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, actor, handle)
) WITHOUT ROWID;
