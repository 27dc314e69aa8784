//! `packtwin audit verify`: follows the audit chain of every tenant (URS-AT; security.md section 9). Prints one JSON
//! object a line and fails when a chain does not hold.

use super::Failure;
use crate::configuration::Configuration;

pub(super) fn verify(configuration: &Configuration) -> Result<(), Failure> {
    let site = super::open(configuration)?;
    let mut broken = 0;
    for tenant in site.tenant_list()? {
        let scope = site.system_scope(tenant.id, "audit verify");
        let outcome = scope.read(|reader| reader.audit_verify())?;
        let line = match outcome {
            Ok(entries) => {
                serde_json::json!({ "tenant": tenant.short_name, "holds": true, "entries": entries })
            }
            Err(fault) => {
                broken += 1;
                serde_json::json!({ "tenant": tenant.short_name, "holds": false, "fault": fault.to_string() })
            }
        };
        super::print_line(&line.to_string())?;
    }
    if broken == 0 {
        Ok(())
    } else {
        Err(Failure::Found(format!("{broken} audit chains do not hold")))
    }
}
