//! PostgreSQL keeps tenants apart by itself, with every line of our code left out (URS-UR-001, URS-AT-004, ATK-006 to 009).
//!
//! The catalogue is asked for every table; then every table is filled with a row of each of two tenants, past all keys, and
//! the serving login tries to see, change and place rows that are not its own. SQLite has no such layer: there the scope in
//! code is the only one, and the single process is the only one that opens the file.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use diesel::connection::SimpleConnection;
use packtwin_tenants::engine::AnyConnection;
use packtwin_tenants::testing::{TestSite, lines, number, tenant_tables};

/// Tables with a tenant that is no owner: they are read before anyone's tenant is known.
const SITE_TABLES: [&str; 2] = ["tenant", "directory"];
/// A product code belongs to one tenant of the site, so that a serial exists once per code; see the migration.
const UNIQUE_FOR_THE_SITE: [&str; 1] = ["product (identity)"];

/// Tables whose rows the serving role never changes, and partly never adds.
const WRITTEN_ONCE: [&str; 5] = [
    "audit_entry",
    "pack_change",
    "verification_record",
    "alert",
    "alert_decision",
];

const POLICY: &str =
    "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::integer)";

/// What the catalogue says against a schema in which each row has one tenant.
fn faults_of(owner: &mut AnyConnection) -> Vec<String> {
    let exempt = SITE_TABLES.map(|table| format!("'{table}'")).join(",");
    let tables = format!(
        "SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT IN ({exempt})
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')"
    );
    let column_list = "(SELECT string_agg(a.attname, ',' ORDER BY k.place)
         FROM unnest(p.conkey) WITH ORDINALITY AS k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = p.conrelid AND a.attnum = k.attnum)";
    let queries = [
        format!("SELECT relname || ' has no forced row security' AS line FROM ({tables}) t
                 WHERE NOT (relrowsecurity AND relforcerowsecurity)"),
        format!("SELECT relname || ' has not exactly the one policy' AS line FROM ({tables}) t
                 WHERE (SELECT count(*) FROM pg_policy p WHERE p.polrelid = t.oid
                       AND p.polroles <> ARRAY['packtwin_verifier'::regrole::oid]) <> 1
                    OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*'
                         AND p.polroles = '{{0}}' AND pg_get_expr(p.polqual, p.polrelid) = $policy${POLICY}$policy$
                         AND pg_get_expr(p.polwithcheck, p.polrelid) = $policy${POLICY}$policy$)"),
        format!("SELECT relname || ' has no primary key that begins with tenant_id' AS line FROM ({tables}) t
                 WHERE NOT EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = t.oid AND p.contype = 'p'
                     AND {column_list} ~ '^tenant_id(,|$)')"),
        format!("SELECT relname || ' refers to another row without tenant_id: ' || p.conname AS line
                 FROM ({tables}) t JOIN pg_constraint p ON p.conrelid = t.oid AND p.contype = 'f'
                 WHERE {column_list} !~ '^tenant_id(,|$)' OR NOT EXISTS (
                     SELECT FROM pg_attribute b WHERE b.attrelid = p.confrelid AND b.attnum = p.confkey[1]
                       AND b.attname = 'tenant_id')"),
        format!("SELECT relname || ' (' || columns || ') is unique over all tenants' AS line FROM (
                     SELECT t.relname, (SELECT string_agg(a.attname, ',' ORDER BY k.place)
                         FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
                         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) AS columns
                     FROM ({tables}) t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique) u
                 WHERE 'tenant_id' <> ALL (string_to_array(columns, ','))"),
        "SELECT relname || ' is a view' AS line FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')".to_owned(),
        "SELECT proname || ' is a function with its maker''s rights' AS line FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND prosecdef".to_owned(),
    ];
    let mut faults: Vec<String> = queries
        .iter()
        .flat_map(|sql| lines(owner, sql).unwrap())
        .collect();
    faults.retain(|fault| {
        !UNIQUE_FOR_THE_SITE
            .iter()
            .any(|known| fault.starts_with(known))
    });
    faults
}

#[test]
fn every_table_is_policed_and_keyed_by_tenant() {
    let Some(site) = TestSite::postgres() else {
        return;
    };
    let mut owner = site.owner_connection();
    assert!(tenant_tables(&mut owner).len() > 30);
    assert_eq!(faults_of(&mut owner), Vec::<String>::new());
    // The exceptions are still needed.
    let exceptions =
        "SELECT count(*) AS number FROM pg_indexes WHERE indexname = 'product_identity_key'";
    assert_eq!(site.number_as_owner(exceptions), 1);
}

/// Shows ATK-008 and ATK-009: a table, view or function added without care is named.
#[test]
fn a_careless_migration_is_named() {
    let Some(site) = TestSite::postgres() else {
        return;
    };
    site.execute_as_owner(
        "CREATE TABLE careless (careless_id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, product_no INTEGER UNIQUE,
             FOREIGN KEY (product_no, tenant_id) REFERENCES product (tenant_id, product_no));
         CREATE VIEW overlook AS SELECT * FROM pack;
         CREATE FUNCTION oversee() RETURNS bigint SECURITY DEFINER LANGUAGE sql AS 'SELECT count(*) FROM pack'",
    );
    let faults = faults_of(&mut site.owner_connection());
    for part in [
        "careless has no forced row security",
        "careless has not exactly the one policy",
        "careless has no primary key",
        "careless refers to another row",
        "careless (product_no) is unique",
        "careless (careless_id) is unique",
        "overlook is a view",
        "oversee is a function",
    ] {
        assert!(
            faults.iter().any(|fault| fault.starts_with(part)),
            "{part}: {faults:#?}"
        );
    }
}

/// A statement that inserts a row of a tenant, every other column filled by its kind.
fn insert_of(owner: &mut AnyConnection, table: &str, tenant: i32) -> String {
    let columns = format!(
        "SELECT column_name || '=' || CASE
             WHEN column_name = 'tenant_id' THEN '{tenant}'
             WHEN data_type = 'text' THEN $$'filled {tenant}'$$
             WHEN data_type = 'bytea' THEN $$'\\x00'$$
             ELSE '77' END AS line
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
    );
    let pairs = lines(owner, &columns).unwrap();
    let (names, values): (Vec<_>, Vec<_>) =
        pairs.iter().filter_map(|pair| pair.split_once('=')).unzip();
    let (names, values) = (names.join(","), values.join(","));
    format!("INSERT INTO {table} ({names}) VALUES ({values})")
}

/// Every table with an owner.
fn owned_tables(owner: &mut AnyConnection) -> Vec<String> {
    let tables = tenant_tables(owner).into_iter().map(|(table, _)| table);
    tables
        .filter(|table| !SITE_TABLES.contains(&table.as_str()))
        .collect()
}

/// A row of a tenant in every table, references left aside.
fn fill(site: &TestSite, tenant: i32) {
    let mut owner = site.owner_connection();
    let mut sql = "SET session_replication_role = replica;".to_owned();
    for table in owned_tables(&mut owner) {
        // The head of a tenant is there already.
        sql += &insert_of(&mut owner, &table, tenant);
        sql += " ON CONFLICT DO NOTHING;";
    }
    site.execute_as_owner(&sql);
}

/// The serving login in the context of a tenant, or of none.
fn serving(site: &TestSite, tenant: Option<i32>) -> AnyConnection {
    let mut connection = site.serving_connection();
    if let Some(tenant) = tenant {
        let sql = format!("SET app.tenant = '{tenant}'");
        connection.batch_execute(&sql).unwrap();
    }
    connection
}

fn count(connection: &mut AnyConnection, table: &str, filter: &str) -> i64 {
    let sql = format!("SELECT count(*) AS number FROM {table} WHERE {filter}");
    number(connection, &sql).unwrap()
}

/// Shows ATK-006: without a tenant there is nothing; with one there are its own rows and no others.
#[test]
fn a_tenant_sees_and_writes_its_own_rows_only() {
    let Some(site) = TestSite::postgres() else {
        return;
    };
    let (a, b) = site.two_tenants();
    fill(&site, a.0);
    fill(&site, b.0);
    let mut owner = site.owner_connection();
    let (mut nobody, mut as_a) = (serving(&site, None), serving(&site, Some(a.0)));
    let mut empty = serving(&site, None);
    empty.batch_execute("SET app.tenant = ''").unwrap();
    for table in owned_tables(&mut owner) {
        let all = count(&mut owner, &table, "true");
        let own = count(&mut owner, &table, &format!("tenant_id = {a}"));
        assert!(own > 0 && all > own, "{table} was not filled");
        assert_eq!(
            count(&mut nobody, &table, "true"),
            0,
            "{table} without a tenant"
        );
        assert_eq!(
            count(&mut empty, &table, "true"),
            0,
            "{table} with an empty tenant"
        );
        assert_eq!(count(&mut as_a, &table, "true"), own, "{table}");
        assert_eq!(
            count(&mut as_a, &table, &format!("tenant_id <> {a}")),
            0,
            "{table}"
        );

        let foreign = insert_of(&mut owner, &table, b.0);
        refused(&mut as_a, &foreign);
        refused(&mut nobody, &foreign);
        refused(&mut empty, &foreign);
        if !WRITTEN_ONCE.contains(&table.as_str()) {
            let give_away = format!("UPDATE {table} SET tenant_id = {b}");
            refused(&mut as_a, &give_away);
            let touched = format!(
                "WITH t AS (UPDATE {table} SET tenant_id = {a} RETURNING 1) SELECT count(*) AS number FROM t"
            );
            assert_eq!(
                number(&mut as_a, &touched).unwrap(),
                own,
                "{table} was changed beyond its own rows"
            );
        }
    }
}

/// That the policy refuses a statement.
fn refused(connection: &mut AnyConnection, sql: &str) {
    let told = connection.batch_execute(sql).expect_err(sql).to_string();
    let policy = told.contains("violates row-level security policy");
    // What this side may not write at all is refused before any policy is asked.
    let grant = WRITTEN_ONCE
        .iter()
        .any(|table| told.contains(&format!("permission denied for table {table}")));
    assert!(policy || grant, "{sql}: {told}");
}

/// Proves URS-AT-004 for the database role, and shows ATK-007: the serving login cannot free itself.
#[test]
fn the_serving_login_cannot_break_out() {
    let Some(site) = TestSite::postgres() else {
        return;
    };
    let a = site.tenant("alder");
    let denied = [
        "TRUNCATE pack",
        "TRUNCATE audit_entry",
        "DROP TABLE pack",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET reason = 'other'",
        "ALTER TABLE pack DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE pack NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY wide ON pack USING (true)",
        "DROP POLICY own_tenant ON pack",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "ALTER ROLE packtwin_app BYPASSRLS",
        "CREATE ROLE other SUPERUSER",
        "CREATE TABLE own (a INTEGER)",
        "CREATE VIEW own AS SELECT 1",
        "CREATE FUNCTION own() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "SET session_replication_role = replica",
        "SET row_security = off; SELECT count(*) FROM pack",
        "UPDATE site SET environment = 'production'",
        "DELETE FROM tenant",
        "COPY pack TO PROGRAM 'true'",
    ];
    // Stepping back from the role to the login gains nothing either.
    for reset in ["SELECT 1", "RESET ROLE"] {
        for attempt in denied {
            let mut connection = serving(&site, Some(a.0));
            connection.batch_execute(reset).unwrap();
            assert!(
                connection.batch_execute(attempt).is_err(),
                "{attempt} was done after {reset}"
            );
        }
    }
    let mut owner = site.owner_connection();
    let privileged = "SELECT count(*) AS number FROM pg_roles
         WHERE rolname LIKE 'packtwin_%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)";
    assert_eq!(number(&mut owner, privileged).unwrap(), 0);
    let owned = "SELECT count(*) AS number FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
         WHERE r.rolname LIKE 'packtwin_%'";
    assert_eq!(number(&mut owner, owned).unwrap(), 0);
}

/// URS-VF-016: the role of verification looks packs up and changes their states; people, files, messages and alerts it does
/// not see, and of what it sees it changes nothing else.
#[test]
fn verification_reaches_packs_and_nothing_else() {
    let Some(site) = TestSite::postgres() else {
        return;
    };
    let (a, b) = site.two_tenants();
    fill(&site, a.0);
    fill(&site, b.0);
    let mut owner = site.owner_connection();
    let as_verifier = "SET ROLE packtwin_verifier;";
    let seen: Vec<String> = owned_tables(&mut owner)
        .into_iter()
        .filter(|table| {
            let mut connection = site.owner_connection();
            let sql = format!("{as_verifier} SELECT count(*) FROM {table}");
            connection.batch_execute(&sql).is_ok()
        })
        .collect();
    assert_eq!(
        seen,
        [
            "load",
            "lot",
            "lot_recall",
            "lot_state_count",
            "pack",
            "pack_change",
            "product",
            "product_withdrawal",
            "verification_record",
        ]
    );
    let mut connection = site.owner_connection();
    connection.batch_execute(as_verifier).unwrap();
    for table in &seen {
        let both = format!("tenant_id IN ({a}, {b})");
        assert!(count(&mut connection, table, &both) >= 2, "{table}");
    }
    for attempt in [
        "UPDATE pack SET serial = 'other'",
        "UPDATE pack_change SET state = 0",
        "UPDATE lot_state_count SET lot_no = 9",
        "UPDATE verification_record SET answer = ''",
        "DELETE FROM pack",
        "DELETE FROM pack_change",
        "DELETE FROM verification_record",
        "DELETE FROM alert",
        "UPDATE alert_state SET state = 'resolved'",
        "SELECT * FROM alert",
        "SELECT * FROM tenant",
        "UPDATE product SET code = ''",
        "INSERT INTO pack VALUES (1, 1, 'S', 1, 0)",
    ] {
        let mut connection = site.owner_connection();
        connection.batch_execute(as_verifier).unwrap();
        assert!(
            connection.batch_execute(attempt).is_err(),
            "{attempt} was done"
        );
    }
    // The serving role is no way into this one.
    let mut tenant_role = site.serving_connection();
    assert!(
        tenant_role
            .batch_execute("SET ROLE packtwin_verifier")
            .is_err()
    );
}
