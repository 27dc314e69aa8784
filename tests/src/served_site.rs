//! A site as an operator makes it, served by the real program as a process of its own: one manufacturer with people, a
//! product that the hub knows, and a connector to a hub on loopback that lives beside the process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use packtwin_app::connector::{ConnectorSettings, EU_HUB, SetUpConnector, set_up_connector};
use packtwin_app::desk::Desk;
use packtwin_app::house::{House, HouseSettings};
use packtwin_app::message::dispatch;
use packtwin_app::product::{create_product, send_version};
use packtwin_core::environment::Environment;
use packtwin_core::role::{Permission, Role};
use packtwin_core::time::Clock;
use packtwin_server::clock::SystemClock;
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorSettings};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::password::{NewPassword, PasswordOwner};
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_tenants::store::user::NewUser;
use packtwin_transport::HttpsTransport;
use packtwin_transport::webhook::WebhookPoster;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::server_process::{ServerProcess, free_port, program};
use crate::story::{master_data, product_code};

/// The name of the manufacturer.
pub const COMPANY: &str = "Alder Pharma";
/// The sign-in name of a person who may do everything.
pub const LOGIN: &str = "manager@alder.example";
/// That person's name.
pub const NAME: &str = "Alder Manager";
/// That person's password.
pub const PASSWORD: &str = "quiet otters fold maps 71";

/// A served site with its hub. Both end when it is dropped.
pub struct ServedSite {
    server: ServerProcess,
    hub: RunningHub,
    _folder: TempDir,
}

impl ServedSite {
    /// Founds a site on SQLite, with the product of the stories known to the hub, and serves it.
    ///
    /// # Panics
    /// When any of it fails.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a test may write to the temporary folder");
        let place = Place::new(folder.path());
        place.write_configuration();
        place.migrate();
        let hub = place.found();
        let server = ServerProcess::serve(&place.configuration, &place.url);
        ServedSite {
            server,
            hub,
            _folder: folder,
        }
    }

    /// A fresh site, and a browser in which the person who may do everything is signed in; nothing where no browser can
    /// run. The pictures of the story go under its name.
    ///
    /// # Panics
    /// When any of it fails.
    pub fn signed_in(story: &str) -> Option<(Browser, Self)> {
        let browser = Browser::open(story)?;
        let site = Self::start();
        browser.sign_in(site.url(), LOGIN, PASSWORD);
        Some((browser, site))
    }

    /// The address of the site, without a slash at the end.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// The far side.
    pub fn hub(&self) -> &RunningHub {
        &self.hub
    }
}

/// Where the site is.
struct Place {
    folder: PathBuf,
    database: PathBuf,
    configuration: PathBuf,
    url: String,
    control_port: u16,
}

impl Place {
    fn new(folder: &Path) -> Self {
        Place {
            folder: folder.to_owned(),
            database: folder.join("site.db"),
            configuration: folder.join("packtwin.toml"),
            url: format!("http://127.0.0.1:{}", free_port()),
            control_port: free_port(),
        }
    }

    fn write_configuration(&self) {
        let text = format!(
            "environment = 'test'\nlisten = '{}'\npublic_url = '{}'\ndatabase = '{}'\nfolder = '{}'\n[webhooks]\nloopback = true\n[simulators]\neu_hub = 'http://127.0.0.1:{}'\n",
            self.url.trim_start_matches("http://"),
            self.url,
            self.database.display(),
            self.folder.display(),
            self.control_port
        );
        std::fs::write(&self.configuration, text).expect("the configuration is written");
    }

    fn migrate(&self) {
        let mut migrate = program();
        migrate
            .arg("migrate")
            .arg("--config")
            .arg(&self.configuration);
        let migrated = migrate.output().expect("the program starts");
        assert!(migrated.status.success(), "{migrated:?}");
    }

    /// Makes the tenant and all it has. The site is closed again afterwards, so that the program alone has it open.
    fn found(&self) -> RunningHub {
        let clock = Arc::new(SystemClock);
        let now = clock.now();
        let engine = Engine::Sqlite {
            path: self.database.display().to_string(),
        };
        let settings = SiteSettings {
            engine,
            folder: self.folder.clone(),
            environment: Environment::Test,
            connections: 2,
        };
        let site = Site::open(settings, now).expect("a fresh site opens");
        let tenant = site
            .tenant_create(COMPANY, "alder", "Europe/Berlin", now)
            .expect("the short name is free");
        let scope = site.system_scope(tenant, "founding");
        scope
            .change(now, |writer| writer.user_create(manager()))
            .expect("the sign-in name is free");

        let authority = SandboxAuthority::generate(now).expect("a sandbox authority");
        let identity = authority.server(now).expect("a certificate for the hub");
        let settings = SimulatorSettings {
            control_port: self.control_port,
            ..SimulatorSettings::new(identity, authority.trusted_pem())
        };
        let hub = HubSimulator::start(settings, clock.clone()).expect("the hub starts");
        let webhooks = WebhookPoster {
            trusted_pem: String::new(),
            ports: Vec::new(),
            loopback: false,
            limits: Default::default(),
        };
        let transport = Arc::new(HttpsTransport::new(Environment::Test));
        let actor = scope.actor().clone();
        let house = House::new(site, clock, transport, webhooks, HouseSettings::default());
        let desk = Desk::new(&house, actor, Permission::ALL.to_vec());
        set_up_hub(&desk, &authority, &hub);
        send_product(&desk, &house);
        hub
    }
}

fn manager() -> NewUser<'static> {
    let owner = PasswordOwner {
        login: LOGIN,
        name: NAME,
        tenant: COMPANY,
    };
    let password = NewPassword::check(PASSWORD, owner, None)
        .expect("the lists can be read")
        .expect("the password is good enough");
    NewUser {
        login: LOGIN,
        name: NAME,
        language: "en",
        roles: &[Role::Administrator, Role::SerializationManager],
        password: password.hash().expect("a password is hashed"),
    }
}

fn set_up_hub(desk: &Desk<'_>, authority: &SandboxAuthority, hub: &RunningHub) {
    let now = desk.now();
    let client = authority
        .client("alder", now.plus_days(-1), now.plus_days(300))
        .expect("a client certificate");
    let connector = SetUpConnector {
        settings: ConnectorSettings {
            url: hub.url(),
            trusted_pem: authority.trusted_pem(),
            sender: "ALDER".to_owned(),
            ask_after_seconds: 1,
            loopback: true,
            ..ConnectorSettings::default()
        },
        identity: Some(client),
        expected: None,
    };
    set_up_connector(desk, EU_HUB, connector).expect("the connector is set up");
}

fn send_product(desk: &Desk<'_>, house: &House) {
    let data = master_data("Alderine 10 mg film-coated tablets", &["DE", "AT"]);
    create_product(desk, product_code(), &data).expect("the product is right");
    send_version(desk, &product_code(), 1).expect("the version can be sent");
    while dispatch(house).expect("the outbox is worked on").worked > 0 {}
}
