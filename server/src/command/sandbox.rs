//! What `demo` and `bench` have in common: a desk for the house itself, a connector to a simulated hub, files handed in
//! as a partner would.

use std::io::Read;
use std::thread::ScopedJoinHandle;

use packtwin_app::connector::{ConnectorSettings, EU_HUB, SetUpConnector, set_up_connector};
use packtwin_app::desk::Desk;
use packtwin_app::error::AppError;
use packtwin_app::house::House;
use packtwin_app::job::run_jobs;
use packtwin_app::upload::{
    BeginUpload, Begun, Completed, append_part, begin_upload, complete_upload,
};
use packtwin_connector_port::transport::ClientIdentity;
use packtwin_core::ids::{TenantId, UploadId};
use packtwin_core::product::{Address, Company, MarketEntry, MasterData};
use packtwin_core::role::Permission;

use super::Failure;
use crate::background::JOB_THREADS;

/// Bytes of one part of an upload.
const PART_BYTES: u64 = 8 * 1024 * 1024;

/// The house acting for a tenant, with every permission.
pub(super) fn desk<'h>(house: &'h House, tenant: TenantId, pass: &'static str) -> Desk<'h> {
    let actor = house.site().system_scope(tenant, pass).actor().clone();
    Desk::new(house, actor, Permission::ALL.to_vec())
}

/// Sets the tenant's hub connector up for a simulator on loopback.
pub(super) fn connect_hub(
    desk: &Desk<'_>,
    url: &str,
    trusted_pem: &str,
    sender: &str,
    identity: ClientIdentity,
) -> Result<(), Failure> {
    let settings = ConnectorSettings {
        url: url.to_owned(),
        trusted_pem: trusted_pem.to_owned(),
        sender: sender.to_owned(),
        loopback: true,
        ..ConnectorSettings::default()
    };
    let change = SetUpConnector {
        settings,
        identity: Some(identity),
        expected: None,
    };
    Ok(set_up_connector(desk, EU_HUB, change)?)
}

/// Hands a file in, part by part.
pub(super) fn receive(
    desk: &Desk<'_>,
    file_name: &str,
    bytes: u64,
    file: &mut dyn Read,
) -> Result<UploadId, Failure> {
    let begin = BeginUpload {
        file_name: file_name.to_owned(),
        partner: String::new(),
        bytes,
        sha256: None,
    };
    let (Begun::New(upload) | Begun::Same(upload)) = begin_upload(desk, begin)?;
    let mut offset = 0;
    while offset < bytes {
        offset = append_part(desk, upload.id, offset, &mut file.take(PART_BYTES))?;
    }
    match complete_upload(desk, upload.id, None)? {
        Completed::Kept(upload) | Completed::Same(upload) => Ok(upload.id),
    }
}

/// Does every job that waits, with as many threads as a served site has for it.
pub(super) fn work(house: &House) -> Result<(), Failure> {
    let until_none_waits = || -> Result<(), AppError> {
        while run_jobs(house)?.worked > 0 {}
        Ok(())
    };
    std::thread::scope(|threads| {
        let working: Vec<_> = (0..JOB_THREADS)
            .map(|_| threads.spawn(until_none_waits))
            .collect();
        // A panic of another thread is this thread's own.
        let ended = |thread: ScopedJoinHandle<'_, Result<(), AppError>>| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        working.into_iter().try_for_each(ended)
    })?;
    Ok(())
}

/// Master data of a sandbox product that every hub release takes.
pub(super) fn master_data(
    holder: &str,
    name: &str,
    common_name: &str,
    markets: &[&str],
) -> Result<MasterData, Failure> {
    let company = |id: &str, name: &str| Company {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        address: Address {
            street: Some("Sandbox Street 1".to_owned()),
            street2: None,
            postal_code: Some("10115".to_owned()),
            city: Some("Berlin".to_owned()),
            country: Some("DE".to_owned()),
        },
    };
    let entry = |market: &&str| {
        Ok(MarketEntry {
            market: market
                .parse()
                .map_err(|_| Failure::found(format!("{market} is no market")))?,
            national_code: Some("12345678".to_owned()),
            holder: company("SANDBOX-H1", holder),
            wholesalers: vec![company("SANDBOX-W1", "Sandbox Wholesale")],
        })
    };
    Ok(MasterData {
        name: name.to_owned(),
        common_name: Some(common_name.to_owned()),
        form: "film-coated tablet".to_owned(),
        strength: "10 mg".to_owned(),
        pack_type: "box".to_owned(),
        pack_size: 30,
        atc_codes: Vec::new(),
        manufacturer: company("SANDBOX-M1", holder),
        markets: markets.iter().map(entry).collect::<Result<_, Failure>>()?,
    })
}
