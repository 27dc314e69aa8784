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
) WITHOUT ROWID;

-- A role that somebody has cannot go.
CREATE TABLE user_own_role (
    tenant_id INTEGER NOT NULL,
    user_id   TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, user_id, role),
    FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, user_id),
    FOREIGN KEY (tenant_id, role) REFERENCES own_role (tenant_id, role)
) WITHOUT ROWID;
CREATE INDEX user_own_role_of_role ON user_own_role (tenant_id, role);
