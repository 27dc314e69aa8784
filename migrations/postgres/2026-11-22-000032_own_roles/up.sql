-- Makes possible: a tenant has roles of its own beside those of the release, and people have them.
CREATE TABLE own_role (
    tenant_id   INTEGER NOT NULL REFERENCES tenant (tenant_id),
    role        TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    permissions TEXT    NOT NULL,
    created_by  TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    row_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, role)
);

-- A role that somebody has cannot go.
CREATE TABLE user_own_role (
    tenant_id INTEGER NOT NULL,
    user_id   TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role),
    FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, user_id),
    FOREIGN KEY (tenant_id, role) REFERENCES own_role (tenant_id, role)
);
CREATE INDEX user_own_role_of_role ON user_own_role (tenant_id, role);

ALTER TABLE own_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE own_role FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON own_role
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE user_own_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_own_role FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON user_own_role
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
GRANT SELECT, INSERT, UPDATE, DELETE ON own_role TO packtwin_app;
GRANT SELECT ON own_role TO packtwin_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON user_own_role TO packtwin_app;
GRANT SELECT ON user_own_role TO packtwin_reader;
