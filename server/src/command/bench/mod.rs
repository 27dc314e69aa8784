//! `packtwin bench`: the product's own paths, each with its yardstick in the same run.
//!
//! People read standard error; the last line of standard output is one JSON object for machines.

mod capture;
mod epcis_file;
mod ingest;
mod measure;
mod pack_file;
mod translate;
mod verify;
mod wire_load;

use clap::Subcommand;

use super::Failure;

/// What to measure.
#[derive(Subcommand)]
pub(super) enum BenchCommand {
    /// A serial file from its receipt to written hub documents, beside the engine's fastest bulk route.
    Ingest(ingest::IngestArguments),
    /// An EPCIS document from XML 1.2 to JSON 2.0 and back, beside reading the same bytes and doing nothing; then captured,
    /// beside the engine's fastest bulk route.
    Translate(translate::TranslateBenchArguments),
    /// A day's mix of verifications over HTTP, each durable before its answer, beside the service without HTTP and an empty
    /// handler.
    Verify(verify::VerifyArguments),
}

pub(super) fn run(command: &BenchCommand) -> Result<(), Failure> {
    match command {
        BenchCommand::Ingest(arguments) => ingest::run(arguments),
        BenchCommand::Translate(arguments) => translate::run(arguments),
        BenchCommand::Verify(arguments) => verify::run(arguments),
    }
}
