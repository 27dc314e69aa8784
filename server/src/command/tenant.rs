//! `packtwin tenant`: makes a company on a site, with its first administrator, whom nobody there could invite.
//!
//! After `packtwin migrate` a site has no tenant and lets no one in; this command is the way from there to a sign-in. What
//! it does is in the audit trails of the site and of the tenant. Serves URS-UR-002.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Role;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::site::Tenant;

use super::user::{self, NotMade};
use super::{Failure, SiteArguments, print_line};
use crate::http::account::NewAccount;

/// Characters of a short name.
const SHORT_NAME: std::ops::RangeInclusive<usize> = 2..=32;
/// Characters of a name, at most.
const NAME_MAX: usize = 100;

/// What to do with tenants.
#[derive(Subcommand)]
pub(super) enum TenantCommand {
    /// Make a company and print the link by which its first administrator sets the password.
    #[command(after_help = user::STATUSES)]
    Create(CreateArguments),
    /// Name every company, one JSON object a line.
    #[command(after_help = user::STATUSES)]
    List(SiteArguments),
}

/// The company and its first administrator.
#[derive(Args)]
pub(super) struct CreateArguments {
    #[command(flatten)]
    site: SiteArguments,
    /// The company's name.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// A short name for file names: 2 to 32 small letters, digits and hyphens.
    #[arg(long, value_name = "SHORT")]
    short_name: String,
    /// The IANA time zone in which its people read times, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// The sign-in name of its first administrator, usually a mail address.
    #[arg(long, value_name = "LOGIN")]
    admin: String,
    /// That person's name.
    #[arg(long, value_name = "NAME")]
    admin_name: String,
}

pub(super) fn run(command: &TenantCommand) -> ExitCode {
    user::ended(match command {
        TenantCommand::Create(arguments) => create(arguments),
        TenantCommand::List(site) => list(site),
    })
}

fn create(arguments: &CreateArguments) -> Result<(), NotMade> {
    let account = check(arguments)?;
    let shared = user::open(&arguments.site)?;
    let (name, short_name) = (arguments.name.trim(), arguments.short_name.as_str());
    let known = shared.site.tenant_list()?;
    if known
        .iter()
        .any(|tenant| tenant.name.to_lowercase() == name.to_lowercase())
    {
        let text = format!("there is a tenant {name} already; packtwin tenant list names it");
        return Err(NotMade::refused("name", text));
    }
    let made = shared
        .site
        .tenant_create(name, short_name, &arguments.time_zone, shared.now());
    let id = match made {
        Err(StoreError::Taken) => {
            let text =
                format!("there is a tenant {short_name} already; packtwin tenant list names it");
            return Err(NotMade::refused("short-name", text));
        }
        made => made?,
    };
    let tenant = Tenant {
        id,
        name: name.to_owned(),
        short_name: short_name.to_owned(),
        time_zone: arguments.time_zone.clone(),
    };
    user::make_and_invite(&shared, &tenant, account).inspect_err(|_| {
        eprintln!(
            "packtwin: tenant {short_name} is made and has no administrator yet; go on with packtwin user invite --tenant {short_name} with another sign-in name"
        );
    })
}

/// The first account, or everything wrong with the words of the command line.
fn check(arguments: &CreateArguments) -> Result<NewAccount, Refusals> {
    let mut faults = Vec::new();
    let mut wrong = |place: &str, text: &str| {
        faults.push(Refusal::at(Code::ProductFieldWrong, place, text));
    };
    let name = arguments.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        wrong(
            "name",
            "a name has 1 to 100 characters and no control characters",
        );
    }
    let short = &arguments.short_name;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !SHORT_NAME.contains(&short.len())
        || !short.bytes().all(plain)
        || short.starts_with('-')
        || short.ends_with('-')
    {
        wrong(
            "short-name",
            "a short name has 2 to 32 small letters, digits and hyphens, none at its ends",
        );
    }
    if arguments.time_zone.parse::<chrono_tz::Tz>().is_err() {
        wrong(
            "time-zone",
            "there is no such zone; write one such as Europe/Berlin",
        );
    }
    let roles = [Role::Administrator.as_str().to_owned()];
    match NewAccount::check(&arguments.admin, &arguments.admin_name, None, &roles, &[]) {
        Ok(account) => Refusals::check(faults).map(|()| account),
        Err(refusals) => {
            // The places of an account's fields are others here.
            faults.extend(refusals.iter().map(|refusal| match refusal.place.as_str() {
                "/login" => Refusal::at(refusal.code, "admin", refusal.text.clone()),
                _ => Refusal::at(refusal.code, "admin-name", refusal.text.clone()),
            }));
            Err(Refusals::all(faults).unwrap_or(refusals))
        }
    }
}

fn list(site: &SiteArguments) -> Result<(), NotMade> {
    let configuration = site.configuration()?;
    for tenant in super::open(&configuration)?.tenant_list()? {
        let line = serde_json::json!({
            "tenant": tenant.short_name, "name": tenant.name, "time_zone": tenant.time_zone,
        });
        print_line(&line.to_string()).map_err(Failure::from)?;
    }
    Ok(())
}
