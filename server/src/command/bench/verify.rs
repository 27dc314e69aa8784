//! `packtwin bench verify`: a day's mix of verifications over HTTP, each durable on both sides before it is answered.
//!
//! The packs come in by the product's own ingest. Then the real server answers on loopback: verify 75 %, supply 20 %, undo
//! 1 %, other changes 4 %, of packs drawn evenly from all, asked by as many premises as there are clients. The load runs in
//! the same process and on the same cores. Two yardsticks in the same run: the service without HTTP (the same requests
//! handed in by call, as many under way as there are clients, at least 256), and the server with a handler that does nothing.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, rt, web};
use clap::Args;

use packtwin_app::verification::{Ask, Reply, Verifying};
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::pack::PackKey;
use packtwin_core::time::Clock;
use packtwin_core::verification::{
    Actor, Delivery, EntryMode, Operation, Removal, Scale, Submitted, Undo,
};
use packtwin_tenants::engine::Engine;
use packtwin_tenants::seal::Secret;
use packtwin_tenants::verifier::premises::NewPremises;
use packtwin_tenants::verifier::premises_key::KeyScope;
use packtwin_tenants::verifier::request_record::Asking;
use packtwin_tenants::verifier::{PremisesKeyText, VerifierSettings, VerifierStore};

use super::ingest::{Bench, WorkFolder, scratch};
use super::measure::{Phases, peak_rss_mib, rounded};
use super::pack_file::{self, BenchLot};
use super::wire_load::{Measured, Pace, Requests, drive};
use crate::clock::SystemClock;
use crate::command::Failure;
use crate::configuration::Configuration;
use crate::http::Shared;
use crate::listener;

/// Connections of the service to each database.
const CONNECTIONS: u32 = 8;
/// Requests under way in the measurement without HTTP, at least.
const UNDER_WAY_MIN: usize = 256;

/// How much of what.
#[derive(Args)]
pub(in crate::command) struct VerifyArguments {
    /// Packs in the repository.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    packs: u64,
    /// Clients, each with a connection and premises of its own.
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u64).range(1..=4096))]
    clients: u64,
    /// Seconds of the measurement.
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Requests a second; without it as many as can be answered.
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// A PostgreSQL server (postgres://…): two databases are made beside the named one and dropped at the end. Without it
    /// SQLite is measured.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the work folder is made; removed at the end.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<(), Failure> {
    crate::log::start(crate::log::LogFormat::Text, "warn");
    let folder = WorkFolder::create(arguments.folder.as_deref())?;
    let url = arguments.database_url.as_deref();
    let (site, verifiers) = (scratch(url)?, scratch(url)?);
    let engine_of = |scratch: Option<&packtwin_tenants::engine::scratch::ScratchDatabase>, file| {
        scratch.map_or_else(
            || Engine::Sqlite {
                path: folder.0.join(file).display().to_string(),
            },
            |scratch| scratch.engine().clone(),
        )
    };
    let engine = engine_of(site.as_ref(), "packtwin.db");
    let verifier_engine = engine_of(verifiers.as_ref(), "verifier.db");
    engine.migrate()?;
    verifier_engine.migrate_verifier()?;
    let lots = pack_file::lots(arguments.packs, None)?;
    let path = folder.0.join("packs.csv");
    let bytes = pack_file::write(std::fs::File::create(&path)?, &lots)?;
    eprintln!("{}: {} packs", engine.name(), arguments.packs);
    let bench = Bench::found(&engine, &folder.0, &lots)?;
    bench.store(&path, bytes, &mut Phases::default())?;

    let settings = VerifierSettings {
        engine: verifier_engine,
        key: folder.0.join("verifier.key"),
        environment: Environment::Test,
        connections: CONNECTIONS,
    };
    let store = VerifierStore::open(&settings, SystemClock.now())?;
    let scope = bench.house.site().verifier_scope(&engine, CONNECTIONS)?;
    let keys = premises_keys(&store, arguments.clients)?;
    let verifying = Verifying::start(store, scope, Arc::new(SystemClock))?;
    let stock = Arc::new(Stock::new(&lots)?);

    let without_http = without_http(&verifying, &stock, &keys, yardstick_time(arguments))?;
    eprintln!("  without HTTP   {without_http:>10.0} a second");
    let empty = empty_handler(arguments)?.per_second();
    eprintln!("  empty handler  {empty:>10.0} a second");
    let measured = over_http(&bench, &folder, verifying, &stock, &keys, arguments)?;
    let peak = peak_rss_mib();
    let limit = without_http.min(empty);
    let report = serde_json::json!({
        "bench": "verify",
        "engine": engine.name(),
        "packs": arguments.packs,
        "clients": arguments.clients,
        "seconds": rounded(measured.seconds),
        "rate_limit": arguments.rate,
        "requests_per_second": measured.per_second().round(),
        "errors": measured.errors,
        "p50_ms": rounded(measured.percentile_ms(0.5)),
        "p95_ms": rounded(measured.percentile_ms(0.95)),
        "p99_ms": rounded(measured.percentile_ms(0.99)),
        "p999_ms": rounded(measured.percentile_ms(0.999)),
        "engine_per_second": without_http.round(),
        "empty_handler_per_second": empty.round(),
        "ratio": rounded(measured.per_second() / limit),
        "peak_rss_mib": peak,
    });
    eprintln!(
        "  over HTTP      {:>10.0} a second; p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms; {} errors",
        measured.per_second(),
        measured.percentile_ms(0.5),
        measured.percentile_ms(0.95),
        measured.percentile_ms(0.99),
        measured.errors
    );
    crate::command::print_line(&report.to_string())?;
    Ok(())
}

fn yardstick_time(arguments: &VerifyArguments) -> Duration {
    Duration::from_secs(arguments.seconds.min(10))
}

fn premises_keys(store: &VerifierStore, count: u64) -> Result<Vec<Secret>, Failure> {
    let now = SystemClock.now();
    let organisation = store.organisation_create("Bench Pharmacies", now)?;
    let market = "DE"
        .parse()
        .map_err(|_| Failure::found("DE is no market"))?;
    (0..count)
        .map(|number| {
            let premises = store.premises_create(
                &NewPremises {
                    organisation,
                    name: &format!("Pharmacy {number}"),
                    address: "",
                    role: Actor::Pharmacy,
                    market,
                },
                now,
            )?;
            let (_, key) =
                store.premises_key_create(premises, "bench", KeyScope::Change, None, now)?;
            Ok(key)
        })
        .collect()
}

/// The packs that can be drawn.
struct Stock {
    /// Each lot with the number of its first pack.
    lots: Vec<(u64, BenchLot)>,
    packs: u64,
}

/// A pack that was drawn.
struct Drawn<'a> {
    lot: &'a BenchLot,
    serial: packtwin_core::serial::Serial,
}

impl Stock {
    fn new(lots: &[BenchLot]) -> Result<Self, Failure> {
        let mut first = 0;
        let mut with_first = Vec::new();
        for lot in lots {
            with_first.push((
                first,
                BenchLot {
                    product: lot.product,
                    batch: lot.batch.clone(),
                    packs: lot.packs,
                },
            ));
            first += lot.packs;
        }
        Ok(Stock {
            lots: with_first,
            packs: first,
        })
    }

    fn pack(&self, number: u64) -> std::io::Result<Drawn<'_>> {
        let place = self.lots.partition_point(|(first, _)| *first <= number) - 1;
        Ok(Drawn {
            lot: &self.lots[place].1,
            serial: pack_file::serial(number)?,
        })
    }
}

/// A day at one till: what is asked next, of which pack.
struct Day {
    stock: Arc<Stock>,
    random: u64,
    supplied: Option<u64>,
}

impl Day {
    fn new(stock: &Arc<Stock>, number: usize) -> Self {
        Day {
            stock: Arc::clone(stock),
            random: (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
            supplied: None,
        }
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    fn next(&mut self) -> (Operation, u64) {
        let number = self.draw() % self.stock.packs;
        match self.draw() % 100 {
            0..75 => (Operation::Verify, number),
            75..95 => {
                self.supplied = Some(number);
                (Operation::Remove(Removal::Supply), number)
            }
            95 => {
                let number = self.supplied.take().unwrap_or(number);
                (Operation::Undo(Undo::Whatever), number)
            }
            96 => (Operation::Remove(Removal::Destroy), number),
            97 => (Operation::Remove(Removal::Export), number),
            98 => (Operation::Remove(Removal::Sample), number),
            _ => (Operation::Remove(Removal::Lock), number),
        }
    }
}

/// The service with the same requests handed in by call.
fn without_http(
    verifying: &Verifying,
    stock: &Arc<Stock>,
    keys: &[Secret],
    time: Duration,
) -> Result<f64, Failure> {
    let keys: Vec<PremisesKeyText> = keys
        .iter()
        .filter_map(|key| key.expose_text()?.parse().ok())
        .collect();
    let mut days: Vec<Day> = (0..keys.len())
        .map(|number| Day::new(stock, number + 1_000_000))
        .collect();
    let window = Arc::new((Mutex::new(0usize), Condvar::new()));
    let (answered, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let under_way_max = keys.len().max(UNDER_WAY_MIN);
    let began = Instant::now();
    let mut turn = 0;
    while began.elapsed() < time {
        let place = turn % keys.len();
        turn += 1;
        let (operation, number) = days[place].next();
        let pack = stock.pack(number)?;
        let asking = asking(keys[place], operation, &pack)?;
        {
            let (under_way, less) = &*window;
            let mut under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
            while *under_way >= under_way_max {
                under_way = less.wait(under_way).unwrap_or_else(PoisonError::into_inner);
            }
            *under_way += 1;
        }
        let (window, answered, failed) = (
            Arc::clone(&window),
            Arc::clone(&answered),
            Arc::clone(&failed),
        );
        verifying.ask(
            Ask {
                asking,
                dialect: None,
                scale: Scale::Single,
            },
            Box::new(move |reply| {
                match reply {
                    Reply::Answered { .. } => answered.fetch_add(1, Ordering::Relaxed),
                    _ => failed.fetch_add(1, Ordering::Relaxed),
                };
                let (under_way, less) = &*window;
                *under_way.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
                less.notify_one();
            }),
        );
    }
    let seconds = began.elapsed().as_secs_f64();
    if failed.load(Ordering::Relaxed) > 0 {
        return Err(Failure::found("the service refused requests of the bench"));
    }
    Ok(answered.load(Ordering::Relaxed) as f64 / seconds)
}

fn asking(key: PremisesKeyText, operation: Operation, pack: &Drawn<'_>) -> Result<Asking, Failure> {
    let wrong = |_| Failure::found("an element of the bench cannot be read");
    let now = SystemClock.now();
    Ok(Asking {
        key,
        handle: None,
        operation,
        submitted: Submitted {
            pack: PackKey {
                product: pack.lot.product,
                serial: pack.serial,
            },
            batch: Some(pack.lot.batch.parse().map_err(|_| wrong(()))?),
            expiry: Some(Expiry::parse(pack_file::EXPIRY, now.year()).map_err(|_| wrong(()))?),
        },
        entry: EntryMode::Scan,
        delivery: Delivery::Immediate,
        at: now,
    })
}

fn pace(arguments: &VerifyArguments, counted: Duration) -> Pace {
    Pace {
        warm_up: Duration::from_secs(1),
        counted,
        rate: arguments.rate,
    }
}

/// The server with a handler that does nothing, driven by the same clients, never held back.
fn empty_handler(arguments: &VerifyArguments) -> Result<Measured, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let pace = Pace {
        rate: None,
        ..pace(arguments, yardstick_time(arguments))
    };
    let clients: Vec<Nothing> = (0..arguments.clients).map(|_| Nothing).collect();
    serving(
        move || {
            let server = HttpServer::new(|| {
                App::new().route(
                    "/",
                    web::get().to(|| async { HttpResponse::NoContent().finish() }),
                )
            });
            Ok(server.listen(listener)?.run())
        },
        || Ok(drive(address, clients, pace)?),
    )
}

struct Nothing;

impl Requests for Nothing {
    fn next(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
}

/// The real server, with limits that no client of the bench reaches.
fn over_http(
    bench: &Bench,
    folder: &WorkFolder,
    verifying: Verifying,
    stock: &Arc<Stock>,
    keys: &[Secret],
    arguments: &VerifyArguments,
) -> Result<Measured, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let text = format!(
        "environment = \"test\"\npublic_url = \"http://{address}\"\ndatabase = \"unused\"\nfolder = {:?}\n\
         [limits]\ncalls_per_minute_key = 4000000000\ncalls_per_minute_address = 4000000000\n",
        folder.0
    );
    let configuration = Configuration::read(&text, std::iter::empty())?;
    let site = bench.house.site().clone();
    let mut shared = Shared::new(site, configuration, Arc::new(SystemClock));
    shared.verifying = Some(verifying);
    let shared = web::Data::new(shared);
    let clients: Vec<Till> = keys
        .iter()
        .enumerate()
        .filter_map(|(number, key)| {
            Some(Till {
                day: Day::new(stock, number),
                key: key.expose_text()?.to_owned(),
                body: String::new(),
            })
        })
        .collect();
    let counted = Duration::from_secs(arguments.seconds);
    serving(
        move || Ok(listener::serve(shared, listener)?),
        || Ok(drive(address, clients, pace(arguments, counted))?),
    )
}

/// Runs a server on a thread of its own while something drives it, and stops it.
fn serving<T>(
    serve: impl FnOnce() -> Result<actix_web::dev::Server, Failure> + Send + 'static,
    drive: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (send, receive) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        rt::System::new().block_on(async move {
            let server = serve()?;
            // Whoever waits for the handle is the one who started this thread.
            let _waited_for = send.send(server.handle());
            server.await?;
            Ok::<_, Failure>(())
        })
    });
    let driven = match receive.recv() {
        Ok(handle) => {
            let driven = drive();
            rt::System::new().block_on(handle.stop(false));
            driven
        }
        Err(_) => Err(Failure::found("the server did not start")),
    };
    match thread.join() {
        Ok(served) => served.and(driven),
        Err(_) => Err(Failure::found("the server ended by a defect")),
    }
}

/// A till at a pharmacy.
struct Till {
    day: Day,
    key: String,
    body: String,
}

impl Requests for Till {
    fn next(&mut self, request: &mut Vec<u8>) {
        use std::fmt::Write as _;
        use std::io::Write as _;
        let (operation, number) = self.day.next();
        let Ok(pack) = self.day.stock.pack(number) else {
            return;
        };
        let (path, member) = match operation {
            Operation::Verify | Operation::Status => ("verify", None),
            Operation::Remove(removal) => ("change", Some(removal.as_str())),
            Operation::Undo(_) => ("undo", None),
        };
        self.body.clear();
        let member = member.map_or(String::new(), |word| format!(",\"operation\":\"{word}\""));
        // Writing to memory does not fail.
        let _in_memory = write!(
            self.body,
            "{{\"product\":\"{}\",\"serial\":\"{}\",\"lot\":\"{}\",\"expiry\":\"{}\"{member}}}",
            pack.lot.product,
            pack.serial,
            pack.lot.batch,
            pack_file::EXPIRY
        );
        let _in_memory = write!(
            request,
            "POST /v1/packs:{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
            self.key,
            self.body.len(),
            self.body
        );
    }
}
