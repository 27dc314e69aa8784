-- Makes possible: letters by mail, each written in the transaction that causes it and sent once.
CREATE TABLE letter (
    tenant_id   INTEGER NOT NULL,
    letter_id   TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    -- What must not be told twice has one name.
    occasion    TEXT    NOT NULL,
    -- What the words are filled with; never a secret.
    data        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    detail      TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    tried_at    BIGINT,
    PRIMARY KEY (tenant_id, letter_id)
);
CREATE UNIQUE INDEX letter_occasion ON letter (tenant_id, occasion, recipient);

ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE letter FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON letter
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
GRANT SELECT, INSERT, UPDATE, DELETE ON letter TO packtwin_app;
GRANT SELECT ON letter TO packtwin_reader;
