//! The address of a PostgreSQL database, taken apart as far as encryption is concerned.
//!
//! `postgres://user:password@host:port[,host:port…]/database?setting=value&…`, as libpq's documentation (34.1.1.2) has it. Our
//! libpq is built without TLS, so the `ssl…` settings are read here and never reach it; what is not understood is refused,
//! since a setting that is meant to protect must not be passed over in silence.

use crate::error::StoreError;

/// The port when none is named.
const PORT: u16 = 5432;
/// Seconds for reaching a server and agreeing on a key, when `connect_timeout` does not say.
const CONNECT_SECONDS: u64 = 10;

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server refuses plain connections.
    Allow,
    /// Encrypted where the server offers it.
    Prefer,
    /// Always encrypted; the server's certificate is checked where a root certificate is at hand.
    Require,
    /// Always encrypted, the certificate is from a known authority.
    VerifyCa,
    /// Always encrypted, the certificate is from a known authority and names the host.
    VerifyFull,
}

/// One server that may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    /// A socket in the file system, which needs no encryption.
    fn is_local_socket(&self) -> bool {
        self.host.is_empty() || self.host.starts_with(['/', '@'])
    }

    fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

/// An address taken apart. Holds a password, so it does not print.
#[derive(Clone)]
pub(super) struct PostgresAddress {
    /// `user:password@`, as written.
    user_info: String,
    pub(super) places: Vec<Place>,
    /// As written.
    database: String,
    /// Other settings, as written.
    settings: Vec<String>,
    ssl_mode: Option<SslMode>,
    pub(super) root_certificate: Option<String>,
    pub(super) client_certificate: Option<(String, String)>,
    pub(super) connect_seconds: u64,
}

impl PostgresAddress {
    /// Takes an address apart.
    ///
    /// # Errors
    /// [`StoreError::WrongSite`] with what is not understood; never with the password.
    pub(super) fn parse(address: &str) -> Result<Self, StoreError> {
        let (_, rest) = address
            .split_once("://")
            .ok_or_else(|| wrong("it has no scheme"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let (mut hosts, mut ports): (Vec<String>, Vec<String>) = hosts
            .split(',')
            .map(host_and_port)
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .unzip();
        let mut parsed = PostgresAddress {
            user_info,
            places: Vec::new(),
            database: database.to_owned(),
            settings: Vec::new(),
            ssl_mode: None,
            root_certificate: None,
            client_certificate: None,
            connect_seconds: CONNECT_SECONDS,
        };
        let (mut certificate, mut key) = (None, None);
        for setting in query.split('&').filter(|setting| !setting.is_empty()) {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| wrong("a setting has no value"))?;
            let value = decoded(value)?;
            match name {
                "host" => hosts = value.split(',').map(str::to_owned).collect(),
                "port" => ports = value.split(',').map(str::to_owned).collect(),
                "sslmode" => parsed.ssl_mode = Some(mode(&value)?),
                "ssl" if value == "true" => parsed.ssl_mode = Some(SslMode::Require),
                "sslrootcert" => parsed.root_certificate = Some(value),
                "sslcert" => certificate = Some(value),
                "sslkey" => key = Some(value),
                "hostaddr" => {
                    return Err(wrong(
                        "hostaddr is not supported; write the address as host",
                    ));
                }
                name if name.starts_with("ssl") => {
                    return Err(wrong(&format!("the setting {name} is not supported")));
                }
                "connect_timeout" => {
                    parsed.connect_seconds = value
                        .parse()
                        .map_err(|_| wrong("connect_timeout is no number"))?;
                    parsed.settings.push(setting.to_owned());
                }
                _ => parsed.settings.push(setting.to_owned()),
            }
        }
        parsed.client_certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(wrong("sslcert and sslkey come together")),
        };
        parsed.places = places(&hosts, &ports)?;
        Ok(parsed)
    }

    /// How connections are to be protected. Without a word in the address a server on this machine is taken as it wants it,
    /// and one elsewhere is asked for encryption first.
    pub(super) fn ssl_mode(&self) -> SslMode {
        if self.places.iter().all(Place::is_local_socket) {
            return SslMode::Disable;
        }
        let near = |place: &Place| place.is_local_socket() || place.is_loopback();
        self.ssl_mode.unwrap_or(match self.places.iter().all(near) {
            true => SslMode::Allow,
            false => SslMode::Prefer,
        })
    }

    /// The address for libpq without encryption, as the servers are.
    pub(super) fn plain(&self) -> String {
        let hosts: Vec<&str> = self
            .places
            .iter()
            .map(|place| place.host.as_str())
            .collect();
        self.with_hosts(&hosts.join(","))
    }

    /// The address for libpq at other hosts, with the same ports.
    pub(super) fn with_hosts(&self, hosts: &str) -> String {
        let ports: Vec<String> = self
            .places
            .iter()
            .map(|place| place.port.to_string())
            .collect();
        let mut settings = vec![
            format!("host={}", encoded(hosts)),
            format!("port={}", ports.join(",")),
            "sslmode=disable".to_owned(),
        ];
        settings.extend_from_slice(&self.settings);
        format!(
            "postgres://{}/{}?{}",
            self.user_info,
            self.database,
            settings.join("&")
        )
    }
}

fn mode(word: &str) -> Result<SslMode, StoreError> {
    Ok(match word {
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        other => return Err(wrong(&format!("sslmode {other} is not known"))),
    })
}

/// `host`, `host:port` or `[IPv6]:port`, both parts as text.
fn host_and_port(text: &str) -> Result<(String, String), StoreError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').unwrap_or(port)),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    Ok((decoded(host)?, port.to_owned()))
}

/// libpq's rule: as many ports as hosts, or one for all.
fn places(hosts: &[String], ports: &[String]) -> Result<Vec<Place>, StoreError> {
    if ports.len() != hosts.len() && ports.len() != 1 {
        return Err(wrong("there are not as many ports as hosts"));
    }
    let port_of = |index: usize| {
        let port = ports
            .get(index)
            .or(ports.first())
            .map_or("", String::as_str);
        match port {
            "" => Ok(PORT),
            port => port.parse().map_err(|_| wrong("the port is no number")),
        }
    };
    let place = |(index, host): (usize, &String)| {
        Ok(Place {
            host: host.clone(),
            port: port_of(index)?,
        })
    };
    hosts.iter().enumerate().map(place).collect()
}

fn decoded(text: &str) -> Result<String, StoreError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or_else(|| wrong("a % is not followed by two hexadecimal digits"))?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong("a value is no UTF-8"))
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b',' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

pub(super) fn wrong(why: &str) -> StoreError {
    StoreError::WrongSite(format!(
        "the address of the PostgreSQL database is not usable: {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, places: &[(&str, u16)], mode: SslMode, plain: &str) {
        let parsed = PostgresAddress::parse(address).map_err(|error| error.to_string());
        let parsed = parsed.unwrap_or_else(|error| panic!("{address}: {error}"));
        let found: Vec<(&str, u16)> = parsed
            .places
            .iter()
            .map(|p| (p.host.as_str(), p.port))
            .collect();
        assert_eq!(found, places, "{address}");
        assert_eq!(parsed.ssl_mode(), mode, "{address}");
        assert_eq!(parsed.plain(), plain);
    }

    #[test]
    fn an_address_says_where_and_how() {
        check(
            "postgres://localhost/site",
            &[("localhost", 5432)],
            SslMode::Allow,
            "postgres:///site?host=localhost&port=5432&sslmode=disable",
        );
        check(
            "postgresql://me:p%40ss@db.example:6432/site?sslmode=verify-full&sslrootcert=%2Fca.pem&application_name=x",
            &[("db.example", 6432)],
            SslMode::VerifyFull,
            "postgres://me:p%40ss@/site?host=db.example&port=6432&sslmode=disable&application_name=x",
        );
        check(
            "postgres://a,b:2/site",
            &[("a", 5432), ("b", 2)],
            SslMode::Prefer,
            "postgres:///site?host=a,b&port=5432,2&sslmode=disable",
        );
        check(
            "postgres://[::1]:7/",
            &[("::1", 7)],
            SslMode::Allow,
            "postgres:///?host=%3A%3A1&port=7&sslmode=disable",
        );
        check(
            "postgres://%2Frun%2Fpg/site?sslmode=require",
            &[("/run/pg", 5432)],
            SslMode::Disable,
            "postgres:///site?host=/run/pg&port=5432&sslmode=disable",
        );
        check(
            "postgres:///site?host=/run/pg&port=9",
            &[("/run/pg", 9)],
            SslMode::Disable,
            "postgres:///site?host=/run/pg&port=9&sslmode=disable",
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_without_the_password() {
        for address in [
            "postgres://me:hidden@db/site?sslmode=maybe",
            "postgres://me:hidden@db/site?sslcrl=x",
            "postgres://me:hidden@db/site?sslcert=x",
            "postgres://me:hidden@db/site?hostaddr=::1",
            "postgres://me:hidden@db:port/site",
            "postgres://me:hidden@a:1,b:2,c/site?port=1,2",
            "postgres://me:hidden@d%zz/site",
            "postgres://me:hidden@db/site?nothing",
        ] {
            let Err(error) = PostgresAddress::parse(address) else {
                panic!("{address} was taken");
            };
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}
