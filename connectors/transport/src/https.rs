//! [`Transport`] over HTTPS: TLS 1.2 or newer, our client certificate, the endpoint's own authorities.

use std::io::Read;

use packtwin_connector_port::transport::{Endpoint, RawReply, Transport, TransportFault};
use packtwin_core::code::Code;
use packtwin_core::environment::Environment;

use crate::address::AddressRules;
use crate::client::{self, Method, Peer, Request};

/// HTTPS from a site of one environment.
#[derive(Debug, Clone)]
pub struct HttpsTransport {
    environment: Environment,
    addresses: AddressRules,
}

impl HttpsTransport {
    /// From a site of this environment to public addresses, or to loopback where an endpoint says so.
    pub fn new(environment: Environment) -> Self {
        HttpsTransport {
            environment,
            addresses: AddressRules::public(),
        }
    }

    /// The same with another list of ports for public addresses.
    pub fn with_ports(mut self, ports: Vec<u16>) -> Self {
        self.addresses.ports = ports;
        self
    }

    /// Whether this endpoint may be reached from this site, before anything is resolved or sent.
    ///
    /// # Errors
    /// [`TransportFault::NotAllowed`] with the rule that stands against it.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), TransportFault> {
        let refuse = |why: String| Err(TransportFault::NotAllowed { why });
        if endpoint.environment != self.environment {
            return refuse(format!(
                "{}: the endpoint belongs to {}, this site to {}",
                Code::HubTestOnly,
                endpoint.environment,
                self.environment
            ));
        }
        if endpoint.loopback && !self.environment.allows_simulators() {
            return refuse(format!(
                "{}: {} reaches no simulator",
                Code::HubTestOnly,
                self.environment
            ));
        }
        if !endpoint.url.starts_with("https://") {
            return refuse("only https is spoken".to_owned());
        }
        let rules = self.rules(endpoint);
        for address in client::literal_addresses(&endpoint.url) {
            rules
                .check(address)
                .map_err(|why| TransportFault::NotAllowed { why })?;
        }
        Ok(())
    }

    fn rules(&self, endpoint: &Endpoint) -> AddressRules {
        if endpoint.loopback {
            AddressRules::loopback()
        } else {
            self.addresses.clone()
        }
    }
}

impl Transport for HttpsTransport {
    fn exchange(
        &self,
        endpoint: &Endpoint,
        content_type: &str,
        body: &mut dyn Read,
        length: u64,
    ) -> Result<RawReply, TransportFault> {
        self.check(endpoint)?;
        let peer = Peer {
            identity: endpoint.identity.as_ref(),
            trusted_pem: &endpoint.trusted_pem,
            addresses: Some(self.rules(endpoint)),
            limits: endpoint.limits,
        };
        client::exchange(
            &peer,
            &Request {
                method: Method::Post,
                url: &endpoint.url,
                headers: &[],
                content_type,
                length,
            },
            body,
        )
    }
}

#[cfg(test)]
mod tests {
    use packtwin_connector_port::transport::Limits;

    use super::*;

    fn check(
        site: Environment,
        url: &str,
        endpoint: Environment,
        loopback: bool,
        expected: Option<&str>,
    ) {
        let endpoint = Endpoint {
            url: url.to_owned(),
            environment: endpoint,
            identity: None,
            trusted_pem: String::new(),
            loopback,
            limits: Limits::default(),
        };
        let refused = match HttpsTransport::new(site).check(&endpoint) {
            Ok(()) => None,
            Err(TransportFault::NotAllowed { why }) => Some(why),
            Err(other) => panic!("{other}"),
        };
        match (&refused, expected) {
            (None, None) => {}
            (Some(why), Some(part)) => assert!(why.contains(part), "{why} lacks {part}"),
            _ => panic!("{url}: {refused:?}, expected {expected:?}"),
        }
    }

    /// URS-CN-009: test and production never meet, and only https to public addresses is spoken.
    #[test]
    fn endpoints_of_another_environment_are_refused() {
        use Environment::{Production, Test, Validation};
        check(Test, "https://127.0.0.1:9/", Test, true, None);
        check(Validation, "https://hub.example/", Validation, false, None);
        check(
            Test,
            "https://hub.example/",
            Production,
            false,
            Some("HUB-212"),
        );
        check(
            Production,
            "https://hub.example/",
            Test,
            false,
            Some("HUB-212"),
        );
        check(
            Production,
            "https://127.0.0.1:9/",
            Production,
            true,
            Some("HUB-212"),
        );
        check(Test, "http://hub.example/", Test, false, Some("https"));
        check(Test, "https://127.0.0.1/", Test, false, Some("loopback"));
        check(Test, "https://10.0.0.1/", Test, true, Some("no loopback"));
        check(
            Production,
            "https://[::ffff:169.254.169.254]/",
            Production,
            false,
            Some("metadata"),
        );
    }
}
