-- Takes back what up.sql made.
ALTER TABLE api_key DROP COLUMN row_version;
