//! Where settings come from: a TOML file, and over it the environment. Every value is text until it is read, so that both
//! origins share one reader and a fault names both places where it can be mended.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::register::{SETTINGS, Setting};

/// What every variable of ours begins with.
const PREFIX: &str = "PACKTWIN_";
/// Variables of the test run and of `packtwin upload`, which configure no site.
const NOT_OURS: [&str; 2] = ["PACKTWIN_TEST_", "PACKTWIN_UPLOAD_"];

/// The settings as texts, and what was wrong with them so far.
pub(super) struct Source {
    values: BTreeMap<&'static str, String>,
    faults: Vec<String>,
}

impl Source {
    /// Takes the texts of a file and of the environment; what neither names has its default.
    pub(super) fn new(file: &str, variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut source = Source {
            values: BTreeMap::new(),
            faults: Vec::new(),
        };
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                source.values.insert(setting.key, default.to_owned());
            }
        }
        match file.parse::<toml::Table>() {
            Ok(table) => source.take_table("", &table),
            Err(error) => source
                .faults
                .push(format!("the file is no TOML: {}", error.message())),
        }
        for (name, value) in variables {
            source.take_variable(&name, value);
        }
        source
    }

    /// Reads a setting that must be there.
    pub(super) fn required<T: FromStr>(&mut self, key: &'static str, wanted: &str) -> Option<T> {
        if !self.values.contains_key(key) {
            self.fault(key, "is missing", wanted);
            return None;
        }
        self.optional(key, wanted)
    }

    /// Reads a setting that may be absent.
    pub(super) fn optional<T: FromStr>(&mut self, key: &'static str, wanted: &str) -> Option<T> {
        let text = self.values.get(key)?.clone();
        let value = text.trim().parse().ok();
        if value.is_none() {
            self.fault(key, &format!("\"{text}\" cannot be read"), wanted);
        }
        value
    }

    /// Reads a list: an array in the file, comma-separated in a variable.
    pub(super) fn list<T: FromStr>(&mut self, key: &'static str, wanted: &str) -> Vec<T> {
        let text = self.values.get(key).cloned().unwrap_or_default();
        let mut values = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match part.parse() {
                Ok(value) => values.push(value),
                Err(_) => self.fault(key, &format!("\"{part}\" cannot be read"), wanted),
            }
        }
        values
    }

    /// Adds a fault that only shows between settings.
    pub(super) fn fault(&mut self, key: &'static str, what: &str, wanted: &str) {
        self.faults
            .push(format!("{key} ({}): {what}; {wanted}", variable(key)));
    }

    /// Every fault found.
    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults
    }

    fn take_table(&mut self, above: &str, table: &toml::Table) {
        for (name, value) in table {
            let key = if above.is_empty() {
                name.clone()
            } else {
                format!("{above}.{name}")
            };
            match (value, known(&key)) {
                (toml::Value::Table(inner), None) => self.take_table(&key, inner),
                (_, None) => self.faults.push(format!("{key}: there is no such setting")),
                (value, Some(setting)) => match plain(value) {
                    Some(text) => {
                        self.values.insert(setting.key, text);
                    }
                    None => self.fault(
                        setting.key,
                        "is no plain value",
                        "write a text, a number or a list of texts",
                    ),
                },
            }
        }
    }

    fn take_variable(&mut self, name: &str, value: String) {
        let not_ours = NOT_OURS.iter().any(|begin| name.starts_with(begin));
        if !name.starts_with(PREFIX) || not_ours {
            return;
        }
        match SETTINGS
            .iter()
            .find(|setting| variable(setting.key) == name)
        {
            Some(setting) => {
                self.values.insert(setting.key, value);
            }
            None => self
                .faults
                .push(format!("{name}: there is no such setting")),
        }
    }
}

/// The variable that sets a key: `limits.json_bytes` is `PACKTWIN_LIMITS_JSON_BYTES`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

fn known(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(parts) => {
            let parts: Option<Vec<String>> = parts.iter().map(plain).collect();
            parts.map(|parts| parts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}
