-- Makes possible: a site with tenants, people, keys, sessions and an audit chain per tenant.

-- The role that serves: it owns nothing, passes no policy by and cannot truncate. The one that migrates owns the tables.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'packtwin_app') THEN
        CREATE ROLE packtwin_app NOLOGIN NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'packtwin_reader') THEN
        CREATE ROLE packtwin_reader NOLOGIN NOBYPASSRLS;
    END IF;
END
$$;

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
);

CREATE TABLE throttle (
    subject       TEXT    NOT NULL PRIMARY KEY,
    failures      INTEGER NOT NULL,
    last_at       BIGINT  NOT NULL,
    blocked_until BIGINT  NOT NULL
);

-- The head of each tenant: end of its audit chain and its counters, one row that orders a tenant's changes.
CREATE TABLE tenant_head (
    tenant_id    INTEGER NOT NULL PRIMARY KEY REFERENCES tenant (tenant_id),
    audit_seq    BIGINT  NOT NULL,
    audit_hash   BYTEA    NOT NULL,
    last_product INTEGER NOT NULL,
    last_fact    BIGINT  NOT NULL
);

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
    hash        BYTEA    NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX audit_entry_object ON audit_entry (tenant_id, object, seq);

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
);

CREATE TABLE user_role (
    tenant_id INTEGER NOT NULL,
    user_id   TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role),
    FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, user_id)
);

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
);

CREATE TABLE api_key (
    tenant_id    INTEGER NOT NULL REFERENCES tenant (tenant_id),
    key_id       TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    prefix       TEXT    NOT NULL,
    secret_hash  BYTEA    NOT NULL,
    scopes       TEXT    NOT NULL,
    created_by   TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (tenant_id, key_id)
);

CREATE TABLE idempotency (
    tenant_id    INTEGER NOT NULL REFERENCES tenant (tenant_id),
    actor        TEXT    NOT NULL,
    handle       TEXT    NOT NULL,
    request_hash BYTEA    NOT NULL,
    status       INTEGER NOT NULL,
    headers      TEXT    NOT NULL,
    body         BYTEA    NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, actor, handle)
);

-- Each row is seen and written by its own tenant only; without a tenant, none is.
ALTER TABLE tenant_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_head FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenant_head
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON audit_entry
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE user_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_account FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON user_account
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE user_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_role FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON user_role
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON session
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON api_key
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON idempotency
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);

-- An audit entry is written once and stays.
GRANT SELECT, INSERT ON site TO packtwin_app;
GRANT SELECT ON site TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE ON tenant TO packtwin_app;
GRANT SELECT ON tenant TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON directory TO packtwin_app;
GRANT SELECT ON directory TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON throttle TO packtwin_app;
GRANT SELECT ON throttle TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_head TO packtwin_app;
GRANT SELECT ON tenant_head TO packtwin_reader;
GRANT SELECT, INSERT ON audit_entry TO packtwin_app;
GRANT SELECT ON audit_entry TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON user_account TO packtwin_app;
GRANT SELECT ON user_account TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON user_role TO packtwin_app;
GRANT SELECT ON user_role TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO packtwin_app;
GRANT SELECT ON session TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key TO packtwin_app;
GRANT SELECT ON api_key TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO packtwin_app;
GRANT SELECT ON idempotency TO packtwin_reader;
