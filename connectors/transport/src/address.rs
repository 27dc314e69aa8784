//! Which addresses may be connected to: public ones, or loopback and nothing else where a simulator is meant.
//!
//! The rule is applied to the addresses a name resolved to, and the connection is made to exactly those; a name that
//! points to a public and a private address is refused as a whole. IPv4 inside IPv6 (mapped, 6to4, NAT64) is judged as
//! IPv4 (security.md section 8).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which addresses and ports may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRules {
    /// The ports that may be connected to; loopback may use any.
    pub ports: Vec<u16>,
    /// Whether a loopback address is meant, and nothing else.
    pub loopback: bool,
}

impl AddressRules {
    /// Public addresses on 443 and 8443.
    pub fn public() -> Self {
        AddressRules {
            ports: vec![443, 8443],
            loopback: false,
        }
    }

    /// Loopback addresses only, on any port: simulators of a test site.
    pub fn loopback() -> Self {
        AddressRules {
            ports: Vec::new(),
            loopback: true,
        }
    }

    /// Whether this address may be connected to.
    ///
    /// # Errors
    /// The rule that stands against it, in words.
    pub fn check(&self, address: SocketAddr) -> Result<(), String> {
        let ip = canonical(address.ip());
        if self.loopback {
            return if ip.is_loopback() {
                Ok(())
            } else {
                Err(format!(
                    "{ip} is no loopback address, and only a simulator is meant"
                ))
            };
        }
        if let Some(kind) = not_public(ip) {
            return Err(format!("{ip} is {kind}"));
        }
        if !self.ports.contains(&address.port()) {
            return Err(format!("port {} is not on the list", address.port()));
        }
        Ok(())
    }
}

/// The IPv4 address inside an IPv6 one, where there is one.
fn canonical(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| {
        let ([first, second], [third, fourth]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(first, second, third, fourth))
    };
    match (a, b, c, d, e, f) {
        // Mapped (RFC 4291) and NAT64 (RFC 6052).
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        // 6to4 (RFC 3056).
        (0x2002, ..) => v4(b, c),
        _ => ip,
    }
}

/// What an address is when it is not a public one (IANA special-purpose registries).
fn not_public(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    }
}

fn not_public_v4(ip: Ipv4Addr) -> Option<&'static str> {
    match ip.octets() {
        [127, ..] => Some("a loopback address"),
        [169, 254, ..] => Some("a link-local or metadata address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            Some("a private address")
        }
        [0, ..]
        | [192, 0, 0, _]
        | [192, 0, 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Some("a reserved address"),
        _ => None,
    }
}

fn not_public_v6(ip: Ipv6Addr) -> Option<&'static str> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("a loopback address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some("a private address"),
        // Teredo and other protocol assignments, and documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, ..] => Some("a reserved address"),
        [0x2000..=0x3fff, ..] => None,
        _ => Some("a reserved address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: &AddressRules, address: &str, allowed: bool) {
        let address: SocketAddr = address.parse().unwrap();
        assert_eq!(
            rules.check(address).is_ok(),
            allowed,
            "{address}: {:?}",
            rules.check(address)
        );
    }

    /// URS-CN-009: no notation leads to an inner address.
    #[test]
    fn only_public_addresses_on_listed_ports() {
        let rules = AddressRules::public();
        for (address, allowed) in [
            ("93.184.216.34:443", true),
            ("93.184.216.34:8443", true),
            ("93.184.216.34:22", false),
            ("[2606:2800:220:1::1]:443", true),
            ("127.0.0.1:443", false),
            ("127.8.8.8:443", false),
            ("10.1.2.3:443", false),
            ("172.16.0.1:443", false),
            ("172.32.0.1:443", true),
            ("192.168.1.1:443", false),
            ("100.64.0.1:443", false),
            ("169.254.169.254:443", false),
            ("0.0.0.0:443", false),
            ("224.0.0.1:443", false),
            ("255.255.255.255:443", false),
            ("[::]:443", false),
            ("[::1]:443", false),
            ("[::ffff:127.0.0.1]:443", false),
            ("[::ffff:93.184.216.34]:443", true),
            ("[64:ff9b::a00:1]:443", false),
            ("[2002:a00:1::1]:443", false),
            ("[2002:7f00:1::1]:443", false),
            ("[2001:0:1::1]:443", false),
            ("[fe80::1]:443", false),
            ("[fd00::1]:443", false),
            ("[ff02::1]:443", false),
            ("[2001:db8::1]:443", false),
        ] {
            check(&rules, address, allowed);
        }
    }

    #[test]
    fn loopback_means_loopback_only() {
        let rules = AddressRules::loopback();
        check(&rules, "127.0.0.1:39111", true);
        check(&rules, "[::1]:39111", true);
        check(&rules, "[::ffff:127.0.0.1]:39111", true);
        check(&rules, "93.184.216.34:443", false);
        check(&rules, "10.0.0.1:443", false);
    }
}
