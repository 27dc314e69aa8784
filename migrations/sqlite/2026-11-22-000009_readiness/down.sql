-- Nothing was made.
SELECT version FROM __diesel_schema_migrations LIMIT 0;
