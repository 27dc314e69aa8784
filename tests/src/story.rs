//! A whole house for stories: a fresh site, a hub on loopback over TLS, a clock that the story owns.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use packtwin_app::connector::{ConnectorSettings, EU_HUB, SetUpConnector, set_up_connector};
use packtwin_app::desk::Desk;
use packtwin_app::house::{House, HouseSettings};
use packtwin_app::job::run_jobs;
use packtwin_app::message::dispatch;
use packtwin_app::upload::{
    BeginUpload, Begun, Completed, append_part, begin_upload, complete_upload,
};
use packtwin_core::environment::Environment;
use packtwin_core::ids::{TenantId, UploadId};
use packtwin_core::product::{Address, Company, MarketEntry, MasterData};
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_core::time::{Clock, Timestamp};
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::testing::TestSite;
use packtwin_transport::HttpsTransport;
use packtwin_transport::webhook::WebhookPoster;

/// A clock that only the story moves.
pub struct StoryClock(AtomicI64);

impl StoryClock {
    /// Stands at a point.
    pub fn at(text: &str) -> Arc<Self> {
        let at = Timestamp::parse(text).expect("the story begins at a point in time");
        Arc::new(StoryClock(AtomicI64::new(at.micros())))
    }

    /// Moves on.
    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        // Each look is a microsecond later, so that nothing happens at the same instant as something else.
        Timestamp::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// A site, a hub and one manufacturer.
pub struct Story<'s> {
    /// The house under test.
    pub house: House,
    /// The far side.
    pub hub: RunningHub,
    /// Its clock.
    pub clock: Arc<StoryClock>,
    /// The manufacturer.
    pub tenant: TenantId,
    /// The site's database and files.
    pub site: &'s TestSite,
}

impl<'s> Story<'s> {
    /// A manufacturer with a working connector to a hub.
    pub fn begin(site: &'s TestSite, settings: HouseSettings) -> Self {
        let clock = StoryClock::at("2026-11-22T08:00:00Z");
        let tenant = site.tenant("alder");
        let authority = SandboxAuthority::generate(clock.now()).expect("a sandbox authority");
        let identity = authority
            .server(clock.now())
            .expect("a certificate for the hub");
        // TLS looks at the machine's clock, which no story owns; the hub's own clock is the story's.
        let hub = HubSimulator::start(
            SimulatorSettings::new(identity, authority.trusted_pem()),
            clock.clone(),
        )
        .expect("the hub simulator starts");
        let transport = Arc::new(HttpsTransport::new(Environment::Test));
        let webhooks = WebhookPoster {
            trusted_pem: String::new(),
            ports: vec![443],
            loopback: true,
            limits: Default::default(),
        };
        let house = House::new(
            (**site).clone(),
            clock.clone(),
            transport,
            webhooks,
            settings,
        );
        let story = Story {
            house,
            hub,
            clock,
            tenant,
            site,
        };
        let client = authority
            .client(
                "alder",
                story.clock.now().plus_days(-1),
                story.clock.now().plus_days(300),
            )
            .expect("a client certificate");
        set_up_connector(
            &story.desk(),
            EU_HUB,
            SetUpConnector {
                settings: ConnectorSettings {
                    url: story.hub.url(),
                    trusted_pem: authority.trusted_pem(),
                    sender: "ALDER".to_owned(),
                    loopback: true,
                    ..ConnectorSettings::default()
                },
                identity: Some(client),
                expected: None,
            },
        )
        .expect("the connector is set up");
        story
    }

    /// Someone at the manufacturer who may do everything.
    pub fn desk(&self) -> Desk<'_> {
        let actor = self
            .house
            .site()
            .system_scope(self.tenant, "story")
            .actor()
            .clone();
        Desk::new(&self.house, actor, Permission::ALL.to_vec())
    }

    /// Receives a file in parts of 64 KiB.
    pub fn receive(&self, name: &str, bytes: &[u8]) -> Completed {
        let begin = BeginUpload {
            file_name: name.to_owned(),
            partner: String::new(),
            bytes: bytes.len() as u64,
            sha256: None,
        };
        let desk = self.desk();
        let Begun::New(upload) = begin_upload(&desk, begin).expect("the upload begins") else {
            unreachable!("no hash was announced, so nothing can be the same yet")
        };
        let mut offset = 0;
        for part in bytes.chunks(64 * 1024) {
            offset = append_part(&desk, upload.id, offset, &mut &*part).expect("the part is taken");
        }
        complete_upload(&desk, upload.id, None).expect("the upload is complete")
    }

    /// Receives a file that is new, and checks it.
    pub fn receive_and_check(&self, name: &str, bytes: &[u8]) -> UploadId {
        let Completed::Kept(upload) = self.receive(name, bytes) else {
            panic!("the file is new")
        };
        self.work();
        upload.id
    }

    /// Does all jobs that wait.
    pub fn work(&self) {
        while run_jobs(&self.house).expect("the jobs run").worked > 0 {}
    }

    /// Sends and asks until the outbox has nothing due for an hour.
    pub fn dispatch_all(&self) {
        for _ in 0..60 {
            while dispatch(&self.house)
                .expect("the outbox is worked on")
                .worked
                > 0
            {}
            self.clock.forward(61);
        }
    }
}

/// Master data that every hub release takes.
pub fn master_data(name: &str, markets: &[&str]) -> MasterData {
    let company = |id: &str, name: &str| Company {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        address: Address {
            street: Some("Birkenweg 4".to_owned()),
            street2: None,
            postal_code: Some("10115".to_owned()),
            city: Some("Berlin".to_owned()),
            country: Some("DE".to_owned()),
        },
    };
    MasterData {
        name: name.to_owned(),
        common_name: Some("alderine".to_owned()),
        form: "film-coated tablet".to_owned(),
        strength: "10 mg".to_owned(),
        pack_type: "box".to_owned(),
        pack_size: 30,
        atc_codes: Vec::new(),
        manufacturer: company("M-1", "Alder Pharma"),
        markets: markets
            .iter()
            .map(|market| MarketEntry {
                market: market.parse().expect("a market of two letters"),
                national_code: Some("12345678".to_owned()),
                holder: company("H-1", "Alder Pharma"),
                wholesalers: vec![company("W-1", "Birch Wholesale")],
            })
            .collect(),
    }
}

/// The product of the stories: an NTIN.
pub fn product_code() -> ProductCode {
    ProductCode::parse("04150123456782").expect("a valid NTIN")
}

/// A serial file as a packager exports it: semicolons, German heading.
pub fn serial_csv(
    code: &ProductCode,
    lot: &str,
    expiry: &str,
    serials: impl Iterator<Item = String>,
) -> Vec<u8> {
    let mut text = String::from("Seriennummer;GTIN;Charge;Verfalldatum\r\n");
    for serial in serials {
        text.push_str(&format!("{serial};{code};{lot};{expiry}\r\n"));
    }
    text.into_bytes()
}
