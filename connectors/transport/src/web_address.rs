//! How the address of a receiver may be written, and its one normal form (security.md section 8).
//!
//! What is judged here is what another reader will connect to: no second spelling of a number, no name that only an inner
//! network knows, no character that could end a line of a header. What a name resolves to is judged when connecting, by
//! [`crate::address`].

use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest address that is kept, in bytes.
const BYTES_MAX: usize = 2_048;
/// The longest name of a host, in bytes (RFC 1035, section 2.3.4).
const NAME_BYTES_MAX: usize = 253;
/// The longest label of a name, in bytes.
const LABEL_BYTES_MAX: usize = 63;
/// Ends of names that no public server bears (RFC 6761, 6762, 7686, 8375; ICANN's reservation of `internal`).
const INNER: [&str; 6] = [
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "onion",
    "invalid",
];

/// An address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebAddress {
    /// `https` or `http`.
    pub scheme: String,
    /// The host in lower case, IPv6 without its brackets.
    pub host: String,
    /// The port, that of the scheme where none is written.
    pub port: u16,
    /// Path and query, at least `/`.
    pub path: String,
}

impl WebAddress {
    /// Takes an address apart.
    ///
    /// # Errors
    /// The rule that stands against how it is written, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("the address is longer than {BYTES_MAX} bytes"));
        }
        check_characters(text)?;
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("the address names no scheme; write https://".to_owned());
        };
        let scheme = scheme.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return Err("the scheme is not https".to_owned()),
        };
        if rest.contains('#') {
            return Err("the address has a part behind #, which is never sent".to_owned());
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("the address holds a user name".to_owned());
        }
        let (host, port) = host_and_port(authority)?;
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        Ok(WebAddress {
            scheme,
            host,
            port: port.unwrap_or(usual),
            path,
        })
    }

    /// Whether the host is written as loopback; what it resolves to is judged again when connecting.
    pub fn names_loopback(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether a public server can have this host.
    ///
    /// # Errors
    /// The rule that stands against it, in words.
    pub fn check_public(&self) -> Result<(), String> {
        let host = self.host.as_str();
        if host.parse::<std::net::IpAddr>().is_ok() {
            return Ok(());
        }
        let is_inner = |end: &str| {
            host.strip_suffix(end)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        if let Some(end) = INNER.into_iter().find(|end| is_inner(end)) {
            return Err(format!("names that end in {end} belong to inner networks"));
        }
        if !host.contains('.') {
            return Err("a name without a dot belongs to an inner network".to_owned());
        }
        Ok(())
    }

    /// The one form in which it is kept and shown.
    pub fn normal(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let port = match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => String::new(),
            (_, port) => format!(":{port}"),
        };
        format!("{}://{host}{port}{}", self.scheme, self.path)
    }
}

/// The characters of RFC 3986, and no control character in either form.
fn check_characters(text: &str) -> Result<(), String> {
    const OTHERS: &[u8] = b"-._~:/?#[]@!$&'()*+,;=";
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let is_right = match byte {
            b'%' => {
                let digits = bytes.get(at + 1..at + 3).unwrap_or_default();
                let value = std::str::from_utf8(digits)
                    .ok()
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                value.is_some_and(|value| digits.len() == 2 && !value.is_ascii_control())
            }
            byte => byte.is_ascii_alphanumeric() || OTHERS.contains(&byte),
        };
        if !is_right {
            return Err(format!(
                "at place {} is a character that an address cannot have",
                at + 1
            ));
        }
    }
    Ok(())
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, behind) = v6
                .split_once(']')
                .ok_or("the bracket of the host is open")?;
            let host = host
                .parse::<Ipv6Addr>()
                .map_err(|_| "what stands in brackets is no IPv6 address")?;
            let port = match behind.strip_prefix(':') {
                None if behind.is_empty() => None,
                None => return Err("behind the host belongs a port or a path".to_owned()),
                Some(port) => Some(port),
            };
            (host.to_string(), port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (name(host)?, Some(port)),
            None => (name(authority)?, None),
        },
    };
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            let port = digits.parse::<u16>().ok().filter(|port| *port > 0);
            Some(port.ok_or("the port is none from 1 to 65535")?)
        }
        Some(_) => return Err("the port is none from 1 to 65535".to_owned()),
    };
    Ok((host, port))
}

/// A name or an IPv4 address, in lower case and without the dot of the root.
fn name(text: &str) -> Result<String, String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.is_empty() {
        return Err("the address names no host".to_owned());
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    // Readers take such a host as a number, each in its own way (WHATWG URL, "ends in a number").
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number {
        return match name.parse::<Ipv4Addr>() {
            Ok(ip) => Ok(ip.to_string()),
            Err(_) => Err("an IPv4 address is written as four numbers from 0 to 255".to_owned()),
        };
    }
    let is_label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if name.len() > NAME_BYTES_MAX || !name.split('.').all(is_label) {
        return Err("the host is no name of letters, digits, hyphens and dots".to_owned());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let normal = WebAddress::parse(text)
            .and_then(|address| address.check_public().map(|()| address.normal()));
        assert_eq!(normal.as_deref().ok(), expected, "{text}: {normal:?}");
    }

    #[test]
    fn an_address_has_one_normal_form() {
        for (text, normal) in [
            ("https://receiver.example", "https://receiver.example/"),
            (
                "HTTPS://Receiver.Example:443/Hook?a=B%20c",
                "https://receiver.example/Hook?a=B%20c",
            ),
            (
                "https://receiver.example.:8443/",
                "https://receiver.example:8443/",
            ),
            ("https://receiver.example?x", "https://receiver.example/?x"),
            ("https://93.184.216.34/x", "https://93.184.216.34/x"),
            (
                "https://[2606:2800:0220:0001::1]/",
                "https://[2606:2800:220:1::1]/",
            ),
        ] {
            check(text, Some(normal));
            check(normal, Some(normal));
        }
    }

    /// URS-CN-009: no second spelling of an inner address, no inner name, nothing that could end a header's line.
    #[test]
    fn what_another_reader_would_read_otherwise_is_refused() {
        for text in [
            "",
            "receiver.example/hook",
            "ftp://receiver.example/",
            "https://",
            "https://:443/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://metadata.google.internal/",
            "https://printer.local/",
            "https://router.home.arpa/",
            "https://intranet/",
            "https://0/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://1.2.3.4.5/",
            "https://user:secret@receiver.example/",
            "https://receiver.example:0/",
            "https://receiver.example:65536/",
            "https://receiver.example:+443/",
            "https://receiver.example/%0d%0aX:y",
            "https://receiver.example/%0D",
            "https://receiver.example/%7f",
            "https://receiver.example/%2",
            "https://receiver.example/a b",
            "https://receiver.example/a\r\nX: y",
            "https://receiver.example\\@inner/",
            "https://receiver.example/#part",
            "https://r\u{e9}ceiver.example/",
            "https://-a.example/",
            "https://a..example/",
            "https://[::1/",
            "https://[::1]x/",
        ] {
            check(text, None);
        }
        check(
            &format!("https://receiver.example/{}", "a".repeat(2_048)),
            None,
        );
    }
}
