-- Makes possible: an upload that is a dry run for good; the same file can be sent again to be stored.
ALTER TABLE upload ADD COLUMN purpose TEXT NOT NULL DEFAULT 'store';
DROP INDEX upload_content;
CREATE UNIQUE INDEX upload_content ON upload (tenant_id, sha256, purpose);
-- What the planner was told of the index went with it.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('upload', 'upload_content', '10000 1000 1 1');
