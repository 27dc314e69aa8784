//! `packtwin audit verify`: follows every audit chain and compares it with the checkpoints outside the database (URS-AT;
//! security.md section 9). Prints one JSON object a line and fails when a chain does not hold.

use packtwin_app::checkpoint::verify_audit_chains;

use super::Failure;
use crate::configuration::Configuration;

pub(super) fn verify(configuration: &Configuration) -> Result<(), Failure> {
    let site = super::open(configuration)?;
    let mut broken = 0;
    for report in verify_audit_chains(&site, &site.checkpoint_folder())? {
        let mut line = serde_json::json!({
            "tenant": report.tenant,
            "holds": report.chain.is_ok(),
            "checkpoints": report.checkpoints,
            "sealed_at": report.sealed_at.map(|at| at.to_string()),
        });
        match &report.chain {
            Ok(entries) => line["entries"] = (*entries).into(),
            Err(fault) => {
                broken += 1;
                line["fault"] = fault.to_string().into();
            }
        }
        super::print_line(&line.to_string())?;
    }
    if broken == 0 {
        Ok(())
    } else {
        Err(Failure::Found(format!("{broken} audit chains do not hold")))
    }
}
