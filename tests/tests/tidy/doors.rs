//! Which crate may know which, which library opens which room, and that versions stand in one table.

use std::collections::BTreeSet;

use toml::Value;

use super::project::{Dependency, Manifest, faults_of, manifests, root};

/// Every crate of ours, and which others it may name in any of its tables.
const DOORS: [(&str, &[&str]); 12] = [
    ("packtwin-core", &[]),
    ("packtwin-connector-port", &["packtwin-core"]),
    ("packtwin-eu-hub", PORT),
    ("packtwin-emvs", PORT),
    ("packtwin-epcis", PORT),
    ("packtwin-partner", PORT),
    ("packtwin-transport", PORT),
    (
        "packtwin-simulators",
        &[
            "packtwin-core",
            "packtwin-connector-port",
            "packtwin-eu-hub",
            "packtwin-transport",
        ],
    ),
    // Its tests name the crate itself, with the feature that holds sites for tests.
    ("packtwin-tenants", &["packtwin-core", "packtwin-tenants"]),
    (
        "packtwin-app",
        &[
            "packtwin-core",
            "packtwin-connector-port",
            "packtwin-eu-hub",
            "packtwin-epcis",
            "packtwin-partner",
            "packtwin-transport",
            "packtwin-tenants",
        ],
    ),
    ("packtwin-server", EVERYTHING_BELOW),
    ("packtwin-tests", EVERYTHING),
];

const PORT: &[&str] = &["packtwin-core", "packtwin-connector-port"];
const EVERYTHING_BELOW: &[&str] = &[
    "packtwin-core",
    "packtwin-connector-port",
    "packtwin-eu-hub",
    "packtwin-emvs",
    "packtwin-epcis",
    "packtwin-partner",
    "packtwin-transport",
    "packtwin-simulators",
    "packtwin-tenants",
    "packtwin-app",
];
const EVERYTHING: &[&str] = &[
    "packtwin-core",
    "packtwin-connector-port",
    "packtwin-eu-hub",
    "packtwin-emvs",
    "packtwin-epcis",
    "packtwin-partner",
    "packtwin-transport",
    "packtwin-simulators",
    "packtwin-tenants",
    "packtwin-app",
    "packtwin-server",
];

/// Libraries that open a door to the outside, and the only crates that may name them outside their tests.
const OUTSIDE: [(&str, &[&str]); 12] = [
    ("diesel", &["packtwin-tenants"]),
    ("diesel_migrations", &["packtwin-tenants"]),
    ("libsqlite3-sys", &["packtwin-tenants"]),
    ("pq-sys", &["packtwin-tenants"]),
    ("rusqlite", &[]),
    ("actix-web", &["packtwin-server"]),
    ("askama", &["packtwin-server"]),
    ("utoipa", &["packtwin-server"]),
    ("hyper", &["packtwin-simulators"]),
    // The tests look at a running site over HTTP as a stranger does.
    ("ureq", &["packtwin-transport", "packtwin-tests"]),
    ("fantoccini", &["packtwin-tests"]),
    (
        "tokio",
        &[
            "packtwin-simulators",
            "packtwin-tenants",
            "packtwin-server",
            "packtwin-tests",
        ],
    ),
];

#[test]
fn every_door_is_shut() {
    let manifests = manifests();
    let known: BTreeSet<&str> = DOORS.iter().map(|(name, _)| *name).collect();
    let present: BTreeSet<&str> = manifests.iter().map(Manifest::name).collect();
    assert_eq!(
        present, known,
        "crates of the workspace and crates with a door"
    );
    assert_eq!(faults_of(&manifests, door_faults), Vec::<String>::new());
    assert_eq!(faults_of(&manifests, outside_faults), Vec::<String>::new());
}

#[test]
fn an_open_door_is_named() {
    let check = |text: &str, rule: fn(&Manifest) -> Vec<String>, expected: &str| {
        let faults = rule(&Manifest::parse("Cargo.toml", text));
        assert_eq!(faults, [expected], "{text}");
    };
    check(
        "package.name = 'packtwin-epcis'\n[dependencies]\npacktwin-tenants.workspace = true",
        door_faults,
        "packtwin-epcis may not know packtwin-tenants (dependencies)",
    );
    check(
        "package.name = 'packtwin-tenants'\n[dev-dependencies]\npacktwin-eu-hub = { path = 'x' }",
        door_faults,
        "packtwin-tenants may not know packtwin-eu-hub (dev-dependencies)",
    );
    check(
        "package.name = 'packtwin-core'\n[target.'cfg(unix)'.dependencies]\npacktwin-app.workspace = true",
        door_faults,
        "packtwin-core may not know packtwin-app (dependencies)",
    );
    check(
        "package.name = 'packtwin-app'\n[dependencies]\nactix-web.workspace = true",
        outside_faults,
        "packtwin-app may not name actix-web",
    );
    check(
        "package.name = 'packtwin-server'\n[dependencies]\nsql = { workspace = true, package = 'diesel' }",
        outside_faults,
        "packtwin-server may not name diesel",
    );
}

fn door_faults(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name();
    let doors = DOORS.iter().find(|(crate_name, _)| *crate_name == name);
    let allowed = doors.map_or(&[][..], |(_, allowed)| allowed);
    let ours = manifest.dependencies().into_iter().filter(|dependency| {
        dependency.crate_name.starts_with("packtwin-")
            && !allowed.contains(&&*dependency.crate_name)
    });
    ours.map(|dependency| {
        let Dependency {
            crate_name, table, ..
        } = dependency;
        format!("{name} may not know {crate_name} ({table})")
    })
    .collect()
}

fn outside_faults(manifest: &Manifest) -> Vec<String> {
    let name = manifest.name();
    let named = manifest.dependencies().into_iter().filter(|dependency| {
        dependency.table != "dev-dependencies"
            && OUTSIDE
                .iter()
                .any(|(library, rooms)| *library == dependency.crate_name && !rooms.contains(&name))
    });
    named
        .map(|dependency| format!("{name} may not name {}", dependency.crate_name))
        .collect()
}

/// One table of versions, one table of lints, and nothing in either that nobody uses.
#[test]
fn versions_and_lints_stand_in_the_root_table_only() {
    let manifests = manifests();
    assert_eq!(faults_of(&manifests, version_faults), Vec::<String>::new());
    let root = Manifest::read(&root().join("Cargo.toml"));
    let shared = root.table["workspace"]["dependencies"].as_table().unwrap();
    let used: BTreeSet<String> = manifests
        .iter()
        .flat_map(|manifest| manifest.dependencies())
        .map(|dependency| dependency.key)
        .collect();
    // Ours stand in the table for whoever comes next.
    let unused: Vec<&String> = shared
        .keys()
        .filter(|key| !key.starts_with("packtwin-") && !used.contains(*key))
        .collect();
    assert!(
        unused.is_empty(),
        "in the root table and used nowhere: {unused:?}"
    );
}

#[test]
fn a_version_outside_the_root_table_is_named() {
    let text = "package.name = 'x'\n[lints]\nworkspace = true\n[dependencies]\ncsv = '1.4'\nzip = { version = '9' }\n\
                memchr = { workspace = true, features = ['std'] }";
    let faults = version_faults(&Manifest::parse("x/Cargo.toml", text));
    assert_eq!(
        faults,
        [
            "x/Cargo.toml: csv does not take its version from the root table",
            "x/Cargo.toml: zip does not take its version from the root table"
        ]
    );
    let text = "package.name = 'x'\n[lints.rust]\nunsafe_code = 'allow'";
    let faults = version_faults(&Manifest::parse("x/Cargo.toml", text));
    assert_eq!(
        faults,
        ["x/Cargo.toml: does not take the lints of the root table"]
    );
}

fn version_faults(manifest: &Manifest) -> Vec<String> {
    let mut faults: Vec<String> = manifest
        .dependencies()
        .into_iter()
        .filter(|dependency| !dependency.is_from_root)
        .map(|dependency| {
            format!(
                "{} does not take its version from the root table",
                dependency.key
            )
        })
        .collect();
    let lints = manifest.table.get("lints").and_then(Value::as_table);
    if lints.and_then(|lints| lints.get("workspace")) != Some(&Value::Boolean(true)) {
        faults.push("does not take the lints of the root table".to_owned());
    }
    let place = &manifest.place;
    faults
        .into_iter()
        .map(|fault| format!("{place}: {fault}"))
        .collect()
}
