//! The simulated hub over real TLS, driven by connector and transport as a site drives it.

mod documents;
mod faults;
mod late_answers;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use packtwin_connector_port::document::{Connector, Envelope, Reply};
use packtwin_connector_port::transport::{Endpoint, Limits, RawReply, Transport, TransportFault};
use packtwin_connector_port::verdict::Verdict;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::{Fact, LotHead};
use packtwin_core::market::Market;
use packtwin_core::pack::PackState;
use packtwin_core::product::{Address, Company, MarketEntry, MasterData, ProductVersion};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_eu_hub::EuHub;
use packtwin_transport::HttpsTransport;

use super::{HubSimulator, RunningHub, SimulatorSettings, Switches};
use crate::SandboxAuthority;

const KEY: &str = "GTIN:04150123456782";

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        machine_now()
    }
}

/// TLS judges certificates by the machine's clock, so the certificates are made by it.
fn machine_now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// A hub and a site that speaks to it.
struct Site {
    authority: SandboxAuthority,
    hub: RunningHub,
    endpoint: Endpoint,
    transport: HttpsTransport,
    next_message: AtomicU32,
}

impl Site {
    fn start(switches: Switches) -> Self {
        Site::start_with(|settings| settings.switches = switches)
    }

    fn start_with(change: impl FnOnce(&mut SimulatorSettings)) -> Self {
        let now = machine_now();
        let authority = SandboxAuthority::generate(now).unwrap();
        let mut settings =
            SimulatorSettings::new(authority.server(now).unwrap(), authority.trusted_pem());
        change(&mut settings);
        let hub = HubSimulator::start(settings, Arc::new(MachineClock)).unwrap();
        let endpoint = Endpoint {
            url: hub.url(),
            environment: Environment::Test,
            identity: Some(
                authority
                    .client("Sandbox Pharma", now.plus_days(-1), now.plus_days(30))
                    .unwrap(),
            ),
            trusted_pem: authority.trusted_pem(),
            loopback: true,
            limits: Limits::default(),
        };
        let transport = HttpsTransport::new(Environment::Test);
        Site {
            authority,
            hub,
            endpoint,
            transport,
            next_message: AtomicU32::new(1),
        }
    }

    /// An envelope with a fresh id.
    fn envelope(&self) -> Envelope {
        let number = self.next_message.fetch_add(1, Ordering::Relaxed);
        Envelope {
            message_id: format!("msg_{number}"),
            event_at: at("2026-11-20T09:00:00Z"),
            sender: "OBP-SANDBOX-1".to_owned(),
            release: "1.16".to_owned(),
            environment: Environment::Test,
            callback_url: None,
        }
    }

    fn post(&self, body: &[u8]) -> Result<RawReply, TransportFault> {
        self.transport.exchange(
            &self.endpoint,
            "application/xml",
            &mut &*body,
            body.len() as u64,
        )
    }

    fn send_as(
        &self,
        envelope: &Envelope,
        fact: &Fact,
        packs: &[Serial],
    ) -> Result<Reply, TransportFault> {
        let reply = self.post(&document(envelope, fact, packs))?;
        Ok(EuHub::default().read_reply(reply.status, &reply.body))
    }

    fn send(&self, fact: &Fact, packs: &[Serial]) -> Verdict {
        self.send_as(&self.envelope(), fact, packs).unwrap().verdict
    }

    fn ask(&self, about: &str) -> Reply {
        let mut body = Vec::new();
        EuHub::default()
            .write_query(about, &self.envelope(), &mut body)
            .unwrap();
        let reply = self.post(&body).unwrap();
        EuHub::default().read_reply(reply.status, &reply.body)
    }

    /// A hub that knows the product and holds packs of the lot.
    fn with_packs(switches: Switches, texts: &[&str]) -> Self {
        let site = Site::start(Switches::default());
        site.send(&product(), &[]);
        if !texts.is_empty() {
            site.send(&packs_of(lot()), &serials(texts));
        }
        site.hub.set_switches(switches);
        site
    }
}

/// The verdict in one line, as the tests state it.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted(ack) => {
            let warnings: Vec<&str> = ack
                .warnings
                .iter()
                .map(|fault| fault.code.as_str())
                .collect();
            format!("accepted {} {}", ack.packs, warnings.join(" "))
                .trim_end()
                .to_owned()
        }
        Verdict::Waiting { .. } => "waiting".to_owned(),
        Verdict::Partial {
            acknowledgement,
            refused,
        } => {
            let refused: Vec<String> = refused
                .iter()
                .map(|pack| format!("{}={}", pack.serial, pack.fault.code))
                .collect();
            format!("partial {} {}", acknowledgement.packs, refused.join(" "))
        }
        Verdict::Refused { faults } => {
            let mut codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
            codes.dedup();
            format!("refused {}", codes.join(" "))
        }
        Verdict::NotReceived => "not received".to_owned(),
        Verdict::Unknown { .. } => "unknown".to_owned(),
    }
}

fn document(envelope: &Envelope, fact: &Fact, packs: &[Serial]) -> Vec<u8> {
    let mut body = Vec::new();
    EuHub::default()
        .write(fact, &mut packs.iter(), envelope, &mut body)
        .unwrap();
    body
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn market(code: &str) -> Market {
    code.parse().unwrap()
}

fn serials(texts: &[&str]) -> Vec<Serial> {
    let mut serials: Vec<Serial> = texts
        .iter()
        .map(|text| Serial::parse(text).unwrap())
        .collect();
    serials.sort_unstable();
    serials
}

fn lot() -> LotHead {
    LotHead {
        product: ProductCode::parse("04150123456782").unwrap(),
        batch: BatchNumber::parse("LOT1").unwrap(),
        expiry: Expiry::parse("281200", 2026).unwrap(),
        manufactured: None,
    }
}

fn packs_of(lot: LotHead) -> Fact {
    Fact::Commissioned {
        lot,
        version: 1,
        markets: vec![market("DE"), market("AT")],
    }
}

fn state(lot: LotHead, state: PackState) -> Fact {
    Fact::StateChanged { lot, state }
}

fn version() -> ProductVersion {
    let company = |id: &str| Company {
        id: Some(id.to_owned()),
        name: format!("Sandbox {id}"),
        address: Address {
            street: Some("Musterweg 1".to_owned()),
            city: Some("Musterstadt".to_owned()),
            ..Address::default()
        },
    };
    let entry = |code: &str| MarketEntry {
        market: market(code),
        national_code: None,
        holder: company(&format!("MAH-{code}")),
        wholesalers: vec![company("WHO-1")],
    };
    ProductVersion {
        code: lot().product,
        version: 1,
        data: MasterData {
            name: "Sandboxin 20 mg Tabletten".to_owned(),
            common_name: Some("sandboxinum".to_owned()),
            form: "Tabletten".to_owned(),
            strength: "20 mg".to_owned(),
            pack_type: "box".to_owned(),
            pack_size: 30,
            atc_codes: Vec::new(),
            manufacturer: company("MFR-1"),
            markets: vec![entry("AT"), entry("DE")],
        },
    }
}

fn product() -> Fact {
    Fact::ProductVersioned(Box::new(version()))
}
