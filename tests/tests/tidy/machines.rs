//! Nothing names somebody's machine, or a host that packages come from.

use super::project::{Text, faults_of, root, texts};

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
