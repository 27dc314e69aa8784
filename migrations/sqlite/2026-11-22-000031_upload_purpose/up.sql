-- Makes possible: an upload that is a dry run for good; the same file can be sent again to be stored.
ALTER TABLE upload ADD COLUMN purpose TEXT NOT NULL DEFAULT 'store';
DROP INDEX upload_content;
CREATE UNIQUE INDEX upload_content ON upload (tenant_id, sha256, purpose);
