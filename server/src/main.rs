//! The program `packtwin`. What it does is in the library; see `command`.

use std::process::ExitCode;

fn main() -> ExitCode {
    packtwin_server::command::run()
}
