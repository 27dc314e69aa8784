-- Makes possible: an API key is renamed and narrowed, by whoever read its present version.
ALTER TABLE api_key ADD COLUMN row_version INTEGER NOT NULL DEFAULT 1;
