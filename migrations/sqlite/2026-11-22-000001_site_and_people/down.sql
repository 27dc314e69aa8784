-- Takes back what up.sql made, for tests and empty sites only.
DROP TABLE idempotency;
DROP TABLE api_key;
DROP TABLE session;
DROP TABLE user_role;
DROP TABLE user_account;
DROP TABLE audit_entry;
DROP TABLE tenant_head;
DROP TABLE throttle;
DROP TABLE directory;
DROP TABLE tenant;
DROP TABLE site;
