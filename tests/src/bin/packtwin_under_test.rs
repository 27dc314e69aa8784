//! The program itself, built beside the tests that start and kill it.

use std::process::ExitCode;

fn main() -> ExitCode {
    packtwin_server::command::run()
}
