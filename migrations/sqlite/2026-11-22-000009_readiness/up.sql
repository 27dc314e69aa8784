-- Makes possible: a serving process sees which migrations were made, for its readiness. On SQLite it owns the table already.
SELECT version FROM __diesel_schema_migrations LIMIT 0;
