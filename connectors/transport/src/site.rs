//! Calls the API of a Packtwin site for a person at the command line (`packtwin upload`).
//!
//! The person names the site, so that any address may be meant, also one of the company's own network; but the key leaves
//! over https only, or over plain http to this machine. What is asked and what an answer means is the caller's.

use std::io::{self, Read};

use packtwin_connector_port::transport::{Limits, RawReply, TransportFault};

use crate::address::AddressRules;
use crate::client::{self, Peer, Request};
use crate::web_address::WebAddress;

pub use crate::client::Method;

/// A site and the key it is called with. Has no `Debug`, since it holds the key.
pub struct SiteClient {
    url: String,
    bearer: String,
    trusted_pem: String,
    addresses: Option<AddressRules>,
    limits: Limits,
}

/// What is handed over.
pub struct Content<'a> {
    /// Its content type.
    pub content_type: &'a str,
    /// The bytes.
    pub bytes: &'a mut dyn Read,
    /// How many bytes there are.
    pub length: u64,
}

impl SiteClient {
    /// A site at `url` (`https://host[:port]`, http on loopback only) that is called with a key.
    ///
    /// # Errors
    /// [`TransportFault::NotAllowed`] when the address is none of these.
    pub fn new(
        url: &str,
        key: &str,
        trusted_pem: String,
        limits: Limits,
    ) -> Result<Self, TransportFault> {
        let refuse = |why: &str| {
            Err(TransportFault::NotAllowed {
                why: why.to_owned(),
            })
        };
        let address = WebAddress::parse(url).map_err(|why| TransportFault::NotAllowed { why })?;
        let addresses = match (address.scheme.as_str(), address.names_loopback()) {
            (_, true) => Some(AddressRules::loopback()),
            ("https", false) => None,
            _ => {
                return refuse(
                    "plain http would show the key to everyone on the way; write https://",
                );
            }
        };
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("the key is no API key");
        }
        Ok(SiteClient {
            url: url.trim_end_matches('/').to_owned(),
            bearer: format!("Bearer {key}"),
            trusted_pem,
            addresses,
            limits,
        })
    }

    /// The address of the site, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// One call; `path` begins with a slash.
    ///
    /// # Errors
    /// See [`TransportFault`].
    pub fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        content: Option<Content<'_>>,
    ) -> Result<RawReply, TransportFault> {
        let peer = Peer {
            identity: None,
            trusted_pem: &self.trusted_pem,
            addresses: self.addresses.clone(),
            limits: self.limits,
        };
        let mut all = vec![
            ("authorization".to_owned(), self.bearer.clone()),
            ("accept".to_owned(), "application/json".to_owned()),
        ];
        let given = headers.iter();
        all.extend(given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let url = format!("{}{path}", self.url);
        let request = |content_type, length| Request {
            method,
            url: &url,
            headers: &all,
            content_type,
            length,
        };
        match content {
            Some(Content {
                content_type,
                bytes,
                length,
            }) => client::exchange(&peer, &request(content_type, length), bytes),
            None => client::exchange(&peer, &request("application/json", 0), &mut io::empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, key: &str, allowed: bool) {
        let client = SiteClient::new(url, key, String::new(), Limits::default());
        assert_eq!(client.is_ok(), allowed, "{url}");
    }

    #[test]
    fn the_key_leaves_over_https_or_stays_on_this_machine() {
        check("https://packs.example", "pt_test_x", true);
        check("https://10.1.2.3:8443/", "pt_test_x", true);
        check("http://127.0.0.1:8080", "pt_test_x", true);
        check("http://[::1]:8080", "pt_test_x", true);
        check("http://localhost", "pt_test_x", true);
        check("http://packs.example", "pt_test_x", false);
        check("http://localhost.example", "pt_test_x", false);
        check("https://user@packs.example", "pt_test_x", false);
        check("packs.example", "pt_test_x", false);
        check("ftp://127.0.0.1", "pt_test_x", false);
        check("https://packs.example", "", false);
        check("https://packs.example", "a\r\nb", false);
    }
}
