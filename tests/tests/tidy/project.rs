//! Reading the project: its manifests, its texts, and where they stand.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

pub struct Manifest {
    pub place: String,
    pub table: Table,
}

pub struct Dependency {
    /// The name in this manifest.
    pub key: String,
    /// The crate's own name.
    pub crate_name: String,
    pub table: &'static str,
    pub is_from_root: bool,
}

impl Manifest {
    pub fn parse(place: &str, text: &str) -> Manifest {
        Manifest {
            place: place.to_owned(),
            table: text.parse().unwrap(),
        }
    }

    pub fn read(path: &Path) -> Manifest {
        Manifest::parse(&relative(path), &fs::read_to_string(path).unwrap())
    }

    pub fn name(&self) -> &str {
        self.table["package"]["name"].as_str().unwrap()
    }

    /// All dependencies, those of single targets too.
    pub fn dependencies(&self) -> Vec<Dependency> {
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
pub fn manifests() -> Vec<Manifest> {
    let root_manifest = Manifest::read(&root().join("Cargo.toml"));
    let members = root_manifest.table["workspace"]["members"]
        .as_array()
        .unwrap();
    members
        .iter()
        .map(|member| Manifest::read(&root().join(member.as_str().unwrap()).join("Cargo.toml")))
        .collect()
}

pub struct Text {
    pub place: String,
    pub text: String,
}

impl Text {
    pub fn read(path: &Path) -> Text {
        let bytes = fs::read(path).unwrap();
        Text {
            place: relative(path),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

pub fn texts(endings: &[&str]) -> Vec<Text> {
    files(endings).iter().map(|path| Text::read(path)).collect()
}

/// All files of the project with one of these endings; what is built or hidden is no part of it.
pub fn files(endings: &[&str]) -> Vec<PathBuf> {
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

pub fn faults_of<T>(things: &[T], rule: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    things.iter().flat_map(rule).collect()
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}
