//! Posts events to webhook addresses under the same address rules (security.md section 8).
//!
//! Https to public addresses; a test site may, by an explicit setting, reach plain http on loopback. Signing is the
//! caller's: headers are handed in.

use packtwin_connector_port::transport::{Limits, RawReply, TransportFault};

use crate::address::AddressRules;
use crate::client::{self, Method, Peer, Request};
use crate::web_address::WebAddress;

/// Posts to webhooks.
#[derive(Debug, Clone)]
pub struct WebhookPoster {
    /// The authorities trusted for receivers, PEM; usually the system's bundle.
    pub trusted_pem: String,
    /// Which public ports may be reached.
    pub ports: Vec<u16>,
    /// Whether `http://` and `https://` on loopback are allowed as well: test sites only.
    pub loopback: bool,
    /// Limits of one post.
    pub limits: Limits,
}

impl WebhookPoster {
    /// Whether a receiver may have this address, as far as it can be told without resolving its name, and the one form in
    /// which it is kept. [`WebhookPoster::post`] goes by the same rule.
    ///
    /// # Errors
    /// [`TransportFault::NotAllowed`] with the rule that stands against it.
    pub fn check(&self, url: &str) -> Result<String, TransportFault> {
        self.judge(url).map(|(address, _)| address.normal())
    }

    /// Posts once.
    ///
    /// # Errors
    /// See [`TransportFault`].
    pub fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        content_type: &str,
        body: &[u8],
    ) -> Result<RawReply, TransportFault> {
        let (address, rules) = self.judge(url)?;
        let peer = Peer {
            identity: None,
            trusted_pem: &self.trusted_pem,
            addresses: Some(rules),
            limits: self.limits,
        };
        let request = Request {
            method: Method::Post,
            url: &address.normal(),
            headers,
            content_type,
            length: body.len() as u64,
        };
        client::exchange(&peer, &request, &mut &*body)
    }

    fn judge(&self, url: &str) -> Result<(WebAddress, AddressRules), TransportFault> {
        let refuse = |why: String| TransportFault::NotAllowed { why };
        let address = WebAddress::parse(url).map_err(refuse)?;
        if self.loopback && address.names_loopback() {
            return Ok((address, AddressRules::loopback()));
        }
        if address.scheme != "https" {
            return Err(refuse("only https is spoken".to_owned()));
        }
        address.check_public().map_err(refuse)?;
        let rules = AddressRules {
            ports: self.ports.clone(),
            loopback: false,
        };
        if !rules.ports.contains(&address.port) {
            let why = format!("port {} is not on the list", address.port);
            return Err(refuse(why));
        }
        for literal in client::literal_addresses(&address.normal()) {
            rules.check(literal).map_err(refuse)?;
        }
        Ok((address, rules))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(loopback: bool, url: &str, allowed: bool) {
        let poster = WebhookPoster {
            trusted_pem: String::new(),
            ports: vec![443],
            loopback,
            limits: Limits::default(),
        };
        assert_eq!(
            poster.check(url).is_ok(),
            allowed,
            "{url}: {:?}",
            poster.check(url)
        );
    }

    #[test]
    fn inner_addresses_and_plain_http_are_refused() {
        check(false, "https://receiver.example/hook", true);
        check(false, "https://receiver.example:444/hook", false);
        check(false, "http://receiver.example/hook", false);
        check(false, "ftp://receiver.example/hook", false);
        check(false, "receiver.example/hook", false);
        check(false, "https://user:secret@receiver.example/hook", false);
        check(false, "https://127.0.0.1/hook", false);
        check(false, "https://192.168.0.1/hook", false);
        check(false, "https://[::1]/hook", false);
        for inner in ["localhost", "0", "2130706433", "metadata.google.internal"] {
            check(false, &format!("https://{inner}/"), false);
        }
        check(true, "https://metadata.google.internal/", false);
        check(true, "http://127.0.0.1:8080/hook", true);
        check(true, "http://localhost:8080/hook", true);
        check(true, "http://10.0.0.1:8080/hook", false);
        check(true, "http://localhost.example:8080/hook", false);
    }

    /// One post over plain loopback: headers and body arrive as given, a redirect is not followed.
    #[test]
    fn a_post_arrives_as_given() {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = std::thread::spawn(move || {
            let mut seen = Vec::new();
            for answer in [
                "204 No Content",
                "307 Temporary Redirect\r\nlocation: http://10.0.0.1/",
            ] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = String::new();
                while !request.ends_with("\r\n\r\n") {
                    let mut piece = [0; 1];
                    stream.read_exact(&mut piece).unwrap();
                    request.push(char::from(piece[0]));
                }
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
                let mut body = [0; 9];
                stream.read_exact(&mut body).unwrap();
                stream
                    .write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes())
                    .unwrap();
                request.push_str(std::str::from_utf8(&body).unwrap());
                seen.push(request);
            }
            seen
        });
        let poster = WebhookPoster {
            trusted_pem: String::new(),
            ports: vec![443],
            loopback: true,
            limits: Limits::default(),
        };
        let headers = [("webhook-id".to_owned(), "dlv_1".to_owned())];
        let first = poster
            .post(&url, &headers, "application/json", b"{\"a\":\"b\"}")
            .unwrap();
        assert_eq!(first.status, 204);
        let second = poster.post(&url, &headers, "application/json", b"{\"a\":\"b\"}");
        assert!(
            matches!(second, Err(TransportFault::Unknown { .. })),
            "{second:?}"
        );
        for request in receiver.join().unwrap() {
            let lower = request.to_lowercase();
            assert!(lower.starts_with("post /hook http/1.1\r\n"), "{request}");
            assert!(
                lower.contains("webhook-id: dlv_1\r\n") && lower.contains("content-length: 9\r\n"),
                "{request}"
            );
            assert!(request.ends_with("{\"a\":\"b\"}"), "{request}");
        }
    }
}
