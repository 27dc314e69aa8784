//! Documents that must be found wrong: by schema and vocabulary, or in the order of their events.

use std::path::Path;

use packtwin_epcis::translation::AnyReader;
use packtwin_epcis::validate::{Checks, Layer, Verdict, validate};

use super::files;
use crate::conformance::Report;

pub(super) fn run(folder: &Path, report: &mut Report) {
    for (id, path) in files(folder, &["invalid"]) {
        let Ok(bytes) = std::fs::read(&path) else {
            report.file_missing(format!("cannot read {}, skipped", path.display()));
            continue;
        };
        report.row(&id, |row| {
            // A document that cannot be read on is refused, which is right here.
            let Ok(verdict) = judge(&bytes) else {
                return;
            };
            let layers: &[Layer] = match id.contains("business-rules") {
                true => &[Layer::Choreography],
                false => &[Layer::Schema, Layer::Vocabulary],
            };
            let is_found = layers.iter().any(|layer| !verdict.is_clean(*layer));
            row.same("found wrong", true, is_found);
        });
    }
}

fn judge(bytes: &[u8]) -> Result<Verdict, packtwin_epcis::reading::ReadingError> {
    let checks = Checks {
        choreography: true,
        dscsa: false,
    };
    validate(&mut AnyReader::new(bytes)?, checks, &mut |_| {})
}
