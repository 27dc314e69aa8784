//! The command line: one file for each subcommand. Faults are told on standard error in plain sentences, and end the
//! program with status 1; commands for scripts have statuses of their own, see [`exit`].

mod audit;
mod bench;
mod demo;
mod epcis;
mod exit;
mod migrate;
mod sandbox;
mod scan;
mod serve;
mod tenant;
mod translate;
mod upload;
mod user;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

use packtwin_app::error::AppError;
use packtwin_app::verification::Verifying;
use packtwin_core::time::Clock;
use packtwin_simulators::eu_hub::SimulatorError;
use packtwin_simulators::sandbox_authority::SandboxError;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_tenants::verifier::{VerifierSettings, VerifierStore};

use crate::clock::SystemClock;
use crate::configuration::{self, Configuration, ConfigurationFaults};
use crate::listener::ListenError;
use crate::log;

/// The digital twin of every medicine pack.
#[derive(Parser)]
#[command(name = "packtwin", version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Found a complete sandbox site in a folder, or go on with it, and serve it on this machine.
    Demo(demo::DemoArguments),
    /// Serve a site.
    Serve(SiteArguments),
    /// Do the jobs and send the messages of a site that others serve.
    Worker(SiteArguments),
    /// Bring the database to the schema of this build.
    Migrate(SiteArguments),
    /// The companies of a site: the first one is made here.
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// The people of a company, as far as an operator has to help.
    #[command(subcommand)]
    User(user::UserCommand),
    /// The audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Say what a scanned code is and what happened to it on the way.
    Scan(scan::ScanArguments),
    /// Turn a file into another form without a server: tables, EPCIS and hub documents.
    Translate(Box<translate::TranslateArguments>),
    /// Hand a file in at a site, look at its check, and have it committed and sent.
    Upload(Box<upload::UploadArguments>),
    /// EPCIS documents: what is wrong with them, and the hashes of their events.
    #[command(subcommand)]
    Epcis(epcis::EpcisCommand),
    /// Measure the product's own paths beside the fastest route of the engine.
    #[command(subcommand)]
    Bench(bench::BenchCommand),
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Follow the chain of every tenant and name the first entry that does not hold.
    Verify(SiteArguments),
}

/// Which site.
#[derive(Args)]
#[command(after_long_help = configuration::describe())]
struct SiteArguments {
    /// The configuration file (TOML); every setting also by environment variable.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl SiteArguments {
    /// Reads the configuration and begins to log as it says.
    fn configuration(&self) -> Result<Configuration, Failure> {
        let configuration = Configuration::load(self.config.as_deref())?;
        log::start(configuration.log_format, &configuration.log_level);
        Ok(configuration)
    }
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Configuration(#[from] ConfigurationFaults),
    #[error("the site cannot be opened")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("input or output failed")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    UseCase(#[from] AppError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the hub simulator cannot start")]
    Simulator(#[from] SimulatorError),
    #[error("{0}")]
    Found(String),
}

impl Failure {
    fn found(text: impl Into<String>) -> Self {
        Failure::Found(text.into())
    }
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Scan(arguments) => return scan::run(&arguments),
        Command::Translate(arguments) => return translate::run(&arguments),
        Command::Tenant(command) => return tenant::run(&command),
        Command::User(command) => return user::run(&command),
        Command::Upload(arguments) => return upload::run(&arguments),
        Command::Epcis(command) => return epcis::run(&command),
        Command::Bench(bench) => bench::run(&bench),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(site) => site.configuration().and_then(serve::run),
        Command::Worker(site) => site
            .configuration()
            .and_then(|configuration| worker::run(&configuration)),
        Command::Migrate(site) => site
            .configuration()
            .and_then(|configuration| migrate::run(&configuration)),
        Command::Audit(AuditCommand::Verify(site)) => site
            .configuration()
            .and_then(|configuration| audit::verify(&configuration)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("packtwin: {}", with_causes(&failure));
            ExitCode::FAILURE
        }
    }
}

/// Opens the site that a configuration names.
fn open(configuration: &Configuration) -> Result<Site, Failure> {
    let settings = SiteSettings {
        engine: configuration.database.clone(),
        folder: configuration.folder.clone(),
        environment: configuration.environment,
        connections: configuration.connections,
    };
    Ok(Site::open(settings, SystemClock.now())?)
}

/// Opens the verifiers' side, where the configuration names one.
fn verifier_store(configuration: &Configuration) -> Result<Option<VerifierStore>, Failure> {
    let Some(verifier) = &configuration.verifier else {
        return Ok(None);
    };
    let settings = VerifierSettings {
        engine: verifier.database.clone(),
        key: verifier.key.clone(),
        environment: configuration.environment,
        connections: configuration.connections,
    };
    Ok(Some(VerifierStore::open(&settings, SystemClock.now())?))
}

/// Starts the service of verification, where the configuration names a verifiers' side.
fn verifying(site: &Site, configuration: &Configuration) -> Result<Option<Verifying>, Failure> {
    let (Some(verifier), Some(store)) = (&configuration.verifier, verifier_store(configuration)?)
    else {
        return Ok(None);
    };
    let scope = site.verifier_scope(&verifier.repository, configuration.connections)?;
    Ok(Some(Verifying::start(store, scope, Arc::new(SystemClock))?))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Writes one line of a command's result to standard output.
fn print_line(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{line}")
}

/// Ends when someone at the keyboard or the process manager asks to stop.
async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
