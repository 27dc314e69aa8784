-- Takes the right back.
REVOKE SELECT ON __diesel_schema_migrations FROM packtwin_app;
REVOKE SELECT ON __diesel_schema_migrations FROM packtwin_reader;
