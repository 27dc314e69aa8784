//! The real program as a process of its own, on a free port of loopback and in a folder of its own: what stories in a
//! browser look at, and what is killed to see that nothing is lost.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::browser::target_folder;

/// Names the program when it is not the one beside the tests.
const PROGRAM_VARIABLE: &str = "PACKTWIN_TEST_PROGRAM";
/// How long a start may take on a busy machine.
const START_MAX: Duration = Duration::from_secs(120);
/// How often the site is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A running site. Killed when dropped.
pub struct ServerProcess {
    child: Child,
    url: String,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts `packtwin serve` with a configuration file; its `listen` must be the port of `url`.
    ///
    /// # Panics
    /// When the site is not ready in time; the message holds what the program said.
    pub fn serve(configuration: &Path, url: &str) -> Self {
        let mut command = program();
        command.arg("serve").arg("--config").arg(configuration);
        let folder = configuration.parent().expect("a file stands in a folder");
        ServerProcess::start(command, folder, url)
    }

    /// Starts `packtwin demo` in a folder, on a free port.
    ///
    /// # Panics
    /// When the site is not ready in time; the message holds what the program said.
    pub fn demo(folder: &Path) -> Self {
        let port = free_port();
        let mut command = program();
        command.arg("demo").arg("--folder").arg(folder);
        command.arg("--port").arg(port.to_string());
        ServerProcess::start(command, folder, &format!("http://127.0.0.1:{port}"))
    }

    /// The address of the site, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the program has said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends the process as a power cut does: at once, with nothing put in order.
    pub fn kill(mut self) {
        self.end();
    }

    fn start(mut command: Command, folder: &Path, url: &str) -> Self {
        fs::create_dir_all(folder).expect("the folder of the site");
        let log = folder.join("program.log");
        let output = File::create(&log).expect("a file for what the program says");
        let errors = output.try_clone().expect("a second handle");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .expect("the program starts");
        let mut server = ServerProcess {
            child,
            url: url.to_owned(),
            log,
        };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&mut self) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(5)))
            .build()
            .into();
        let address = format!("{}/health/ready", self.url);
        let began = Instant::now();
        loop {
            if let Ok(answer) = agent.get(&address).call()
                && answer.status() == 200
            {
                return;
            }
            let ended = self.child.try_wait().expect("the process can be asked");
            assert!(
                ended.is_none() && began.elapsed() < START_MAX,
                "the site at {} was not ready ({ended:?}); the program said:\n{}",
                self.url,
                self.said()
            );
            std::thread::sleep(ASK_EVERY);
        }
    }

    fn end(&mut self) {
        // A process that has ended already cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.end();
    }
}

/// The program, ready for arguments, with nothing of this process's settings in its environment.
///
/// # Panics
/// When it was not built.
pub fn program() -> Command {
    let path = match std::env::var_os(PROGRAM_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => beside_the_tests(),
    };
    assert!(
        path.is_file(),
        "there is no {}; cargo builds it with the tests of this crate",
        path.display()
    );
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PACKTWIN_") {
            command.env_remove(name);
        }
    }
    command
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    socket
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// The program as it is built with the tests (`src/bin/packtwin_under_test.rs`), so that it is never older than they are.
/// Tests stand in `TARGET/PROFILE/deps`, programs in `TARGET/PROFILE`.
fn beside_the_tests() -> PathBuf {
    let tests = std::env::current_exe().expect("a test knows its own program");
    let profile = tests.ancestors().nth(2).and_then(Path::file_name);
    let profile = profile.expect("tests stand in a profile's folder");
    target_folder().join(profile).join("packtwin_under_test")
}
