//! Every request, recorded before the repository is asked and completed before the asker is answered (Art. 35(1)).
//!
//! [`VerifierStore::exchange`] takes all that arrived meanwhile, questions and answers together, in one transaction with a
//! few statements over the whole set. Whether a key counts is looked at in the same transaction, so that a revoked one is
//! refused at once. The same handle from the same premises is one request: it is answered again from what was kept, or goes
//! on where a kill left it (URS-VF-013).

use std::collections::{HashMap, HashSet};
use std::fmt;

use packtwin_core::alert::{AlertId, Pseudonym};
use packtwin_core::ids::{PremisesId, PremisesKeyId};
use packtwin_core::market::Market;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{Actor, Delivery, EntryMode, Operation, Submitted, Typing};
use subtle::ConstantTimeEq;

use super::premises_key::KeyScope;
use super::request_statement::{
    ALERTED, ANSWERED, ASKED, HANDLES, HandleRow, KEYS, KeyRow, TYPED, TYPING, TypingRow,
};
use super::{Answer, Blind, PremisesKeyText, RequestId, VerifierStore};
use crate::blob::hex;
use crate::engine::{Access, AnyConnection};
use crate::error::StoreError;

/// What the asker calls a request, so that it is done once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle {
    /// Its name, unique within the premises.
    pub name: String,
    /// The digest of everything that makes it this request and no other.
    pub hash: [u8; 32],
    /// What the name coming again means.
    pub again: Again,
}

/// What the same name coming again means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Again {
    /// The same request: it is answered alike.
    SameAnswer,
    /// A client's transaction id that may be used once.
    Refused,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The key it came with.
    pub key: PremisesKeyText,
    /// What the asker calls it.
    pub handle: Option<Handle>,
    /// What is to be done.
    pub operation: Operation,
    /// The elements as sent.
    pub submitted: Submitted,
    /// How they came in.
    pub entry: EntryMode,
    /// At once or from a queue.
    pub delivery: Delivery,
    /// When it was made.
    pub at: Timestamp,
}

/// What became of a request on the verifiers' side.
#[derive(Debug, Clone)]
pub enum Asked {
    /// Recorded; the repository may be asked.
    Recorded(Asker),
    /// It was answered before, by the rules of this market; this was the answer.
    Answered(Answer, Market),
    /// It is being worked on.
    Running,
    /// Another request came under this handle before.
    OtherRequest,
    /// The transaction id was used before.
    UsedBefore,
    /// The key does not let it in.
    Refused(KeyRefusal),
}

/// Why a key does not let a request in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// No key of ours, or with another secret.
    #[error("the key is not known")]
    Unknown,
    /// It was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
    /// Its scope does not allow the operation.
    #[error("the key's scope does not allow this")]
    Scope,
}

/// Who asks, as far as anyone beyond the verifiers' side may know.
#[derive(Clone)]
pub struct Asker {
    /// The id of the request.
    pub request: RequestId,
    /// Whether the request was recorded by an earlier attempt, so that the repository may know it already.
    pub earlier: bool,
    /// When it was made.
    pub at: Timestamp,
    /// In which role.
    pub role: Actor,
    /// By the rules of which market.
    pub market: Market,
    /// Typing errors so far, for this operation and product.
    pub typing_errors: u32,
    /// What stands for the premises.
    pub blind: Blind,
    premises: PremisesId,
}

/// Prints nothing of the site.
impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// An answer that the repository has made durable.
#[derive(Debug, Clone)]
pub struct Answering {
    /// Who asked.
    pub asker: Asker,
    /// What was asked.
    pub operation: Operation,
    /// The identity of the product.
    pub product: String,
    /// The answer.
    pub answer: Answer,
    /// What is to be remembered of the typing.
    pub typing: Typing,
    /// The pseudonym in the alert that was raised.
    pub alert: Option<(AlertId, Pseudonym)>,
}

/// A key that is there, with its premises.
struct KnownKey {
    premises: PremisesId,
    premises_text: String,
    secret_hash: Vec<u8>,
    scope: KeyScope,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    role: Actor,
    market: Market,
}

impl VerifierStore {
    /// Records questions and answers together. The answers to the questions come in their order.
    ///
    /// # Errors
    /// The database failed; then none of it was recorded.
    pub fn exchange(
        &self,
        asking: &[Asking],
        answering: &[Answering],
        now: Timestamp,
    ) -> Result<Vec<Asked>, StoreError> {
        self.transact(Access::Write, |connection| {
            answered(connection, answering, now)?;
            self.asked(connection, asking, now)
        })
    }

    fn asked(
        &self,
        connection: &mut AnyConnection,
        asking: &[Asking],
        now: Timestamp,
    ) -> Result<Vec<Asked>, StoreError> {
        let keys = known_keys(connection, asking)?;
        let let_in: Vec<Result<&KnownKey, KeyRefusal>> = asking
            .iter()
            .map(|asking| let_in(keys.get(&asking.key.id), asking, now))
            .collect();
        let earlier = handles(connection, asking, &let_in)?;
        let typing = typing(connection, asking, &let_in)?;
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        let mut rows = Vec::with_capacity(asking.len());
        let mut outcomes = Vec::with_capacity(asking.len());
        for (asking, key) in asking.iter().zip(&let_in) {
            let key = match key {
                Ok(key) => *key,
                Err(refusal) => {
                    outcomes.push(Asked::Refused(*refusal));
                    continue;
                }
            };
            let premises = key.premises_text.as_str();
            let asker = |request, at, is_earlier| Asker {
                request,
                earlier: is_earlier,
                at,
                role: key.role,
                market: key.market,
                typing_errors: typing_errors(&typing, premises, asking),
                blind: self.inner.blinding.of(key.premises),
                premises: key.premises,
            };
            if let Some(handle) = &asking.handle {
                if !seen.insert((premises, &handle.name)) {
                    outcomes.push(Asked::Running);
                    continue;
                }
                if let Some(row) = earlier.get(&(premises, handle.name.as_str())) {
                    outcomes.push(came_before(row, handle, key.market, asker)?);
                    continue;
                }
            }
            let request = RequestId::draw(now)?;
            rows.push(asked_row(asking, premises, request, now));
            outcomes.push(Asked::Recorded(asker(request, asking.at, false)));
        }
        ASKED.execute(connection, &rows)?;
        Ok(outcomes)
    }
}

/// What a handle that is there already means for the request that came under it.
fn came_before(
    row: &HandleRow,
    handle: &Handle,
    market: Market,
    asker: impl FnOnce(RequestId, Timestamp, bool) -> Asker,
) -> Result<Asked, StoreError> {
    let what = "kept answer";
    if handle.again == Again::Refused && row.answer.is_some() {
        return Ok(Asked::UsedBefore);
    }
    if row.request_hash.as_deref() != Some(&handle.hash[..]) {
        return Ok(match handle.again {
            Again::SameAnswer => Asked::OtherRequest,
            Again::Refused => Asked::UsedBefore,
        });
    }
    Ok(match &row.answer {
        Some(text) => Asked::Answered(
            Answer::from_text(text).map_err(|_damaged| StoreError::Damaged { what })?,
            market,
        ),
        None => Asked::Recorded(asker(
            RequestId::from_bytes(&row.request_id)?,
            Timestamp::from_micros(row.at),
            true,
        )),
    })
}

fn known_keys(
    connection: &mut AnyConnection,
    asking: &[Asking],
) -> Result<HashMap<PremisesKeyId, KnownKey>, StoreError> {
    let distinct: HashSet<PremisesKeyId> = asking.iter().map(|asking| asking.key.id).collect();
    let wanted: Vec<[String; 1]> = distinct.iter().map(|id| [id.to_string()]).collect();
    let rows: Vec<KeyRow> = KEYS.load(connection, &wanted)?;
    let what = "premises key";
    rows.into_iter()
        .map(|row| {
            let damaged = || StoreError::Damaged { what };
            let id = row.key_id.parse().map_err(|_| damaged())?;
            let key = KnownKey {
                premises: row.premises_id.parse().map_err(|_| damaged())?,
                premises_text: row.premises_id,
                secret_hash: row.secret_hash,
                scope: KeyScope::parse(&row.scope).ok_or_else(damaged)?,
                expires_at: row.expires_at,
                revoked_at: row.revoked_at,
                role: Actor::parse(&row.role).ok_or_else(damaged)?,
                market: row.market.parse().map_err(|_| damaged())?,
            };
            Ok((id, key))
        })
        .collect()
}

/// That a key is revoked or has expired is told only to who holds its secret.
fn let_in<'k>(
    key: Option<&'k KnownKey>,
    asking: &Asking,
    now: Timestamp,
) -> Result<&'k KnownKey, KeyRefusal> {
    let key = key.ok_or(KeyRefusal::Unknown)?;
    if !bool::from(key.secret_hash.ct_eq(&asking.key.secret_hash)) {
        return Err(KeyRefusal::Unknown);
    }
    match () {
        () if key.revoked_at.is_some() => Err(KeyRefusal::Revoked),
        () if key.expires_at.is_some_and(|end| now.micros() >= end) => Err(KeyRefusal::Expired),
        () if !key.scope.allows(asking.operation) => Err(KeyRefusal::Scope),
        () => Ok(key),
    }
}

type LetIn<'k> = [Result<&'k KnownKey, KeyRefusal>];

fn handles<'a>(
    connection: &mut AnyConnection,
    asking: &'a [Asking],
    let_in: &[Result<&'a KnownKey, KeyRefusal>],
) -> Result<HashMap<(&'a str, &'a str), HandleRow>, StoreError> {
    let wanted: Vec<(&str, &str)> = asking
        .iter()
        .zip(let_in)
        .filter_map(|(asking, key)| {
            let key = key.as_ref().ok()?;
            Some((
                key.premises_text.as_str(),
                asking.handle.as_ref()?.name.as_str(),
            ))
        })
        .collect();
    let rows: Vec<HandleRow> = HANDLES.load(connection, &wanted)?;
    let mut found = HashMap::new();
    for row in rows {
        let name = wanted
            .iter()
            .find(|(premises, handle)| *premises == row.premises_id && *handle == row.handle);
        if let Some(name) = name {
            found.insert(*name, row);
        }
    }
    Ok(found)
}

fn typing(
    connection: &mut AnyConnection,
    asking: &[Asking],
    let_in: &LetIn<'_>,
) -> Result<Vec<TypingRow>, StoreError> {
    let wanted: Vec<(&str, &str, String)> = asking
        .iter()
        .zip(let_in)
        .filter(|(asking, _)| asking.entry == EntryMode::Manual)
        .filter_map(|(asking, key)| {
            let premises = key.as_ref().ok()?.premises_text.as_str();
            let product = asking.submitted.pack.product.identity();
            Some((premises, asking.operation.as_str(), product))
        })
        .collect();
    TYPING.load(connection, &wanted)
}

fn typing_errors(typing: &[TypingRow], premises: &str, asking: &Asking) -> u32 {
    if typing.is_empty() || asking.entry != EntryMode::Manual {
        return 0;
    }
    let product = asking.submitted.pack.product.identity();
    let row = typing.iter().find(|row| {
        row.premises_id == premises
            && row.operation == asking.operation.as_str()
            && row.product == product
    });
    row.map_or(0, |row| row.errors.unsigned_abs())
}

type AskedRow<'a> = (
    String,
    &'a str,
    String,
    Option<&'a str>,
    Option<String>,
    &'static str,
    &'a str,
    &'a str,
    Option<String>,
    Option<String>,
    &'static str,
    &'static str,
    i64,
    i64,
);

fn asked_row<'a>(
    asking: &'a Asking,
    premises: &'a str,
    request: RequestId,
    now: Timestamp,
) -> AskedRow<'a> {
    let submitted = &asking.submitted;
    (
        request.to_string(),
        premises,
        asking.key.id.to_string(),
        asking.handle.as_ref().map(|handle| handle.name.as_str()),
        asking.handle.as_ref().map(|handle| hex(&handle.hash)),
        asking.operation.as_str(),
        submitted.pack.product.as_str(),
        submitted.pack.serial.as_str(),
        submitted.batch.map(|batch| batch.to_string()),
        submitted.expiry.map(|expiry| expiry.raw().to_owned()),
        entry_word(asking.entry),
        delivery_word(asking.delivery),
        asking.at.micros(),
        now.micros(),
    )
}

fn answered(
    connection: &mut AnyConnection,
    answering: &[Answering],
    now: Timestamp,
) -> Result<(), StoreError> {
    let done: Vec<(String, i64, String)> = answering
        .iter()
        .map(|answering| {
            let request = answering.asker.request.to_string();
            (request, now.micros(), answering.answer.to_text())
        })
        .collect();
    ANSWERED.execute(connection, &done)?;
    // Of several answers to one hand at one product the last counts: a statement touches each row once.
    let mut typed: HashMap<(String, &str, &str), u32> = HashMap::new();
    for answering in answering {
        let errors = match answering.typing {
            Typing::Unchanged => continue,
            Typing::Errors(errors) => errors,
            Typing::Cleared => 0,
        };
        let premises = answering.asker.premises.to_string();
        let place = (
            premises,
            answering.operation.as_str(),
            answering.product.as_str(),
        );
        typed.insert(place, errors);
    }
    let typed: Vec<(String, &str, &str, u32)> = typed
        .into_iter()
        .map(|((premises, operation, product), errors)| (premises, operation, product, errors))
        .collect();
    TYPED.execute(connection, &typed)?;
    let alerted: Vec<(String, String, String, String, i64)> = answering
        .iter()
        .filter_map(|answering| {
            let (id, pseudonym) = answering.alert?;
            let asker = &answering.asker;
            Some((
                id.to_string(),
                asker.premises.to_string(),
                asker.request.to_string(),
                pseudonym.to_string(),
                asker.at.micros(),
            ))
        })
        .collect();
    ALERTED.execute(connection, &alerted)?;
    Ok(())
}

/// The word of an entry mode in both databases.
pub(crate) const fn entry_word(entry: EntryMode) -> &'static str {
    match entry {
        EntryMode::Scan => "scan",
        EntryMode::Manual => "manual",
    }
}

/// The word of a delivery in both databases.
pub(crate) const fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Immediate => "immediate",
        Delivery::Deferred => "deferred",
    }
}
