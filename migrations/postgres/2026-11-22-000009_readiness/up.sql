-- Makes possible: a serving process sees which migrations were made, for its readiness.
GRANT SELECT ON __diesel_schema_migrations TO packtwin_app;
GRANT SELECT ON __diesel_schema_migrations TO packtwin_reader;
