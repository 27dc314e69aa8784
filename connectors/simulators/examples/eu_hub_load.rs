//! Two million packs over TLS into the simulated hub, in messages of 250,000:
//! `cargo run --release -p packtwin-simulators --example eu_hub_load`. Prints time and peak memory (Linux).

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use packtwin_connector_port::document::{Connector, Envelope};
use packtwin_connector_port::transport::{Endpoint, Limits, Transport};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::{Fact, LotHead};
use packtwin_core::product::{Address, Company, MarketEntry, MasterData, ProductVersion};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_eu_hub::EuHub;
use packtwin_simulators::SandboxAuthority;
use packtwin_simulators::eu_hub::{HubSimulator, SimulatorSettings};
use packtwin_transport::HttpsTransport;

type AnyError = Box<dyn std::error::Error>;

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(since.as_micros() as i64)
    }
}

fn main() -> Result<(), AnyError> {
    let now = MachineClock.now();
    let authority = SandboxAuthority::generate(now)?;
    let settings = SimulatorSettings::new(authority.server(now)?, authority.trusted_pem());
    let hub = HubSimulator::start(settings, Arc::new(MachineClock))?;
    let endpoint = Endpoint {
        url: hub.url(),
        environment: Environment::Test,
        identity: Some(authority.client("Sandbox Pharma", now.plus_days(-1), now.plus_days(30))?),
        trusted_pem: authority.trusted_pem(),
        loopback: true,
        limits: Limits::default(),
    };
    let product = ProductCode::parse("04150123456782").map_err(|error| error.to_string())?;
    send(&endpoint, "msg_product", &version(product)?, &[])?;
    let lot = LotHead {
        product,
        batch: BatchNumber::parse("LOT1")?,
        expiry: Expiry::parse("281231", 2026)?,
        manufactured: None,
    };
    let fact = Fact::Commissioned {
        lot,
        version: 1,
        markets: vec!["DE".parse()?],
    };
    let started = Instant::now();
    for part in 0..8u64 {
        let serials: Vec<Serial> = (0..250_000u64)
            .filter_map(|number| {
                Serial::from_bytes(format!("{:012}", number * 8 + part).as_bytes())
            })
            .collect();
        send(&endpoint, &format!("msg_{part}"), &fact, &serials)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let held: u64 = hub
        .counts()
        .products
        .values()
        .map(|product| product.packs)
        .sum();
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("VmHWM unknown");
    writeln!(
        io::stdout(),
        "{held} packs held, {seconds:.2} s, {:.0} packs/s, {peak}",
        held as f64 / seconds
    )?;
    Ok(())
}

fn send(endpoint: &Endpoint, id: &str, fact: &Fact, serials: &[Serial]) -> Result<(), AnyError> {
    let envelope = Envelope {
        message_id: id.to_owned(),
        event_at: MachineClock.now(),
        sender: "OBP-SANDBOX-1".to_owned(),
        release: "1.16".to_owned(),
        environment: Environment::Test,
        callback_url: None,
    };
    let mut body = Vec::new();
    EuHub::default().write(fact, &mut serials.iter(), &envelope, &mut body)?;
    let transport = HttpsTransport::new(Environment::Test);
    let reply = transport.exchange(
        endpoint,
        "application/xml",
        &mut body.as_slice(),
        body.len() as u64,
    )?;
    match reply.status {
        200 => Ok(()),
        status => Err(format!("HTTP {status}: {}", String::from_utf8_lossy(&reply.body)).into()),
    }
}

fn version(code: ProductCode) -> Result<Fact, AnyError> {
    let company = Company {
        id: Some("SANDBOX".to_owned()),
        name: "Sandbox Pharma".to_owned(),
        address: Address {
            street: Some("Musterweg 1".to_owned()),
            city: Some("Musterstadt".to_owned()),
            ..Address::default()
        },
    };
    Ok(Fact::ProductVersioned(Box::new(ProductVersion {
        code,
        version: 1,
        data: MasterData {
            name: "Sandboxin 20 mg Tabletten".to_owned(),
            common_name: Some("sandboxinum".to_owned()),
            form: "Tabletten".to_owned(),
            strength: "20 mg".to_owned(),
            pack_type: "box".to_owned(),
            pack_size: 30,
            atc_codes: Vec::new(),
            manufacturer: company.clone(),
            markets: vec![MarketEntry {
                market: "DE".parse()?,
                national_code: None,
                holder: company,
                wholesalers: Vec::new(),
            }],
        },
    })))
}
