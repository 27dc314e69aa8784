//! Every source says what it is for, leaves nothing behind, and keeps to its room; migrations come in pairs.

use std::collections::BTreeMap;
use std::fs;

use super::project::{Text, faults_of, root, texts};

/// Files longer than this are named in the report; nothing more.
const LONG_FILE_LINES: usize = 500;

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
        "core/src/a/tests.rs",
        "use super::*;",
        source_faults,
        &["core/src/a/tests.rs: does not say what it is for"],
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
    if !source.text.starts_with("//! ") {
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
