//! How a site is set up: a TOML file, every setting also by environment variable, all faults told at once.
//!
//! The configuration names its environment; the database does too, and [`packtwin_tenants::site::Site::open`] stops the
//! start when they differ (URS-CN-009). Secrets in it (the database address) are never printed.

mod control_url;
mod mail;
mod network;
mod register;
mod source;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use packtwin_core::environment::Environment;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::store::session::SessionLimits;

pub use self::control_url::ControlUrl;
pub use self::mail::{MailAddress, MailRules, MailWay};
pub use self::network::{Network, NetworkError};
pub use self::register::describe;
use self::source::Source;
use crate::log::LogFormat;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// What this site is.
    pub environment: Environment,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address people type, without a slash at its end.
    pub public_url: PublicUrl,
    /// The database as the serving role sees it.
    pub database: Engine,
    /// The database as its owner sees it, for `migrate`.
    pub database_owner: Engine,
    /// The verifiers' side, where this site has one.
    pub verifier: Option<VerifierConfiguration>,
    /// The folder of the site's files.
    pub folder: PathBuf,
    /// Connections to the database, at most.
    pub connections: u32,
    /// Threads that serve requests; `None` means one for each processor.
    pub workers: Option<usize>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether `serve` also does the jobs and sends the messages.
    pub background: bool,
    /// The authorities trusted for webhook receivers.
    pub trusted_roots: PathBuf,
    /// A file with known passwords.
    pub breach_list: Option<PathBuf>,
    /// How long a sign-in lasts.
    pub sessions: SessionLimits,
    /// Certificate and key, when this process speaks TLS itself.
    pub tls: Option<TlsFiles>,
    /// What one caller may ask for.
    pub limits: Limits,
    /// Where webhooks may go.
    pub webhooks: WebhookRules,
    /// How letters leave; none are written without.
    pub mail: Option<MailRules>,
    /// The control address of a simulated EU hub; never on a production site.
    pub simulator: Option<ControlUrl>,
    /// How a log record looks.
    pub log_format: LogFormat,
    /// From which level on records are written.
    pub log_level: String,
}

/// Where the verifiers' side is.
#[derive(Debug, Clone)]
pub struct VerifierConfiguration {
    /// Its own database as the serving role sees it.
    pub database: Engine,
    /// The same as its owner sees it, for `migrate`.
    pub database_owner: Engine,
    /// The site's database with the login of verification.
    pub repository: Engine,
    /// The file of its key.
    pub key: PathBuf,
}

/// The files a TLS listener needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM, the certificate chain.
    pub certificate: PathBuf,
    /// PEM, the private key.
    pub key: PathBuf,
}

/// What one caller may ask for (ATK-033, ATK-083).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one uploaded file.
    pub upload_bytes: u64,
    /// Bytes of one request that is no file.
    pub json_bytes: usize,
    /// Calls of one API key in a minute.
    pub calls_per_minute_key: NonZeroU32,
    /// Calls of one signed-in person in a minute.
    pub calls_per_minute_person: NonZeroU32,
    /// Calls from one address in a minute.
    pub calls_per_minute_address: NonZeroU32,
}

/// Where webhooks may go (security.md section 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRules {
    /// Ports an address may name.
    pub ports: Vec<u16>,
    /// Whether this machine itself may be told; for tests.
    pub loopback: bool,
}

/// `https://host[:port]`, or `http://` on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address without a slash at its end: what a browser sends as `Origin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers come over TLS, so that cookies may be `Secure` and HSTS is told.
    pub fn is_tls(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// The text is no public address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an https address, and not http on loopback")]
pub struct PublicUrlError;

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let authority = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(authority), _) => authority,
            (None, Some(authority)) if is_loopback(authority) => authority,
            (None, _) => return Err(PublicUrlError),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(plain) {
            return Err(PublicUrlError);
        }
        Ok(PublicUrl(text.to_ascii_lowercase()))
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.parse::<SocketAddr>() {
        Ok(address) => return address.ip().is_loopback(),
        Err(_) => authority
            .split_once(':')
            .map_or(authority, |(host, _)| host),
    };
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The configuration cannot be used; every fault is named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n  {}", .0.join("\n  "))]
pub struct ConfigurationFaults(pub Vec<String>);

impl Configuration {
    /// Reads a file, when one is named, and the environment over it.
    ///
    /// # Errors
    /// Everything that is missing, unknown, unreadable or contradicts itself.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigurationFaults> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).map_err(|error| {
                ConfigurationFaults(vec![format!("{} cannot be read: {error}", path.display())])
            })?,
        };
        Configuration::read(&text, std::env::vars())
    }

    /// Reads the text of a file and a set of variables.
    ///
    /// # Errors
    /// As [`Configuration::load`].
    pub fn read(
        file: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigurationFaults> {
        let mut source = Source::new(file, variables);
        let read = read(&mut source);
        match (read, source.into_faults()) {
            (Some(configuration), faults) if faults.is_empty() => Ok(configuration),
            (_, faults) => Err(ConfigurationFaults(faults)),
        }
    }
}

/// Reads every setting before it gives up, so that every fault is found.
fn read(source: &mut Source) -> Option<Configuration> {
    const COUNT: &str = "write a whole number above zero";
    let environment = source.required("environment", "write test, validation or production");
    let listen = source.required("listen", "write address:port");
    let public_url = source.required(
        "public_url",
        "write https://host[:port], or http:// on loopback",
    );
    let database: Option<String> =
        source.required("database", "write a path or a postgres:// address");
    let owner: Option<String> = source.optional("database_owner", "write a postgres:// address");
    let folder: Option<PathBuf> = source.required("folder", "write a path");
    let verifier = read_verifier(source, database.as_deref(), folder.as_deref());
    let connections: Option<NonZeroU32> = source.required("connections", COUNT);
    let workers: Option<usize> = source.required("workers", "write a whole number");
    let trusted_proxies = source.list(
        "trusted_proxies",
        "write addresses or networks such as 10.0.0.0/8",
    );
    let background = source.required("background", "write true or false");
    let trusted_roots = source.required("trusted_roots", "write a path");
    let breach_list = source.optional("breach_list", "write a path");
    let hours: Option<NonZeroU32> = source.required("sessions.hours", COUNT);
    let idle_minutes: Option<NonZeroU32> = source.required("sessions.idle_minutes", COUNT);
    let tls = read_tls(source);
    let upload_bytes = source.required("limits.upload_bytes", "write a number of bytes");
    let json_bytes = source.required("limits.json_bytes", "write a number of bytes");
    let key = source.required("limits.calls_per_minute_key", COUNT);
    let person = source.required("limits.calls_per_minute_person", COUNT);
    let address = source.required("limits.calls_per_minute_address", COUNT);
    let ports = source.list("webhooks.ports", "write port numbers");
    let loopback = source.required("webhooks.loopback", "write true or false");
    let mail = mail::read(source);
    let simulator = source.optional("simulators.eu_hub", "write http://127.0.0.1:port");
    let log_format = source.required("log.format", "write json or text");
    let log_level: Option<LogLevel> =
        source.required("log.level", "write error, warn, info or debug");
    if environment == Some(Environment::Production) && loopback == Some(true) {
        source.fault(
            "webhooks.loopback",
            "a production site never calls itself",
            "write false",
        );
    }
    if environment == Some(Environment::Production) && simulator.is_some() {
        source.fault(
            "simulators.eu_hub",
            "a production site has no simulators",
            "leave it out",
        );
    }
    let database = database?;
    Some(Configuration {
        environment: environment?,
        listen: listen?,
        public_url: public_url?,
        database_owner: Engine::from_address(owner.as_deref().unwrap_or(&database)),
        database: Engine::from_address(&database),
        verifier,
        folder: folder?,
        connections: connections?.get(),
        workers: workers.filter(|&workers| workers > 0),
        trusted_proxies,
        background: background?,
        trusted_roots: trusted_roots?,
        breach_list,
        sessions: SessionLimits {
            absolute_seconds: i64::from(hours?.get()) * 3600,
            idle_seconds: i64::from(idle_minutes?.get()) * 60,
        },
        tls,
        limits: Limits {
            upload_bytes: upload_bytes?,
            json_bytes: json_bytes?,
            calls_per_minute_key: key?,
            calls_per_minute_person: person?,
            calls_per_minute_address: address?,
        },
        webhooks: WebhookRules {
            ports,
            loopback: loopback?,
        },
        mail,
        simulator,
        log_format: log_format?,
        log_level: log_level?.0.to_owned(),
    })
}

fn read_verifier(
    source: &mut Source,
    site: Option<&str>,
    folder: Option<&Path>,
) -> Option<VerifierConfiguration> {
    const ADDRESS: &str = "write a path or a postgres:// address";
    let database: Option<String> = source.optional("verifier.database", ADDRESS);
    let owner: Option<String> = source.optional("verifier.database_owner", ADDRESS);
    let repository: Option<String> = source.optional("verifier.repository", ADDRESS);
    let key: Option<PathBuf> = source.optional("verifier.key", "write a path");
    let Some(database) = database else {
        for (name, given) in [
            ("verifier.database_owner", owner.is_some()),
            ("verifier.repository", repository.is_some()),
            ("verifier.key", key.is_some()),
        ] {
            if given {
                source.fault(name, "stands alone", "write verifier.database, too");
            }
        }
        return None;
    };
    if site == Some(database.as_str()) {
        source.fault(
            "verifier.database",
            "is the site's own database",
            "who asks and what is asked about are kept apart: write another one",
        );
    }
    let repository = repository.or_else(|| site.map(str::to_owned))?;
    Some(VerifierConfiguration {
        database_owner: Engine::from_address(owner.as_deref().unwrap_or(&database)),
        database: Engine::from_address(&database),
        repository: Engine::from_address(&repository),
        key: key.or_else(|| folder.map(|folder| folder.join("verifier.key")))?,
    })
}

fn read_tls(source: &mut Source) -> Option<TlsFiles> {
    let certificate = source.optional("tls.certificate", "write the path of a PEM file");
    let key = source.optional("tls.key", "write the path of a PEM file");
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (Some(_), None) => {
            source.fault(
                "tls.key",
                "is missing beside tls.certificate",
                "write the path of a PEM file",
            );
            None
        }
        (None, Some(_)) => {
            source.fault(
                "tls.certificate",
                "is missing beside tls.key",
                "write the path of a PEM file",
            );
            None
        }
        (None, None) => None,
    }
}

struct LogLevel(&'static str);

impl FromStr for LogLevel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        ["error", "warn", "info", "debug"]
            .into_iter()
            .find(|&level| level == text)
            .map(LogLevel)
            .ok_or(())
    }
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(LogFormat::Json),
            "text" => Ok(LogFormat::Text),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
environment = "test"
public_url = "http://127.0.0.1:8080"
database = "site/packtwin.db"
folder = "site"
trusted_proxies = ["10.0.0.1", "192.168.0.0/16"]
[limits]
json_bytes = 4096
"#;

    fn read_with(file: &str, variables: &[(&str, &str)]) -> Result<Configuration, Vec<String>> {
        let variables = variables
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Configuration::read(file, variables).map_err(|faults| faults.0)
    }

    fn check_faults(file: &str, variables: &[(&str, &str)], expected: &[&str]) {
        let faults = read_with(file, variables).unwrap_err();
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.contains(expected), "{fault} should say {expected}");
        }
    }

    #[test]
    fn a_variable_overrules_the_file_and_the_file_the_default() {
        let read = read_with(
            WHOLE,
            &[
                ("PACKTWIN_LISTEN", "0.0.0.0:9000"),
                ("HOME", "/"),
                ("PACKTWIN_UPLOAD_KEY", "k"),
            ],
        )
        .unwrap();
        assert_eq!(read.listen, "0.0.0.0:9000".parse().unwrap());
        assert_eq!(read.limits.json_bytes, 4096);
        assert_eq!(read.limits.upload_bytes, 20 << 30);
        assert_eq!(read.trusted_proxies.len(), 2);
        assert_eq!(read.database_owner, read.database);
        assert_eq!(read.workers, None);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        check_faults(
            "environment = \"live\"\nlisten = \"here\"\ncolour = 3\n[tls]\nkey = \"k.pem\"",
            &[
                ("PACKTWIN_CONECTIONS", "9"),
                ("PACKTWIN_LIMITS_JSON_BYTES", "-1"),
            ],
            &[
                "colour",
                "PACKTWIN_CONECTIONS",
                "environment (PACKTWIN_ENVIRONMENT)",
                "listen",
                "public_url",
                "database",
                "folder",
                "tls.certificate",
                "limits.json_bytes",
            ],
        );
    }

    #[test]
    fn a_production_site_never_calls_itself_and_has_no_simulator() {
        check_faults(
            WHOLE,
            &[
                ("PACKTWIN_ENVIRONMENT", "production"),
                ("PACKTWIN_WEBHOOKS_LOOPBACK", "true"),
                ("PACKTWIN_SIMULATORS_EU_HUB", "http://127.0.0.1:9000"),
            ],
            &["webhooks.loopback", "simulators.eu_hub"],
        );
    }

    #[test]
    fn the_verifiers_have_a_database_of_their_own() {
        assert!(read_with(WHOLE, &[]).unwrap().verifier.is_none());
        let variables = [("PACKTWIN_VERIFIER_DATABASE", "site/verifier.db")];
        let verifier = read_with(WHOLE, &variables).unwrap().verifier.unwrap();
        assert_eq!(verifier.key, Path::new("site/verifier.key"));
        check_faults(
            WHOLE,
            &[("PACKTWIN_VERIFIER_DATABASE", "site/packtwin.db")],
            &["verifier.database"],
        );
        check_faults(
            WHOLE,
            &[
                ("PACKTWIN_VERIFIER_KEY", "k"),
                ("PACKTWIN_VERIFIER_REPOSITORY", "r"),
            ],
            &["verifier.repository", "verifier.key"],
        );
    }

    #[test]
    fn the_database_address_is_not_printed() {
        let read = read_with(
            WHOLE,
            &[("PACKTWIN_DATABASE", "postgres://app:hidden@db/packtwin")],
        )
        .unwrap();
        assert!(!format!("{read:?}").contains("hidden"));
    }

    #[test]
    fn a_public_address_is_https_or_loopback() {
        for good in [
            "https://packs.example.org",
            "http://localhost:8080/",
            "http://127.0.0.1",
            "http://[::1]:80",
        ] {
            assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://packs.example.org",
            "packs.example.org",
            "https://",
            "https://a/b",
            "ftp://a",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_help_names_every_setting() {
        let help = describe();
        assert!(
            help.contains("limits.json_bytes  PACKTWIN_LIMITS_JSON_BYTES  [1048576]"),
            "{help}"
        );
    }
}
