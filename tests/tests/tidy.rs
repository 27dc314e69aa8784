//! The doors of the house are shut, and its rooms are labelled: proved by reading the manifests and the sources.
//!
//! Which room may know which is design.md section 1; how a room reads is style.md sections 2 to 4. What needs a compiler
//! (unsafe code, missing docstrings, `unwrap`) is the lints' business; see the root manifest. Each rule is a function
//! from text to faults, and each has a test that hands it a fault, so that none of them can pass by seeing nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

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

const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// A noun, the files it has, and the words that would be second names for it.
const NOUNS: [(&str, &[&str], &[&str]); 12] = [
    (
        "product",
        &[
            "core/src",
            "tenants/src/store",
            "app/src",
            "server/src/pages/view",
        ],
        &["article", "item", "medicine"],
    ),
    (
        "lot",
        &[
            "core/src",
            "tenants/src/store",
            "app/src",
            "server/src/pages/view",
        ],
        &["batch", "charge"],
    ),
    (
        "pack",
        &["core/src", "tenants/src/store", "server/src/pages/view"],
        &["unit", "package_unit"],
    ),
    (
        "upload",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["import", "ingest_file"],
    ),
    (
        "mapping",
        &[
            "connectors/partner/src",
            "tenants/src/store",
            "server/src/pages/view",
        ],
        &["column_map", "columns"],
    ),
    (
        "connector",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["adapter", "interface"],
    ),
    (
        "message",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["outgoing_message", "msg"],
    ),
    (
        "job",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["task", "background_job"],
    ),
    (
        "webhook",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["hook", "subscription"],
    ),
    (
        "user",
        &[
            "tenants/src/store",
            "server/src/http",
            "server/src/pages/view",
        ],
        &["person", "account_user"],
    ),
    (
        "api_key",
        &[
            "tenants/src/store",
            "server/src/http",
            "server/src/pages/view",
        ],
        &["apikey", "api_token"],
    ),
    (
        "audit",
        &[
            "core/src",
            "tenants/src",
            "server/src/http",
            "server/src/pages/view",
        ],
        &["audit_trail", "audit_log"],
    ),
];

/// Files longer than this are named in the report; nothing more.
const LONG_FILE_LINES: usize = 500;

// ---- doors ----

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

// ---- rooms ----

#[test]
fn every_source_reads_as_a_room() {
    let sources = texts(&["rs"]);
    assert!(
        sources.len() > 200,
        "only {} sources were seen",
        sources.len()
    );
    assert_eq!(faults_of(&sources, source_faults), Vec::<String>::new());
    assert_eq!(faults_of(&sources, clock_faults), Vec::<String>::new());
}

#[test]
fn a_careless_source_is_named() {
    let check = |place: &str, text: &str, rule: fn(&Text) -> Vec<String>, expected: &[&str]| {
        let text = Text {
            place: place.to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(rule(&text), expected);
    };
    let left = concat!(
        "//! A room.\nfn f() { to",
        "do!() }\nfn g() { d",
        "bg!(1) }"
    );
    check(
        "a.rs",
        left,
        source_faults,
        &[
            concat!("a.rs:2: to", "do! was left behind"),
            concat!("a.rs:3: d", "bg! was left behind"),
        ],
    );
    check(
        "a.rs",
        "use x;",
        source_faults,
        &["a.rs: does not say what it is for"],
    );
    check(
        "app/src/a.rs",
        concat!("//! A room.\nlet now = SystemTime::", "now();"),
        clock_faults,
        &["app/src/a.rs:2: has a clock of its own"],
    );
    check(
        "core/src/a.rs",
        concat!("//! A room.\nuse std::", "fs;"),
        clock_faults,
        &["core/src/a.rs:2: reaches outside"],
    );
    check("core/src/a.rs", "//! See `SystemTime`.", clock_faults, &[]);
}

fn source_faults(source: &Text) -> Vec<String> {
    let place = &source.place;
    let mut faults = Vec::new();
    // Tests moved out of a module stay its last part, and the module has said what it is for.
    let is_part_of_module = place.contains("/src/") && place.ends_with("/tests.rs");
    if !source.text.starts_with("//! ") && !is_part_of_module {
        faults.push(format!("{place}: does not say what it is for"));
    }
    let left_behind = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!"));
    for (line, text) in source.lines() {
        for name in &left_behind {
            if text.contains(&format!("{name}(")) {
                faults.push(format!("{place}:{line}: {name} was left behind"));
            }
        }
    }
    faults
}

/// Time is handed in everywhere but at the outermost room, and core reaches for nothing at all.
fn clock_faults(source: &Text) -> Vec<String> {
    const PURE: [&str; 5] = [
        "core/src/",
        "connectors/port/src/",
        "connectors/eu_hub/src/",
        "connectors/emvs/src/",
        "connectors/epcis/src/",
    ];
    const HANDED_TIME: [&str; 4] = [
        "connectors/partner/src/",
        "connectors/transport/src/",
        "tenants/src/store/",
        "app/src/",
    ];
    let clocks =
        ["SystemTime", "Utc", "Local", "OffsetDateTime"].map(|clock| format!("{clock}::now("));
    let outside = ["fs", "net", "process", "env"].map(|module| format!("std::{module}"));
    let is_in = |rooms: &[&str]| rooms.iter().any(|room| source.place.starts_with(room));
    let mut faults = Vec::new();
    for (line, text) in source.lines() {
        let place = format!("{}:{line}", source.place);
        if (is_in(&PURE) || is_in(&HANDED_TIME)) && clocks.iter().any(|clock| text.contains(clock))
        {
            faults.push(format!("{place}: has a clock of its own"));
        }
        if source.place.starts_with("core/src/")
            && outside.iter().any(|module| text.contains(module))
        {
            faults.push(format!("{place}: reaches outside"));
        }
    }
    faults
}

/// One noun, one file name, in every room (style.md section 3).
#[test]
fn one_noun_has_one_file_name() {
    let sources: Vec<PathBuf> = files(&["rs"]);
    let mut faults = Vec::new();
    for (noun, rooms, other_words) in NOUNS {
        for room in rooms {
            let file = root().join(room).join(format!("{noun}.rs"));
            let folder = root().join(room).join(noun).join("mod.rs");
            if !file.is_file() && !folder.is_file() {
                faults.push(format!("{room} has no {noun}"));
            }
        }
        for source in &sources {
            let stem = source
                .file_stem()
                .and_then(|stem| stem.to_str())
                .unwrap_or_default();
            if other_words.contains(&stem) {
                faults.push(format!(
                    "{}: our word for {stem} is {noun}",
                    relative(source)
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Migrations come in pairs with the same name, one per engine, and can be undone.
#[test]
fn both_engines_have_the_same_migrations() {
    let of = |engine: &str| {
        let folder = root().join("migrations").join(engine);
        let entries = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let names: BTreeMap<String, [bool; 2]> = entries
            .map(|path| {
                let has = ["up.sql", "down.sql"].map(|file| path.join(file).is_file());
                (
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    has,
                )
            })
            .collect();
        names
    };
    let (sqlite, postgres) = (of("sqlite"), of("postgres"));
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, postgres);
    assert!(
        sqlite.values().all(|has| *has == [true, true]),
        "{sqlite:?}"
    );
    for engine in ["sqlite", "postgres"] {
        for name in sqlite.keys() {
            let up = fs::read_to_string(
                root()
                    .join("migrations")
                    .join(engine)
                    .join(name)
                    .join("up.sql"),
            )
            .unwrap();
            assert!(
                up.starts_with("-- "),
                "{engine}/{name} does not say what it makes possible"
            );
        }
    }
}

/// Nothing names somebody's machine, or a host that packages come from.
#[test]
fn no_machine_is_named() {
    let kinds = [
        "rs", "toml", "md", "sql", "html", "css", "js", "txt", "xml", "xsd", "yml", "sh", "run",
        "service",
    ];
    let mut texts = texts(&kinds);
    texts.extend(["tests/run", ".ci/run"].map(|place| Text::read(&root().join(place))));
    assert!(texts.iter().any(|text| text.place == "README.md"));
    assert_eq!(faults_of(&texts, machine_faults), Vec::<String>::new());
}

#[test]
fn a_named_machine_is_named() {
    let text = concat!(
        "see /ro",
        "ot/x\nfrom index.crates",
        ".io\nhttps://example.org/work"
    );
    let text = Text {
        place: "a.md".to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(
        machine_faults(&text),
        [
            concat!("a.md:1: names /ro", "ot/"),
            concat!("a.md:2: names crates", ".io")
        ]
    );
}

fn machine_faults(text: &Text) -> Vec<String> {
    const NAMES: [&str; 10] = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Use", "rs/"),
        concat!("/wo", "rk/"),
        concat!("/tmp/", "wt"),
        concat!("/tmp/", "plan"),
        concat!("crates", ".io"),
        concat!("py", "pi.org"),
        concat!("npm", "js.org"),
        concat!("debian", ".org"),
    ];
    let named = |line: &str| NAMES.into_iter().find(|name| line.contains(name));
    let lines = text
        .lines()
        .filter_map(|(line, words)| Some((line, named(words)?)));
    lines
        .map(|(line, name)| format!("{}:{line}: names {name}", text.place))
        .collect()
}

/// A requirement that a test claims to prove exists. The list of requirements is not part of the project: where it is
/// missing, the run says so.
#[test]
fn every_requirement_named_exists() {
    let corpus = std::env::var_os("PACKTWIN_CORPUS").map(PathBuf::from);
    let corpus = corpus.unwrap_or_else(|| root().join("../shared/corpus"));
    let Ok(list) = fs::read_to_string(corpus.join("validation/urs.csv")) else {
        println!("requirement ids are not compared: there is no validation/urs.csv in the corpus");
        return;
    };
    let known: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert!(known.contains("URS-MD-001"));
    let mut named = BTreeMap::new();
    for source in texts(&["rs"]) {
        for id in requirement_ids(&source.text) {
            named.entry(id).or_insert_with(|| source.place.clone());
        }
    }
    assert!(named.len() > 20, "{named:?}");
    let unknown: Vec<_> = named
        .iter()
        .filter(|(id, _)| !known.contains(id.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn requirement_ids_are_found() {
    assert_eq!(
        requirement_ids("/// URS-SN-005, (URS-MD-008): x URS-… and URS- too"),
        ["URS-SN-005", "URS-MD-008"]
    );
}

fn requirement_ids(text: &str) -> Vec<String> {
    let starts = text.match_indices("URS-").map(|(at, _)| &text[at..]);
    starts
        .map(|rest| {
            let is_of_id = |character: char| {
                character.is_ascii_uppercase() || character.is_ascii_digit() || character == '-'
            };
            rest.split(|character| !is_of_id(character))
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .filter(|id| id.len() > "URS-XX-".len())
        .collect()
}

/// Not a rule: files that may hold two rooms, longest first. Printed with `--nocapture`.
#[test]
fn long_files_are_reported() {
    let mut lines: Vec<(usize, String)> = texts(&["rs"])
        .into_iter()
        .map(|source| (source.text.lines().count(), source.place))
        .collect();
    lines.sort_by(|left, right| right.cmp(left));
    let sum: usize = lines.iter().map(|(count, _)| count).sum();
    println!("{} sources, {sum} lines", lines.len());
    for (count, place) in lines
        .iter()
        .take_while(|(count, _)| *count > LONG_FILE_LINES)
    {
        println!("{count:6} {place}");
    }
    assert!(sum > 0);
}

// ---- reading the project ----

struct Manifest {
    place: String,
    table: Table,
}

struct Dependency {
    /// The name in this manifest.
    key: String,
    /// The crate's own name.
    crate_name: String,
    table: &'static str,
    is_from_root: bool,
}

impl Manifest {
    fn parse(place: &str, text: &str) -> Manifest {
        Manifest {
            place: place.to_owned(),
            table: text.parse().unwrap(),
        }
    }

    fn read(path: &Path) -> Manifest {
        Manifest::parse(&relative(path), &fs::read_to_string(path).unwrap())
    }

    fn name(&self) -> &str {
        self.table["package"]["name"].as_str().unwrap()
    }

    /// All dependencies, those of single targets too.
    fn dependencies(&self) -> Vec<Dependency> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let targets = targets
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table);
        let places = std::iter::once(&self.table).chain(targets);
        let tables = places.flat_map(|place| {
            DEPENDENCY_TABLES
                .into_iter()
                .filter_map(move |name| Some((name, place.get(name)?.as_table()?)))
        });
        tables
            .flat_map(|(table, entries)| {
                entries.iter().map(move |(key, value)| {
                    let text = |name: &str| value.get(name).and_then(Value::as_str);
                    Dependency {
                        key: key.clone(),
                        crate_name: text("package").unwrap_or(key).to_owned(),
                        table,
                        is_from_root: value.get("workspace") == Some(&Value::Boolean(true)),
                    }
                })
            })
            .collect()
    }
}

/// The manifests of all members.
fn manifests() -> Vec<Manifest> {
    let root_manifest = Manifest::read(&root().join("Cargo.toml"));
    let members = root_manifest.table["workspace"]["members"]
        .as_array()
        .unwrap();
    members
        .iter()
        .map(|member| Manifest::read(&root().join(member.as_str().unwrap()).join("Cargo.toml")))
        .collect()
}

struct Text {
    place: String,
    text: String,
}

impl Text {
    fn read(path: &Path) -> Text {
        let bytes = fs::read(path).unwrap();
        Text {
            place: relative(path),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

fn texts(endings: &[&str]) -> Vec<Text> {
    files(endings).iter().map(|path| Text::read(path)).collect()
}

/// All files of the project with one of these endings; what is built or hidden is no part of it.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if name.starts_with('.') || ["target", "demo-site"].contains(&&*name) {
                continue;
            }
            let ending = path.extension().and_then(|ending| ending.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if ending.is_some_and(|ending| endings.contains(&ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn faults_of<T>(things: &[T], rule: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    things.iter().flat_map(rule).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}
