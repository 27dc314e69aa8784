-- Takes back what up.sql made, as long as no file was both tried and stored.
DROP INDEX upload_content;
CREATE UNIQUE INDEX upload_content ON upload (tenant_id, sha256);
ALTER TABLE upload DROP COLUMN purpose;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('upload', 'upload_content', '10000 1000 1');
