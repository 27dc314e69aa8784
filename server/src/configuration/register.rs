//! The register of settings: key, default, meaning. The help text, the file, the environment and the reader are all
//! checked against this one list.

use super::source::variable;

/// One setting.
pub(super) struct Setting {
    /// Its key in the file, dots for tables.
    pub(super) key: &'static str,
    /// What holds when nobody says otherwise; `None` when it must be said or may be absent.
    pub(super) default: Option<&'static str>,
    /// What it means, with its unit.
    pub(super) meaning: &'static str,
}

macro_rules! settings {
    ($($key:literal $default:expr, $meaning:literal;)*) => {
        pub(super) const SETTINGS: &[Setting] = &[
            $(Setting { key: $key, default: $default, meaning: $meaning },)*
        ];
    };
}

settings! {
    "environment" None, "test, validation or production; must equal the word written in the database";
    "listen" Some("127.0.0.1:8080"), "address and port to listen on";
    "public_url" None, "the address people type, https://host[:port]; http only on loopback";
    "database" None, "path of an SQLite file, or postgres://user:password@host/name";
    "database_owner" None, "PostgreSQL only: the address of the owner's role, used by migrate and nowhere else";
    "verifier.database" None, "the verifiers' own database: path of an SQLite file, or postgres://…; without it nobody verifies here";
    "verifier.database_owner" None, "PostgreSQL only: the address of the owner's role of the verifiers' database, used by migrate";
    "verifier.repository" None, "PostgreSQL only: the site's database with the login of verification; without it the login of the site";
    "verifier.key" None, "file of the verifiers' key; without it verifier.key in the folder";
    "folder" None, "folder of the site's files: originals, documents, keys";
    "connections" Some("16"), "connections to the database, at most";
    "workers" Some("0"), "threads that serve requests; 0 means one for each processor";
    "trusted_proxies" Some(""), "addresses or networks whose X-Forwarded-For is believed";
    "background" Some("true"), "whether serve also does the jobs and sends the messages; false where packtwin worker does";
    "trusted_roots" Some("/etc/ssl/certs/ca-certificates.crt"), "PEM file with the authorities trusted for webhook receivers";
    "breach_list" None, "file with known passwords, one a line, plain or as SHA-1";
    "sessions.hours" Some("12"), "hours after which a sign-in ends in any case";
    "sessions.idle_minutes" Some("30"), "minutes without a request after which a sign-in ends";
    "tls.certificate" None, "PEM file with the certificate chain; makes the listener speak TLS";
    "tls.key" None, "PEM file with the private key of the certificate";
    "limits.upload_bytes" Some("21474836480"), "bytes of one uploaded file, at most";
    "limits.json_bytes" Some("1048576"), "bytes of one request that is no file, at most";
    "limits.calls_per_minute_key" Some("3000"), "calls of one API key in a minute";
    "limits.calls_per_minute_person" Some("1200"), "calls of one signed-in person in a minute";
    "limits.calls_per_minute_address" Some("6000"), "calls from one address in a minute, signed in or not";
    "webhooks.ports" Some("443,8443"), "ports a webhook address may name";
    "webhooks.loopback" Some("false"), "whether webhooks may go to this machine; never on a production site";
    "mail.sender" None, "the address that letters come from";
    "mail.server" None, "mail server: smtps://host[:465], smtp://host[:587] with STARTTLS, or smtp-clear://127.0.0.1:port";
    "mail.user" None, "name for the mail server, where it asks for one";
    "mail.password_file" None, "file with the password for the mail server";
    "mail.folder" None, "instead of a server: a folder into which each letter is written as a file";
    "simulators.eu_hub" None, "control address of a simulated EU hub on this machine, http://127.0.0.1:port; never on a production site";
    "log.format" Some("json"), "json or text";
    "log.level" Some("info"), "error, warn, info or debug";
}

/// The list of settings as the help text shows it.
pub fn describe() -> String {
    let mut text = String::from("Settings (key in the file, variable, default, meaning):\n");
    for setting in SETTINGS {
        let default = match setting.default {
            Some("") => "none".to_owned(),
            Some(default) => default.to_owned(),
            None => "-".to_owned(),
        };
        text.push_str(&format!(
            "  {}  {}  [{default}]  {}\n",
            setting.key,
            variable(setting.key),
            setting.meaning
        ));
    }
    text
}
