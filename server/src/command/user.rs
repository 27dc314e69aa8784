//! `packtwin user`: lets a person in where no administrator can: the first one of a new tenant, or the only one whose link
//! expired. Everyone else is invited on the pages (users.md 3.18).
//!
//! The link is printed once, on standard output and nowhere else; it sets the person's password, works once and for three
//! days. Making it is in the tenant's audit trail under the name of this command.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_core::role::Role;
use packtwin_tenants::scope::TenantScope;
use packtwin_tenants::site::Tenant;
use packtwin_tenants::store::user::UserRecord;

use super::{Failure, SiteArguments, exit, print_line};
use crate::clock::SystemClock;
use crate::http::account::{NewAccount, note_invitation};
use crate::http::{Problem, Shared};
use packtwin_app::invitation::Invitation;

/// How the audit trail names this command.
pub(super) const PASS: &str = "command line";
/// People of a tenant among whom a sign-in name is looked for.
const PEOPLE_MAX: i64 = 100_000;

/// The exit statuses of `tenant` and `user`, for their help.
pub(super) const STATUSES: &str = "\
Exit status: 0 done; 2 wrong use of the command or configuration; 3 refused, with the reason; 4 the site cannot be opened.";

/// What to do with people.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Make an account and print the link by which its owner sets the password.
    #[command(after_help = STATUSES)]
    Invite(InviteArguments),
}

/// Whom to invite.
#[derive(Args)]
pub(super) struct InviteArguments {
    #[command(flatten)]
    site: SiteArguments,
    /// The short name of the tenant.
    #[arg(long, value_name = "SHORT")]
    tenant: String,
    /// The sign-in name, usually a mail address; unique on the site and never given twice.
    #[arg(long, value_name = "LOGIN")]
    login: String,
    /// The person's name.
    #[arg(long, value_name = "NAME", required_unless_present = "again")]
    name: Option<String>,
    /// What the person does; may be repeated. Without it administrator.
    #[arg(long, value_name = "ROLE", default_values_t = [Role::Administrator.as_str().to_owned()])]
    role: Vec<String>,
    /// Only make a new link for an account that is there.
    #[arg(long, conflicts_with_all = ["name", "role"])]
    again: bool,
}

pub(super) fn run(command: &UserCommand) -> ExitCode {
    let UserCommand::Invite(arguments) = command;
    ended(invite(arguments))
}

/// Why a tenant or a person was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMade {
    #[error("{0}")]
    Refused(Refusals),
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl NotMade {
    pub(super) fn refused(place: &str, text: impl Into<String>) -> Self {
        NotMade::Refused(Refusal::at(Code::ProductFieldWrong, place, text).into())
    }
}

impl From<Refusals> for NotMade {
    fn from(refusals: Refusals) -> Self {
        NotMade::Refused(refusals)
    }
}

impl From<Problem> for NotMade {
    fn from(problem: Problem) -> Self {
        NotMade::Refused(problem.refusals().clone())
    }
}

impl From<packtwin_tenants::error::StoreError> for NotMade {
    fn from(error: packtwin_tenants::error::StoreError) -> Self {
        NotMade::Failed(error.into())
    }
}

/// Says how it ended, every fault on a line of its own.
pub(super) fn ended(outcome: Result<(), NotMade>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(NotMade::Refused(refusals)) => {
            for refusal in refusals.iter() {
                // Places are those of the API's body; on the command line the option has the same name.
                match refusal.place.trim_start_matches('/') {
                    "" => eprintln!("packtwin: {}", refusal.text),
                    place => eprintln!("packtwin: {place}: {}", refusal.text),
                }
            }
            ExitCode::from(exit::REFUSED)
        }
        Err(NotMade::Failed(failure)) => {
            eprintln!("packtwin: {}", super::with_causes(&failure));
            ExitCode::from(match failure {
                Failure::Configuration(_) => exit::WRONG_USE,
                _ => exit::FAILED,
            })
        }
    }
}

/// The site that the arguments name, opened.
pub(super) fn open(site: &SiteArguments) -> Result<Shared, NotMade> {
    let configuration = site.configuration()?;
    let opened = super::open(&configuration)?;
    Ok(Shared::new(opened, configuration, Arc::new(SystemClock)))
}

fn invite(arguments: &InviteArguments) -> Result<(), NotMade> {
    let account = match &arguments.name {
        Some(name) => Some(NewAccount::check(
            &arguments.login,
            name,
            None,
            &arguments.role,
            &[],
        )?),
        None => None,
    };
    let shared = open(&arguments.site)?;
    let known = shared.site.tenant_list()?;
    let found = known
        .into_iter()
        .find(|tenant| tenant.short_name == arguments.tenant);
    let tenant = found.ok_or_else(|| {
        let text = format!(
            "there is no tenant {}; packtwin tenant list names them",
            arguments.tenant
        );
        NotMade::refused("tenant", text)
    })?;
    match account {
        Some(account) => make_and_invite(&shared, &tenant, account),
        None => {
            let scope = shared.site.system_scope(tenant.id, PASS);
            let person = person(&scope, &arguments.login)?.ok_or_else(|| {
                let text = format!("{} has no account {}", tenant.short_name, arguments.login);
                NotMade::refused("login", text)
            })?;
            let person = note_invitation(
                &scope,
                person.id,
                shared.now(),
                shared.house.post().is_some(),
            )?;
            print_link(&shared, &tenant, &person)
        }
    }
}

/// Makes an account and prints its link.
pub(super) fn make_and_invite(
    shared: &Shared,
    tenant: &Tenant,
    account: NewAccount,
) -> Result<(), NotMade> {
    let scope = shared.site.system_scope(tenant.id, PASS);
    let person = account.create(&scope, tenant, shared.now())?;
    let person = note_invitation(
        &scope,
        person.id,
        shared.now(),
        shared.house.post().is_some(),
    )?;
    print_link(shared, tenant, &person)
}

fn person(scope: &TenantScope, login: &str) -> Result<Option<UserRecord>, NotMade> {
    let people = scope.read(|reader| reader.user_list(None, PEOPLE_MAX))?;
    let wanted = login.trim().to_lowercase();
    Ok(people
        .into_iter()
        .find(|person| person.login.to_lowercase() == wanted))
}

fn print_link(shared: &Shared, tenant: &Tenant, person: &UserRecord) -> Result<(), NotMade> {
    let invitation = Invitation {
        tenant: tenant.id,
        user: person.id,
        password_set_at: person.password_set_at,
    };
    let link = invitation
        .link(
            &shared.site,
            shared.configuration.public_url.as_str(),
            shared.now(),
        )
        .ok_or_else(|| Failure::found("the link could not be signed"))?;
    eprintln!(
        "{} of {} sets the password under this link, once and within three days:",
        person.login, tenant.name
    );
    Ok(print_line(&link).map_err(Failure::from)?)
}
