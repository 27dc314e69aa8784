//! Letters by mail: written in the change that causes them, worded when they leave, sent at least once.
//!
//! The store keeps what the words are filled with and no secret: the link of an invitation is signed when the letter
//! leaves, so that it lies nowhere. A site without a mail server writes no letters (see [`House::post`]). A letter is
//! tried for three days; one that the server refuses for good is given up at once, and the log and the store say so.

mod words;

use packtwin_core::ids::{LetterId, UserId};
use packtwin_core::time::Timestamp;
use packtwin_tenants::scope::{Housekeeping, TenantScope, Writer};
use packtwin_tenants::store::letter::{LetterRecord, LetterState, NewLetter};
use packtwin_tenants::store::outbox::Claim;
use packtwin_tenants::store::user::{UserRecord, UserState};
use packtwin_transport::mail::{Letter, MailFault};
use serde_json::{Value, json};

pub use self::words::{Language, LetterKind, written};
use crate::error::AppError;
use crate::house::House;
use crate::invitation::{self, Invitation};
use crate::message::pause_before;

/// The topic of letters in the outbox.
pub(crate) const TOPIC: &str = "letter";
/// How long a letter is tried.
const TRIED_HOURS: i64 = 72;

/// Writes a letter as a part of the change that causes it. Answers whether it is new: one occasion is told to one
/// recipient once.
///
/// # Errors
/// The database failed.
pub fn write(
    writer: &mut Writer<'_>,
    kind: LetterKind,
    language: Language,
    recipient: &str,
    occasion: &str,
    data: &Value,
) -> Result<bool, packtwin_tenants::error::StoreError> {
    let new = NewLetter {
        kind: kind.as_str(),
        language: language.as_str(),
        recipient,
        occasion,
        data,
    };
    let Some(id) = writer.letter_add(&new)? else {
        return Ok(false);
    };
    let now = writer.at();
    writer.outbox_put(TOPIC, &id.to_string(), now)?;
    Ok(true)
}

/// Writes the letter by which a person sets the password. The same change notes the invitation.
///
/// # Errors
/// The database failed.
pub fn write_invitation(
    writer: &mut Writer<'_>,
    person: &UserRecord,
) -> Result<bool, packtwin_tenants::error::StoreError> {
    let occasion = format!("invitation {} {}", person.id, writer.at().micros());
    let language = Language::parse(&person.language).unwrap_or_default();
    let data = json!({ "user": person.id.to_string() });
    write(
        writer,
        LetterKind::Invitation,
        language,
        &person.login,
        &occasion,
        &data,
    )
}

/// Sends one letter that a worker has claimed.
pub(crate) fn deliver(house: &House, scope: &TenantScope, claim: &Claim) -> Result<(), AppError> {
    let id: LetterId = claim.object_id.parse().map_err(|_| AppError::NotFound)?;
    let letter = scope.read(|reader| reader.letter_get(id).map_err(AppError::from))?;
    let Some(letter) = letter.filter(|letter| letter.state == LetterState::Waiting) else {
        return done(house, scope, claim);
    };
    match sent(house, scope, &letter) {
        Ok(()) => end(house, scope, claim, id, LetterState::Sent, "sent"),
        Err(Unsent::Void(why)) => end(house, scope, claim, id, LetterState::Failed, &why),
        Err(Unsent::Store(error)) => Err(error),
        Err(Unsent::Later(why)) => {
            let now = house.now();
            let next = now.plus_seconds(pause_before(claim.attempts));
            if next > letter.created_at.plus_seconds(TRIED_HOURS * 3_600) {
                return end(house, scope, claim, id, LetterState::Failed, &why);
            }
            scope.housekeep(now, Housekeeping::Progress, |writer| {
                writer.letter_tried(id, LetterState::Waiting, &why)?;
                writer.outbox_again(claim, next)?;
                Ok(())
            })
        }
    }
}

/// Why a letter did not leave this time.
enum Unsent {
    /// It never will, or need not any more.
    Void(String),
    /// It may later.
    Later(String),
    Store(AppError),
}

impl From<AppError> for Unsent {
    fn from(error: AppError) -> Self {
        Unsent::Store(error)
    }
}

fn sent(house: &House, scope: &TenantScope, letter: &LetterRecord) -> Result<(), Unsent> {
    let void = |why: &str| Unsent::Void(why.to_owned());
    let post = house
        .post()
        .ok_or_else(|| Unsent::Later("this site has no mail server".to_owned()))?;
    let kind = LetterKind::parse(&letter.kind).ok_or_else(|| void("no words for this letter"))?;
    let data = match kind {
        LetterKind::Invitation => invitation_data(house, scope, letter)?,
        LetterKind::EndsSoon => letter.data.clone(),
    };
    let language = Language::parse(&letter.language).unwrap_or_default();
    let (subject, text) = written(kind, language, &data);
    let out = Letter {
        id: &letter.id.to_string(),
        recipient: &letter.recipient,
        subject: &subject,
        text: &text,
    };
    post.send(&out).map_err(|fault| match fault {
        MailFault::Refused { why } => Unsent::Void(why),
        MailFault::Later { why } => Unsent::Later(why),
    })
}

/// What an invitation is filled with; the link is signed here and kept nowhere.
fn invitation_data(
    house: &House,
    scope: &TenantScope,
    letter: &LetterRecord,
) -> Result<Value, Unsent> {
    let user: Option<UserId> = letter.data["user"]
        .as_str()
        .and_then(|text| text.parse().ok());
    let user = user.ok_or_else(|| Unsent::Void("the letter names nobody".to_owned()))?;
    let tenant = scope.actor().tenant();
    let person = scope.read(|reader| reader.user_get(user).map_err(AppError::from))?;
    let Some(person) = person.filter(|person| person.state == UserState::Active) else {
        return Err(Unsent::Void("the account is not active".to_owned()));
    };
    if person.password_set_at > letter.created_at {
        return Err(Unsent::Void("the password was set meanwhile".to_owned()));
    }
    let invitation = Invitation {
        tenant,
        user,
        password_set_at: person.password_set_at,
    };
    let link = invitation
        .link(house.site(), &house.settings().public_url, house.now())
        .ok_or_else(|| Unsent::Later("the link could not be signed".to_owned()))?;
    Ok(json!({
        "tenant": tenant_name(house, scope)?, "name": person.name, "login": person.login, "days": invitation::DAYS,
        "link": link,
    }))
}

/// The name of the tenant as its people know it.
pub(crate) fn tenant_name(house: &House, scope: &TenantScope) -> Result<String, AppError> {
    let tenants = house.site().tenant_list()?;
    let tenant = tenants
        .into_iter()
        .find(|tenant| tenant.id == scope.actor().tenant());
    Ok(tenant.map(|tenant| tenant.name).unwrap_or_default())
}

fn end(
    house: &House,
    scope: &TenantScope,
    claim: &Claim,
    id: LetterId,
    state: LetterState,
    detail: &str,
) -> Result<(), AppError> {
    if state == LetterState::Failed {
        tracing::warn!(letter = %id, detail, "a letter was given up");
    }
    let now: Timestamp = house.now();
    scope.housekeep(now, Housekeeping::Progress, |writer| {
        writer.letter_tried(id, state, detail)?;
        writer.outbox_done(claim)?;
        Ok(())
    })
}

fn done(house: &House, scope: &TenantScope, claim: &Claim) -> Result<(), AppError> {
    scope.housekeep(house.now(), Housekeeping::Lease, |writer| {
        writer.outbox_done(claim)?;
        Ok(())
    })
}
