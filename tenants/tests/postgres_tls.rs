//! TLS to PostgreSQL against a server that takes nothing else (ASVS 12.3.1): each `sslmode` with the right and the wrong
//! authority, name and client certificate, and what is told when it does not come about.
//!
//! The test starts a cluster of its own, since it needs its own certificate and its own `pg_hba.conf`.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use packtwin_core::environment::Environment;
use packtwin_tenants::engine::{Connector, Engine};
use packtwin_tenants::scope::Housekeeping;
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_tenants::store::idempotency::{Answer, Begun};
use packtwin_tenants::testing::{cluster_address, now, number};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Encrypted connections only, one login by password and one by certificate.
const HBA_TLS: &str = "hostssl all keeper all scram-sha-256\nhostssl all courier all cert\nhostssl all all all trust\n\
                       hostnossl all all all reject\nlocal all all trust\n";
/// The server without TLS.
const HBA_PLAIN: &str = "host all all all trust\nlocal all all trust\n";

/// A throw-away cluster with TLS.
struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

impl Cluster {
    fn start() -> Cluster {
        let cluster = Cluster {
            programs: programs(),
            folder: tempfile::tempdir().unwrap(),
            port: free_port(),
        };
        let folder = cluster.folder.path().display().to_string();
        write_certificates(cluster.folder.path());
        let is_root = as_server("true").is_some();
        if is_root {
            run(Command::new("chown").args(["-R", "postgres", &folder]));
        }
        let data = format!("{folder}/data");
        cluster.program(
            "initdb",
            &format!("-D {data} -A trust -U postgres -E UTF8 --locale=C --no-sync"),
        );
        cluster.configure(HBA_TLS);
        let options = format!(
            "-p {} -k {folder} -c listen_addresses=localhost -c ssl=on -c ssl_cert_file={folder}/server.pem \
             -c ssl_key_file={folder}/server.key -c ssl_ca_file={folder}/authority.pem",
            cluster.port
        );
        cluster.program(
            "pg_ctl",
            &format!("-D {data} -l {folder}/log -w -o '{options}' start"),
        );
        cluster
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn configure(&self, hba: &str) {
        let write = format!("printf '%s' '{hba}' > {}", self.path("data/pg_hba.conf"));
        shell(&write);
    }

    fn reload(&self, hba: &str, ssl: &str) {
        self.configure(hba);
        let line = format!(
            "printf 'ssl = {ssl}\\n' >> {}",
            self.path("data/postgresql.conf")
        );
        shell(&line);
        self.program(
            "pg_ctl",
            &format!("-D {} stop -m fast -w", self.path("data")),
        );
        let options = format!(
            "-p {} -k {} -c listen_addresses=localhost",
            self.port,
            self.path("")
        );
        let start = format!(
            "-D {} -l {} -w -o '{options}' start",
            self.path("data"),
            self.path("log")
        );
        self.program("pg_ctl", &start);
    }

    fn program(&self, name: &str, arguments: &str) {
        shell(&format!(
            "{}/{name} {arguments} > {} 2>&1",
            self.programs.display(),
            self.path("told")
        ));
    }

    fn address(&self, login: &str, host: &str, settings: &str) -> String {
        let settings = settings.replace("$", self.folder.path().to_str().unwrap());
        format!(
            "postgres://{login}@{host}:{}/postgres?{settings}",
            self.port
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop = format!(
            "{}/pg_ctl -D {} stop -m immediate -w",
            self.programs.display(),
            self.path("data")
        );
        let mut command = as_server(&stop).unwrap_or_else(|| as_myself(&stop));
        let _ = command.output();
    }
}

/// The server refuses to run as root; then it runs as `postgres`.
fn as_server(line: &str) -> Option<Command> {
    let id = Command::new("id").arg("-u").output().unwrap();
    (id.stdout == b"0\n").then(|| {
        let mut command = Command::new("su");
        command.args(["postgres", "-s", "/bin/sh", "-c", line]);
        command
    })
}

fn as_myself(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

fn shell(line: &str) {
    run(&mut as_server(line).unwrap_or_else(|| as_myself(line)));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Debian keeps the programs of each version in a folder of its own.
fn programs() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL's programs are installed");
    let newest = versions.map(|entry| entry.unwrap().path()).max();
    newest.expect("a version is installed").join("bin")
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// An authority, another one, a server's certificate for `localhost` and a client's for `courier`.
fn write_certificates(folder: &Path) {
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        Issuer::new(params, key)
    };
    let (issuer, other) = (authority("authority"), authority("other"));
    for (file, name, issuer) in [
        ("server", "localhost", &issuer),
        ("client", "courier", &issuer),
        ("stranger", "courier", &other),
    ] {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        std::fs::write(folder.join(format!("{file}.pem")), certificate.pem()).unwrap();
        let path = folder.join(format!("{file}.key"));
        std::fs::write(&path, key.serialize_pem()).unwrap();
        run(Command::new("chmod").arg("600").arg(&path));
    }
}

const IS_SEALED: &str =
    "SELECT count(*) AS number FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";

/// Connects, and answers whether the connection is encrypted, or what was told.
fn connect(address: &str) -> Result<bool, String> {
    let engine = Engine::from_address(address);
    let connector = Connector::open(&engine).map_err(|error| error.to_string())?;
    let mut connection = connector
        .connect_as_login()
        .map_err(|error| error.to_string())?;
    Ok(number(&mut connection, IS_SEALED).unwrap() == 1)
}

fn check(address: &str, expected: Result<bool, &str>) {
    let found = connect(address);
    match (&found, expected) {
        (Ok(found), Ok(expected)) if *found == expected => {}
        (Err(told), Err(part)) if told.contains(part) => {}
        _ => panic!("{address}: {found:?}, expected {expected:?}"),
    }
}

#[test]
fn connections_are_encrypted_as_the_address_demands() {
    if cluster_address().is_none() {
        return;
    }
    let cluster = Cluster::start();
    let to = |host: &str, settings: &str| cluster.address("postgres", host, settings);
    let sealed = Ok(true);

    // The server takes encrypted connections only: plain ones fail, the default finds the way by itself.
    check(&to("localhost", "sslmode=disable"), Err("reject"));
    check(&to("localhost", ""), sealed);
    check(&to("127.0.0.1", "sslmode=allow"), sealed);
    check(&to("localhost", "sslmode=prefer"), sealed);
    check(&to("localhost", "sslmode=require"), sealed);

    // Known authority, right name.
    let by = |mode: &str, root: &str| format!("sslmode={mode}&sslrootcert=$/{root}.pem");
    check(&to("localhost", &by("verify-ca", "authority")), sealed);
    check(&to("localhost", &by("verify-full", "authority")), sealed);
    check(&to("127.0.0.1", &by("verify-ca", "authority")), sealed);
    check(&to("127.0.0.1", &by("require", "authority")), sealed);
    check(
        &to("127.0.0.1", &by("verify-full", "authority")),
        Err("not valid for name"),
    );
    for mode in ["require", "verify-ca", "verify-full"] {
        check(&to("localhost", &by(mode, "other")), Err("UnknownIssuer"));
    }
    check(
        &to("localhost", "sslmode=verify-full&sslrootcert=system"),
        Err("UnknownIssuer"),
    );
    check(
        &to("localhost", "sslmode=verify-full"),
        Err("need sslrootcert"),
    );
    check(
        &to("localhost", &by("verify-full", "missing")),
        Err("missing.pem cannot be read"),
    );

    // Who connects: a password goes through, and so does a certificate.
    let owner = Connector::open(&Engine::from_address(&to("localhost", ""))).unwrap();
    let mut owner = owner.connect_as_login().unwrap();
    let roles = "CREATE ROLE keeper LOGIN PASSWORD 'far-away'; CREATE ROLE courier LOGIN";
    diesel::connection::SimpleConnection::batch_execute(&mut owner, roles).unwrap();
    let keeper = |password: &str| {
        cluster.address(
            &format!("keeper:{password}"),
            "localhost",
            "sslmode=require",
        )
    };
    check(&keeper("far-away"), sealed);
    check(&keeper("wrong"), Err("password authentication failed"));
    let courier = |settings: &str| {
        cluster.address(
            "courier",
            "localhost",
            &format!("sslmode=require{settings}"),
        )
    };
    check(
        &courier("&sslcert=$/client.pem&sslkey=$/client.key"),
        sealed,
    );
    check(&courier(""), Err("certificate"));
    check(
        &courier("&sslcert=$/stranger.pem&sslkey=$/stranger.key"),
        Err("TLS to PostgreSQL at localhost"),
    );

    // A whole site works through it.
    check_site(&cluster, &by("verify-full", "authority"));

    // A server without TLS: `prefer` goes on without, `require` does not.
    drop(owner);
    cluster.reload(HBA_PLAIN, "off");
    check(&to("localhost", "sslmode=prefer"), Ok(false));
    check(&to("localhost", ""), Ok(false));
    check(
        &to("localhost", "sslmode=require"),
        Err("the server offers no TLS"),
    );
    check(
        &to("localhost", &by("verify-full", "authority")),
        Err("the server offers no TLS"),
    );

    // Nobody there.
    let nowhere = format!("postgres://localhost:{}/x?sslmode=require", free_port());
    check(&nowhere, Err("TLS to PostgreSQL at localhost:"));
}

fn check_site(cluster: &Cluster, settings: &str) {
    let engine = Engine::from_address(&cluster.address("postgres", "localhost", settings));
    engine.migrate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = SiteSettings {
        engine,
        folder: folder.path().to_owned(),
        environment: Environment::Test,
        connections: 4,
    };
    let site = Site::open(settings, now()).unwrap();
    let tenant = site.tenant_create("Alder", "alder", "UTC", now()).unwrap();
    // Larger than any buffer on the way, there and back, on several connections at once.
    let body = vec![7; 3 << 20];
    std::thread::scope(|threads| {
        for number in 0..8 {
            let (site, body) = (&site, &body);
            threads.spawn(move || {
                let scope = site.system_scope(tenant, "test");
                let handle = format!("large {number}");
                let answer = Answer {
                    status: 200,
                    headers: String::new(),
                    body: body.clone(),
                };
                assert_eq!(
                    scope.idempotency_begin(now(), &handle, &[1; 32]).unwrap(),
                    Begun::Fresh
                );
                let kept = scope.housekeep(now(), Housekeeping::Answer, |writer| {
                    writer.idempotency_finish(&handle, &[1; 32], &answer)
                });
                assert!(kept.unwrap());
                let again = scope.idempotency_begin(now(), &handle, &[1; 32]).unwrap();
                assert_eq!(again, Begun::Replay(answer));
            });
        }
    });
}
