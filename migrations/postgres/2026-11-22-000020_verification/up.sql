-- Makes possible: road 3 on the manufacturers' side: what sites did to packs, a record of every request, alerts and their decisions.

-- What was done to a pack since it left the manufacturer, in order; the last row says who may undo it. `site` is a token
-- keyed by site and pack on the verifiers' side and null where the manufacturer acted. No site stands in any table here.
CREATE TABLE pack_change (
    tenant_id   INTEGER NOT NULL,
    product_no  INTEGER NOT NULL,
    serial      TEXT COLLATE "C" NOT NULL,
    change_no   INTEGER NOT NULL,
    state       SMALLINT NOT NULL,
    at          BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    site        BYTEA,
    repeats     INTEGER NOT NULL,
    request_id  BYTEA,
    PRIMARY KEY (tenant_id, product_no, serial, change_no)
);

-- Every request about a product of the tenant, with its answer (Art. 35(1)). Ids begin with the time, so that rows are
-- appended. Without a reference to the product, as with packs: a look-up for each row would cost more than the row.
CREATE TABLE verification_record (
    tenant_id   INTEGER NOT NULL,
    request_id  BYTEA   NOT NULL,
    product_no  INTEGER NOT NULL,
    serial      TEXT COLLATE "C" NOT NULL,
    operation   TEXT    NOT NULL,
    at          BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    answer      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, request_id)
);

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
    serial       TEXT COLLATE "C" NOT NULL,
    batch        TEXT,
    operation    TEXT    NOT NULL,
    pseudonym    BYTEA   NOT NULL,
    detail       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, alert_id),
    FOREIGN KEY (tenant_id, product_no) REFERENCES product (tenant_id, product_no)
);
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
);
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
);

-- Each row is seen and written by its own tenant only, and by the role through which sites verify.
ALTER TABLE pack_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE pack_change FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON pack_change
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE verification_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE verification_record FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON verification_record
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON alert
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE alert_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_state FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON alert_state
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);
ALTER TABLE alert_decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_decision FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON alert_decision
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::integer)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::integer);

-- Records and decisions are written once and stay. The manufacturers' side adds its own changes and moves alerts.
GRANT SELECT, INSERT, DELETE ON pack_change TO packtwin_app;
GRANT SELECT ON pack_change TO packtwin_reader;
GRANT SELECT ON verification_record TO packtwin_app;
GRANT SELECT ON verification_record TO packtwin_reader;
GRANT SELECT ON alert TO packtwin_app;
GRANT SELECT ON alert TO packtwin_reader;
GRANT SELECT, UPDATE ON alert_state TO packtwin_app;
GRANT SELECT ON alert_state TO packtwin_reader;
GRANT SELECT, INSERT ON alert_decision TO packtwin_app;
GRANT SELECT ON alert_decision TO packtwin_reader;

-- The role through which sites verify: it looks a pack up in every tenant, and may do to it what a verification does and
-- nothing else. It owns nothing, sees no person, no upload, no message, and reads no alert.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'packtwin_verifier') THEN
        CREATE ROLE packtwin_verifier NOLOGIN NOBYPASSRLS;
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO packtwin_verifier;
GRANT SELECT ON site, product, product_withdrawal, lot, lot_recall, load, pack, pack_change, verification_record, lot_state_count
    TO packtwin_verifier;
GRANT UPDATE (state) ON pack TO packtwin_verifier;
GRANT INSERT, UPDATE (repeats) ON pack_change TO packtwin_verifier;
GRANT INSERT ON verification_record, alert, alert_state TO packtwin_verifier;
GRANT INSERT, UPDATE (packs) ON lot_state_count TO packtwin_verifier;
CREATE POLICY verifier_looks_up ON product FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON product_withdrawal FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON lot FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON lot_recall FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON load FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON pack FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON pack_change FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON verification_record FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_looks_up ON lot_state_count FOR SELECT TO packtwin_verifier USING (true);
CREATE POLICY verifier_changes ON pack FOR UPDATE TO packtwin_verifier USING (true) WITH CHECK (true);
CREATE POLICY verifier_changes ON pack_change FOR UPDATE TO packtwin_verifier USING (true) WITH CHECK (true);
CREATE POLICY verifier_changes ON lot_state_count FOR UPDATE TO packtwin_verifier USING (true) WITH CHECK (true);
CREATE POLICY verifier_adds ON pack_change FOR INSERT TO packtwin_verifier WITH CHECK (true);
CREATE POLICY verifier_adds ON verification_record FOR INSERT TO packtwin_verifier WITH CHECK (true);
CREATE POLICY verifier_adds ON alert_state FOR INSERT TO packtwin_verifier WITH CHECK (true);
CREATE POLICY verifier_adds ON alert FOR INSERT TO packtwin_verifier WITH CHECK (true);
CREATE POLICY verifier_adds ON lot_state_count FOR INSERT TO packtwin_verifier WITH CHECK (true);
