//! Who speaks to whom: URS-CN-012, certificate-based peer identity, and URS-CN-009, separate environments.

use packtwin_connector_port::transport::ClientIdentity;

use super::*;

/// Sends the product under a changed endpoint and names the fault.
fn check(change: impl FnOnce(&Site, &mut Endpoint), packs: usize, expected: &str) {
    let site = Site::start(Switches::default());
    let mut endpoint = site.endpoint.clone();
    change(&site, &mut endpoint);
    let packs: Vec<Serial> = (0..packs)
        .map(|number| Serial::parse(&format!("S{number:08}")).unwrap())
        .collect();
    let fact = if packs.is_empty() {
        product()
    } else {
        packs_of(lot())
    };
    let body = document(&site.envelope(), &fact, &packs);
    let said = match site.transport.exchange(
        &endpoint,
        "application/xml",
        &mut body.as_slice(),
        body.len() as u64,
    ) {
        Ok(reply) => format!("HTTP {}", reply.status),
        Err(TransportFault::Certificate { why }) => format!("certificate: {why}"),
        Err(TransportFault::NotSent { why }) => format!("not sent: {why}"),
        Err(TransportFault::NotAllowed { why }) => format!("not allowed: {why}"),
        Err(TransportFault::Unknown { why }) => format!("unknown: {why}"),
    };
    assert!(said.starts_with(expected), "{said}, expected {expected}");
    let reached = u64::from(said.starts_with("HTTP"));
    assert_eq!(site.hub.counts().messages, reached, "{said}");
}

fn stranger(name: &str) -> ClientIdentity {
    let now = machine_now();
    SandboxAuthority::generate(now)
        .unwrap()
        .client(name, now.plus_days(-1), now.plus_days(30))
        .unwrap()
}

#[test]
fn a_partner_with_its_certificate_is_heard() {
    check(|_, _| {}, 0, "HTTP 200");
}

#[test]
fn a_hub_of_another_authority_is_not_spoken_to() {
    let other = SandboxAuthority::generate(machine_now())
        .unwrap()
        .trusted_pem();
    check(
        |_, endpoint| endpoint.trusted_pem = other,
        0,
        "certificate: the far side's certificate",
    );
    check(
        |_, endpoint| endpoint.trusted_pem = String::new(),
        0,
        "certificate: no trusted authority",
    );
}

#[test]
fn a_client_without_a_good_certificate_is_not_heard() {
    check(
        |_, endpoint| endpoint.identity = None,
        0,
        "certificate: the far side does not accept ours",
    );
    check(
        |_, endpoint| endpoint.identity = Some(stranger("Stranger")),
        0,
        "certificate: the far side does not accept ours",
    );
    // The same with a body that fills every buffer on the way.
    check(
        |_, endpoint| endpoint.identity = None,
        200_000,
        "certificate: the far side does not accept ours",
    );
    check(
        |site, endpoint| {
            let now = machine_now();
            endpoint.identity = Some(
                site.authority
                    .client("Late", now.plus_days(-30), now.plus_days(-2))
                    .unwrap(),
            );
        },
        0,
        "certificate: the far side does not accept ours",
    );
}

#[test]
fn a_key_that_is_not_the_certificates_is_found_before_connecting() {
    check(
        |_, endpoint| {
            let key_pem = stranger("Other").key_pem;
            endpoint.identity = endpoint.identity.take().map(|identity| ClientIdentity {
                key_pem,
                ..identity
            });
        },
        0,
        "certificate: the private key does not belong",
    );
}

#[test]
fn loopback_and_environment_are_what_the_endpoint_says() {
    check(|_, endpoint| endpoint.loopback = false, 0, "not allowed");
    check(
        |_, endpoint| {
            endpoint.loopback = false;
            endpoint.url = endpoint.url.replace("127.0.0.1", "localhost");
        },
        0,
        "not allowed",
    );
    check(
        |_, endpoint| endpoint.url = endpoint.url.replace("127.0.0.1", "localhost"),
        0,
        "HTTP 200",
    );
    check(
        |_, endpoint| endpoint.environment = Environment::Production,
        0,
        "not allowed: HUB-212",
    );
    check(
        |_, endpoint| endpoint.url = endpoint.url.replace("https", "http"),
        0,
        "not allowed: only https",
    );
}

#[test]
fn no_simulator_beside_production() {
    let now = machine_now();
    let authority = SandboxAuthority::generate(now).unwrap();
    let mut settings =
        SimulatorSettings::new(authority.server(now).unwrap(), authority.trusted_pem());
    settings.environment = Environment::Production;
    assert!(HubSimulator::start(settings, Arc::new(MachineClock)).is_err());
}
