//! `packtwin demo`: a complete sandbox site in a folder, with simulators, server and workers in one process on loopback.
//!
//! The first start founds the site; every later one goes on with it. Nobody has an account that is the same on two sites:
//! names and passwords are made at random, printed, and kept in `sign-in.txt`, readable by the owner alone (ATK-019). The
//! hub is a simulator and is called one. It never speaks to anything outside this machine.

mod founding;
mod keepsake;
mod sample;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::{rt, web};
use clap::Args;

use packtwin_app::connector::{EU_HUB, Link, SetUpConnector, set_up_connector};
use packtwin_app::house::House;
use packtwin_core::time::Clock;
use packtwin_simulators::eu_hub::{HubSimulator, RunningHub, SimulatorError, SimulatorSettings};
use packtwin_tenants::site::Site;

use self::keepsake::Keepsake;
use super::{Failure, print_line, sandbox};
use crate::background::Background;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::http::Shared;
use crate::listener::{self, ListenError};
use crate::log;

/// Tried first when nobody names a port.
const USUAL_PORT: u16 = 8080;

/// Where the site is and where it listens.
#[derive(Args)]
pub(super) struct DemoArguments {
    /// The folder of the site; made when it is not there.
    #[arg(long, value_name = "DIR", default_value = "demo-site")]
    folder: PathBuf,
    /// The port on 127.0.0.1; 0 for any. Without it 8080, or any when that is taken.
    #[arg(long, value_name = "N")]
    port: Option<u16>,
}

pub(super) fn run(arguments: &DemoArguments) -> Result<(), Failure> {
    log::start(log::LogFormat::Text, "warn");
    std::fs::create_dir_all(&arguments.folder)?;
    let folder = arguments.folder.canonicalize()?;
    refuse_unfinished(&folder)?;
    let listener = bind(arguments.port)?;
    let address = listener.local_addr()?;
    let configuration = configuration(&folder, address)?;
    super::migrate::run(&configuration)?;
    let site = super::open(&configuration)?;
    let verifying = super::verifying(&site, &configuration)?;
    let mut shared = Shared::new(site, configuration, Arc::new(SystemClock));
    shared.verifying = verifying;
    let (keepsake, hub) = match Keepsake::load(&folder)? {
        Some(keepsake) => {
            let hub = start_hub(&folder, &keepsake)?;
            follow_hub(&shared.house, &keepsake, &hub)?;
            (keepsake, hub)
        }
        None => found(&folder, &shared)?,
    };
    serve(shared, listener, &folder, &keepsake, &hub)
}

/// Makes everything new, and says where to find it only when all of it is there.
fn found(folder: &Path, shared: &Shared) -> Result<(Keepsake, RunningHub), Failure> {
    let house = &shared.house;
    eprintln!("founding a sandbox site in {} …", folder.display());
    let (mut keepsake, authority) = Keepsake::begin(house.now())?;
    let hub = start_hub(folder, &keepsake)?;
    keepsake.hub_port = hub.addr().port();
    founding::found(house, &hub, &authority, &mut keepsake)?;
    if let Some(store) = super::verifier_store(&shared.configuration)? {
        keepsake.premises_key = founding::pharmacy(&store, house.now())?;
    }
    sample::write_files(folder)?;
    keepsake.save(folder)?;
    Ok((keepsake, hub))
}

fn serve(
    mut shared: Shared,
    listener: TcpListener,
    folder: &Path,
    keepsake: &Keepsake,
    hub: &RunningHub,
) -> Result<(), Failure> {
    shared.demo_accounts = keepsake.demo_accounts();
    shared.configuration.simulator = hub.control_url().parse().ok();
    let shared = web::Data::new(shared);
    let background = Background::start(&shared.house)?;
    let url = shared.configuration.public_url.as_str().to_owned();
    let text = keepsake.text(folder, &url, &hub.control_url());
    keepsake::write_private(&folder.join(keepsake::SIGN_IN_FILE), &text)?;
    let served = rt::System::new().block_on(async {
        let server = listener::serve(shared.clone(), listener)?;
        for line in text.lines() {
            print_line(line)?;
        }
        print_line(&format!("ready: {url}"))?;
        server.await?;
        Ok(())
    });
    background.stop();
    served
}

/// A site whose founding was broken off has people without known passwords; it is not mended but made again.
fn refuse_unfinished(folder: &Path) -> Result<(), Failure> {
    let begun = folder.join("packtwin.db").exists();
    if begun && !Keepsake::path(folder).exists() {
        let text = format!(
            "{} holds a site that is no finished demo; remove the folder or name another with --folder",
            folder.display()
        );
        return Err(Failure::Found(text));
    }
    Ok(())
}

fn bind(port: Option<u16>) -> Result<TcpListener, ListenError> {
    let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => listener::bind(at(port)),
        None => listener::bind(at(USUAL_PORT)).or_else(|_taken| listener::bind(at(0))),
    }
}

/// The configuration of the site, kept beside it so that `serve`, `worker` and `migrate` can be tried on it.
fn configuration(folder: &Path, address: SocketAddr) -> Result<Configuration, Failure> {
    let path = |name: &str| toml::Value::from(folder.join(name).display().to_string()).to_string();
    let text = format!(
        "# The sandbox site of `packtwin demo`. Written anew with every start.\n\
         environment = \"test\"\n\
         listen = \"{address}\"\n\
         public_url = \"http://{address}\"\n\
         database = {}\n\
         folder = {}\n\
         [verifier]\ndatabase = {}\n\
         [webhooks]\nloopback = true\n\
         [log]\nformat = \"text\"\nlevel = \"warn\"\n",
        path("packtwin.db"),
        path(""),
        path("verifier.db"),
    );
    std::fs::write(folder.join("packtwin.toml"), &text)?;
    Ok(Configuration::read(&text, std::iter::empty())?)
}

/// Starts the simulated hub on its port of last time, or on any when that was taken meanwhile.
fn start_hub(folder: &Path, keepsake: &Keepsake) -> Result<RunningHub, Failure> {
    let state = folder.join("hub-simulator");
    std::fs::create_dir_all(&state)?;
    let settings = SimulatorSettings {
        state_dir: Some(state),
        port: keepsake.hub_port,
        ..SimulatorSettings::new(keepsake.hub_identity(), keepsake.trusted_pem.clone())
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    match HubSimulator::start(settings.clone(), Arc::clone(&clock)) {
        Err(SimulatorError::Io(_)) if settings.port != 0 => {
            let any = SimulatorSettings {
                port: 0,
                ..settings
            };
            Ok(HubSimulator::start(any, clock)?)
        }
        other => Ok(other?),
    }
}

/// Points every connector at the hub's address, should it have moved.
fn follow_hub(house: &House, keepsake: &Keepsake, hub: &RunningHub) -> Result<(), Failure> {
    if hub.addr().port() == keepsake.hub_port {
        return Ok(());
    }
    let site: &Site = house.site();
    for tenant in site.tenant_list()? {
        let desk = sandbox::desk(house, tenant.id, "demo");
        let record = desk.scope().read(|reader| reader.connector_get(EU_HUB))?;
        let Some((record, link)) =
            record.and_then(|record| Some((record.row_version, Link::from_record(&record)?)))
        else {
            continue;
        };
        let mut settings = link.settings;
        settings.url = hub.url();
        let change = SetUpConnector {
            settings,
            identity: None,
            expected: Some(record),
        };
        set_up_connector(&desk, EU_HUB, change)?;
    }
    Ok(())
}
