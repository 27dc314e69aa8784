-- Makes possible: lots in a list with their numbers, and lots whose numbers differ, without counting loads and messages.

-- What is counted of a lot. Every change that moves one of these numbers writes it here in its own transaction.
ALTER TABLE lot ADD COLUMN stored BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lot ADD COLUMN sent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lot ADD COLUMN acknowledged BIGINT NOT NULL DEFAULT 0;

-- How many visible packs of a lot are in a state other than active.
CREATE TABLE lot_state_count (
    tenant_id  INTEGER NOT NULL,
    product_no INTEGER NOT NULL,
    lot_no     INTEGER NOT NULL,
    state      SMALLINT NOT NULL,
    packs      BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, product_no, lot_no, state),
    FOREIGN KEY (tenant_id, product_no, lot_no) REFERENCES lot (tenant_id, product_no, lot_no)
) WITHOUT ROWID;

-- The numbers of lots that are there already.
UPDATE lot SET
    stored = (SELECT CAST(COALESCE(SUM(x.packs), 0) AS BIGINT) FROM load x
        WHERE x.tenant_id = lot.tenant_id AND x.product_no = lot.product_no AND x.lot_no = lot.lot_no
          AND x.state = 'visible'),
    sent = (SELECT CAST(COALESCE(SUM(m.packs - c.repeats), 0) AS BIGINT) FROM message m
        JOIN message_content c ON c.tenant_id = m.tenant_id AND c.message_id = m.message_id
        WHERE m.tenant_id = lot.tenant_id AND m.product_no = lot.product_no AND m.lot_no = lot.lot_no
          AND m.kind = 'commissioned' AND m.state IN ('waiting', 'accepted', 'partial', 'unknown')),
    acknowledged = (SELECT CAST(COALESCE(SUM(a.acknowledged_packs), 0) AS BIGINT) FROM message m
        JOIN message_answer a ON a.tenant_id = m.tenant_id AND a.message_id = m.message_id
        WHERE m.tenant_id = lot.tenant_id AND m.product_no = lot.product_no AND m.lot_no = lot.lot_no
          AND m.kind = 'commissioned' AND m.state IN ('accepted', 'partial'));
INSERT INTO lot_state_count (tenant_id, product_no, lot_no, state, packs)
    SELECT x.tenant_id, x.product_no, x.lot_no, p.state, COUNT(*)
    FROM pack p
    JOIN load x ON x.tenant_id = p.tenant_id AND x.product_no = p.product_no AND x.load_no = p.load_no
    WHERE p.state <> 0 AND x.state = 'visible'
    GROUP BY x.tenant_id, x.product_no, x.lot_no, p.state;

-- Only lots whose numbers differ are in it, so that it stays short on a site where all is well.
CREATE INDEX lot_differing ON lot (tenant_id, created_at, product_no, lot_no)
    WHERE (produced IS NOT NULL AND produced <> stored) OR stored <> sent OR sent <> acknowledged;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('lot', 'lot_differing', '1000 100 1 1 1'),
    ('lot_state_count', 'lot_state_count', '100000 10000 100 2 1');
