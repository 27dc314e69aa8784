//! `packtwin bench ingest`: received, checked, committed, hub documents written and queued; and the yardstick.
//!
//! The product path is the use cases of `app` on a fresh site: whatever a person would start by API or page, without
//! HTTP. Documents are written and queued, not transported. The yardstick stores the same serials, sorted beforehand, in
//! a table with the columns and key of `pack` (`tenants::engine::yardstick`). `bytes_per_pack` is what the whole database
//! grew by between the set-up and the end of the product path, with everything checkpointed, divided by the packs.
//! `check_mb_per_second` is the reading and row checking of the same file alone, one thread, into a counter.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use packtwin_app::house::{House, HouseSettings};
use packtwin_app::lot::{SendWhat, request_send, view_lot};
use packtwin_app::product::{create_product, send_version};
use packtwin_app::upload::{
    Entry, EntryFile, EntryWriter, ReadOrder, Spool, read_serial_file, request_commit,
};
use packtwin_connector_port::serial_file::{LotIndex, SeenLot, SerialFileSink, Stop};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::fact::SerialSource;
use packtwin_core::finding::Finding;
use packtwin_core::ids::TenantId;
use packtwin_core::serial::Serial;
use packtwin_core::time::Clock;
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::engine::Engine;
use packtwin_tenants::engine::scratch::ScratchDatabase;
use packtwin_tenants::engine::yardstick::{database_bytes, pack_table_bytes, yardstick_store};
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_transport::HttpsTransport;
use packtwin_transport::webhook::WebhookPoster;

use super::measure::{Phases, on_core_seconds, peak_rss_mib, rounded};
use super::pack_file::{self, BenchLot};
use crate::clock::SystemClock;
use crate::command::{Failure, sandbox};

/// Rows the yardstick's serials are sorted in at once.
const YARDSTICK_SORT_ROWS: usize = 500_000;

/// What to ingest, and into what.
#[derive(Args)]
pub(in crate::command) struct IngestArguments {
    /// Packs of the file.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    packs: u64,
    /// A PostgreSQL server (postgres://…): a database is made beside the named one and dropped at the end. Without it
    /// SQLite is measured.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the work folder is made; removed at the end.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Lots of the file; without it one for every 200,000 packs.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=1000))]
    lots: Option<u64>,
}

pub(super) fn run(arguments: &IngestArguments) -> Result<(), Failure> {
    crate::log::start(crate::log::LogFormat::Text, "warn");
    let folder = WorkFolder::create(arguments.folder.as_deref())?;
    let scratch = scratch(arguments.database_url.as_deref())?;
    let engine = match &scratch {
        Some(scratch) => scratch.engine().clone(),
        None => Engine::Sqlite {
            path: folder.0.join("packtwin.db").display().to_string(),
        },
    };
    engine.migrate()?;
    let lots = pack_file::lots(arguments.packs, arguments.lots)?;
    let path = folder.0.join("packs.csv");
    let bytes = pack_file::write(File::create(&path)?, &lots)?;
    eprintln!(
        "{}: {} packs in {} lots, {bytes} bytes",
        engine.name(),
        arguments.packs,
        lots.len()
    );
    let check = check_alone(&path, bytes)?;
    let bench = Bench::found(&engine, &folder.0, &lots)?;
    let before = database_bytes(&engine)?;
    let mut phases = Phases::default();
    bench.ingest(&path, bytes, &lots, &mut phases)?;
    let grown = database_bytes(&engine)?.saturating_sub(before);
    let table = pack_table_bytes(&engine)?;
    bench.verify(&lots)?;
    drop(bench);
    let product_peak = peak_rss_mib();
    let yardstick = yardstick(&engine, &folder.0, arguments.packs)?.as_secs_f64();
    let packs = arguments.packs as f64;
    let report = serde_json::json!({
        "bench": "ingest",
        "engine": engine.name(),
        "packs": arguments.packs,
        "lots": lots.len(),
        "file_bytes": bytes,
        "seconds": rounded(phases.seconds()),
        "phase_seconds": phases.to_json(),
        "packs_per_second": (packs / phases.seconds()).round(),
        "microseconds_per_pack": rounded(phases.seconds() * 1e6 / packs),
        "yardstick_seconds": rounded(yardstick),
        "yardstick_packs_per_second": (packs / yardstick).round(),
        "ratio": rounded(phases.seconds() / yardstick),
        "peak_rss_mib": product_peak,
        "bytes_per_pack": rounded(grown as f64 / packs),
        "pack_table_bytes_per_pack": rounded(table as f64 / packs),
        "check_mb_per_second": rounded(check.on_core),
        "check_mb_per_second_wall": rounded(check.wall),
    });
    eprintln!(
        "  yardstick  {yardstick:>9.3} s; ratio {:.2}; peak {:.0} MiB; {:.1} bytes a pack; check {:.0} MB/s",
        phases.seconds() / yardstick,
        product_peak.unwrap_or_default(),
        grown as f64 / packs,
        check.on_core,
    );
    super::super::print_line(&report.to_string())?;
    Ok(())
}

pub(super) fn scratch(url: Option<&str>) -> Result<Option<ScratchDatabase>, Failure> {
    let Some(url) = url else {
        return Ok(None);
    };
    match ScratchDatabase::create(&Engine::from_address(url))? {
        Some(scratch) => Ok(Some(scratch)),
        None => Err(Failure::found(
            "--database-url names no PostgreSQL server (postgres://…); leave it out to measure SQLite",
        )),
    }
}

/// A fresh site with one manufacturer.
pub(super) struct Bench {
    pub(super) house: House,
    pub(super) tenant: TenantId,
}

impl Bench {
    pub(super) fn found(
        engine: &Engine,
        folder: &Path,
        lots: &[BenchLot],
    ) -> Result<Self, Failure> {
        let clock = Arc::new(SystemClock);
        let settings = SiteSettings {
            engine: engine.clone(),
            folder: folder.to_owned(),
            environment: Environment::Test,
            connections: 4,
        };
        let site = Site::open(settings, clock.now())?;
        let tenant = site.tenant_create("Bench Pharma", "bench", "UTC", clock.now())?;
        let webhooks = WebhookPoster {
            trusted_pem: String::new(),
            ports: Vec::new(),
            loopback: false,
            limits: Default::default(),
        };
        let transport = Arc::new(HttpsTransport::new(Environment::Test));
        let house = House::new(site, clock, transport, webhooks, HouseSettings::default());
        let bench = Bench { house, tenant };
        bench.set_up(lots)?;
        Ok(bench)
    }

    /// Connector and products. Nothing is transported, so no simulator stands behind the address.
    fn set_up(&self, lots: &[BenchLot]) -> Result<(), Failure> {
        let desk = sandbox::desk(&self.house, self.tenant, "bench");
        let now = self.house.now();
        let authority = SandboxAuthority::generate(now)?;
        let identity = authority.client("bench", now.plus_days(-1), now.plus_days(30))?;
        let url = "https://127.0.0.1:9/eu-hub";
        sandbox::connect_hub(&desk, url, &authority.trusted_pem(), "BENCH", identity)?;
        let data = sandbox::master_data(
            "Bench Pharma",
            "Benchine 10 mg film-coated tablets",
            "benchine",
            &["DE", "AT"],
        )?;
        let used: BTreeSet<_> = lots.iter().map(|lot| lot.product.to_string()).collect();
        for code in pack_file::products()? {
            if used.contains(&code.to_string()) {
                create_product(&desk, code, &data)?;
                send_version(&desk, &code, 1)?;
            }
        }
        Ok(())
    }

    fn ingest(
        &self,
        path: &Path,
        bytes: u64,
        lots: &[BenchLot],
        phases: &mut Phases,
    ) -> Result<(), Failure> {
        self.store(path, bytes, phases)?;
        let desk = sandbox::desk(&self.house, self.tenant, "bench");
        phases.time("documents", || {
            for lot in lots {
                request_send(&desk, &lot.product, &batch(lot)?, SendWhat::Unsent)?;
            }
            sandbox::work(&self.house)
        })
    }

    /// From the file's receipt to stored packs.
    pub(super) fn store(
        &self,
        path: &Path,
        bytes: u64,
        phases: &mut Phases,
    ) -> Result<(), Failure> {
        let desk = sandbox::desk(&self.house, self.tenant, "bench");
        let upload = phases.time("receive", || {
            sandbox::receive(&desk, "packs.csv", bytes, &mut File::open(path)?)
        })?;
        phases.time("check", || sandbox::work(&self.house))?;
        phases.time("commit", || {
            request_commit(&desk, upload, Vec::new())?;
            sandbox::work(&self.house)
        })
    }

    /// A figure counts only when every pack is where it belongs.
    fn verify(&self, lots: &[BenchLot]) -> Result<(), Failure> {
        let desk = sandbox::desk(&self.house, self.tenant, "bench");
        for lot in lots {
            let view = view_lot(&desk, &lot.product, &batch(lot)?)?;
            if view.numbers.stored != lot.packs || view.unsent.0 != 0 {
                return Err(Failure::found(format!(
                    "lot {} stored {} of {} packs and left {} unsent",
                    lot.batch, view.numbers.stored, lot.packs, view.unsent.0
                )));
            }
        }
        Ok(())
    }
}

fn batch(lot: &BenchLot) -> Result<BatchNumber, Failure> {
    BatchNumber::parse(&lot.batch).map_err(|error| Failure::found(error.to_string()))
}

struct CheckRate {
    on_core: f64,
    wall: f64,
}

/// Reads and checks the file alone, in MB/s (10^6 bytes).
fn check_alone(path: &Path, bytes: u64) -> Result<CheckRate, Failure> {
    // The first reading warms the file: what is measured is the check and not the disk.
    io::copy(&mut File::open(path)?, &mut io::sink())?;
    let accepted = BTreeSet::new();
    let order = ReadOrder {
        path,
        mapping: None,
        accepted: &accepted,
        kept: &accepted,
        lots_max: 10_000,
        at: SystemClock.now(),
    };
    let mut counted = Counted::default();
    let (started, on_core) = (Instant::now(), on_core_seconds());
    read_serial_file(&order, &mut counted).map_err(|error| Failure::found(error.to_string()))?;
    let wall = started.elapsed().as_secs_f64();
    let on_core = on_core
        .zip(on_core_seconds())
        .map_or(wall, |(before, after)| after - before);
    if counted.findings > 0 || counted.rows != counted.serials {
        return Err(Failure::found("the file of the bench has findings"));
    }
    Ok(CheckRate {
        on_core: bytes as f64 / on_core / 1e6,
        wall: bytes as f64 / wall / 1e6,
    })
}

#[derive(Default)]
struct Counted {
    lots: u32,
    rows: u64,
    serials: u64,
    findings: u64,
}

impl SerialFileSink for Counted {
    fn lot(&mut self, _: SeenLot) -> Result<LotIndex, Stop> {
        self.lots += 1;
        Ok(LotIndex(self.lots - 1))
    }

    fn row(&mut self, _: u64, _: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.rows += 1;
        self.serials += u64::from(std::hint::black_box(serial).is_some());
        Ok(())
    }

    fn finding(&mut self, _: Finding) -> Result<(), Stop> {
        self.findings += 1;
        Ok(())
    }

    fn progress(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }
}

/// Sorts the same serials into a file, off the clock, and lets the engine store them from it.
pub(super) fn yardstick(engine: &Engine, folder: &Path, packs: u64) -> Result<Duration, Failure> {
    let mut spool = Spool::new(folder, "yardstick", YARDSTICK_SORT_ROWS);
    for number in 0..packs {
        spool.push(Entry::new(0, &pack_file::serial(number)?, 0, number))?;
    }
    let path = folder.join("yardstick-sorted");
    let mut file = EntryWriter::create(&path)?;
    let mut sorted = spool.into_sorted()?;
    while let Some(entry) = sorted.next_entry()? {
        file.push(&entry)?;
    }
    file.finish()?;
    let mut serials = SortedSerials(EntryFile::open(&path)?);
    Ok(yardstick_store(engine, &mut serials)?)
}

struct SortedSerials(EntryFile);

impl SerialSource for SortedSerials {
    fn next_serial(&mut self) -> io::Result<Option<Serial>> {
        Ok(self.0.next_entry()?.and_then(|entry| entry.serial()))
    }
}

/// A folder of its own, removed at the end.
pub(super) struct WorkFolder(pub(super) PathBuf);

impl WorkFolder {
    pub(super) fn create(parent: Option<&Path>) -> io::Result<Self> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = parent.join(format!("packtwin-bench-{}", std::process::id()));
        std::fs::create_dir_all(&parent)?;
        std::fs::create_dir(&path)?;
        Ok(WorkFolder(path))
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("packtwin: {} was left behind: {error}", self.0.display());
        }
    }
}
