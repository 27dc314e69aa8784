//! What a group of requests means for the repository: each decided after the ones before it, all written together.
//!
//! Two requests about one pack in one group see each other's doing, as if each had been committed alone. What is decided is
//! `core::verification`'s; here is only the order, and which rows follow from a decision.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use packtwin_core::alert::record::PreviousBy;
use packtwin_core::alert::{
    Alert, AlertId, Known, Participation, Previous, Pseudonym, Source, life,
};
use packtwin_core::ids::{ProductNo, TenantId};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{
    Decision, Delivery, Dialect, Found, Holding, KnownPack, MarketProfile, Operation, Request,
    Scale, SiteHistory, Typing, Write, decide,
};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::verifier::Answer;
use packtwin_tenants::verifier::request_record::{Asker, Asking};
use packtwin_tenants::verifier_scope::{
    AlertRow, ChangeRow, Commit, FoundHere, FoundPack, HeldPack, LotMove, RecordRow, RepeatRow,
    StateRow, VerifierScope, Wanted,
};

use super::{Respond, profile_of};

/// A request that the verifiers' side has recorded.
pub struct Work {
    /// Who asks, in blinded form.
    pub asker: Asker,
    /// What is asked.
    pub asking: Asking,
    /// Whose conventions the answer follows.
    pub dialect: Option<Dialect>,
    /// Alone or one of many.
    pub scale: Scale,
    /// Who waits.
    pub respond: Respond,
}

/// What came of it, durable in the repository.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The answer.
    pub answer: Answer,
    /// What is to be remembered of the typing.
    pub typing: Typing,
    /// The pseudonym in the alert that was raised.
    pub alert: Option<(AlertId, Pseudonym)>,
}

/// Looks up, decides and writes a group in one transaction. The answers come in the order of the requests.
///
/// # Errors
/// The database failed, or someone else was quicker; nothing was changed.
pub fn judge(
    scope: &VerifierScope,
    group: &[Work],
    now: Timestamp,
) -> Result<Vec<Judged>, StoreError> {
    let wanted: Vec<Wanted<'_>> = group.iter().map(wanted).collect();
    scope.transact(|verification| {
        let found = verification.look_up(&wanted)?;
        let mut judging = Judging {
            packs: HashMap::new(),
            commit: Commit::default(),
            now,
        };
        let judged = group
            .iter()
            .zip(found)
            .map(|(work, found)| judging.one(work, found))
            .collect();
        verification.write(&judging.finish(), now)?;
        Ok(judged)
    })
}

fn wanted(work: &Work) -> Wanted<'_> {
    let asking = &work.asking;
    Wanted {
        pack: &asking.submitted.pack,
        batch: asking.submitted.batch.as_ref(),
        market: work.asker.market,
        held: match asking.operation {
            Operation::Verify | Operation::Status => false,
            Operation::Remove(_) | Operation::Undo(_) => true,
        },
        recorded: work.asker.earlier.then_some(work.asker.request),
    }
}

type Key = (TenantId, ProductNo, Serial);

/// A pack as it stands within the group.
struct Current {
    was: PackState,
    held: HeldPack,
    /// Number and repeats of the last change that was there before the group.
    stored: (i32, u32),
}

struct Judging {
    packs: HashMap<Key, Current>,
    commit: Commit,
    now: Timestamp,
}

impl Judging {
    fn one(&mut self, work: &Work, found: FoundPack) -> Judged {
        let profile = profile_of(work.asker.market);
        let request = request(work, profile);
        let history = SiteHistory {
            typing_errors: work.asker.typing_errors,
            ..SiteHistory::CLEAN
        };
        match found {
            FoundPack::Done(answer) => Judged {
                alert: answer.alert.map(|_| {
                    let asker = &work.asker;
                    asker.blind.alert(asker.request, asker.market, asker.at)
                }),
                answer: *answer,
                typing: Typing::Unchanged,
            },
            FoundPack::Nowhere => {
                let decision = decide(profile, &request, &Found::Nowhere, &history);
                Judged {
                    typing: decision.typing,
                    answer: Answer {
                        decision,
                        alert: None,
                    },
                    alert: None,
                }
            }
            FoundPack::Here(here) => self.here(work, profile, &request, &here, &history),
        }
    }

    fn here(
        &mut self,
        work: &Work,
        profile: &MarketProfile,
        request: &Request,
        here: &FoundHere,
        history: &SiteHistory,
    ) -> Judged {
        let key = (here.tenant, here.product, request.submitted.pack.serial);
        let before = here.pack.map(|pack| self.as_it_stands(key, pack));
        let found = Found::Here(Holding {
            product: here.product_state,
            batch: here.batch,
            pack: before,
        });
        let decision = decide(profile, request, &found, history);
        self.apply(work, key, &decision);
        let alert = decision.alarm.code().map(|code| {
            let asker = &work.asker;
            let (id, pseudonym) = asker.blind.alert(asker.request, asker.market, asker.at);
            let alert = Alert {
                id,
                code,
                raised_at: request.at,
                market: asker.market,
                fulfilled_by: None,
                sent: request.submitted.clone(),
                known: known(here, before),
                state_before: before.map(|pack| pack.state),
                source: Source::Site(request.operation),
                entry: request.entry,
                delivery: request.delivery,
                pseudonym,
                previous: before.and_then(|pack| previous(&pack, request)),
            };
            // A request from a queue begins its days when it arrives: nobody could have looked at it before.
            let begins = match request.delivery {
                Delivery::Immediate => request.at,
                Delivery::Deferred => self.now,
            };
            self.commit.alerts.push(AlertRow {
                tenant: here.tenant,
                product: here.product,
                alert,
                operation: request.operation,
                outcome: decision.outcome,
                standing: life::raise(&profile.alerts, Participation::TakesPart, begins),
            });
            (id, pseudonym)
        });
        let typing = decision.typing;
        let answer = Answer {
            decision,
            alert: alert.map(|(id, _)| id),
        };
        self.commit.records.push(RecordRow {
            tenant: here.tenant,
            product: here.product,
            serial: request.submitted.pack.serial,
            request: work.asker.request,
            operation: request.operation,
            at: request.at,
            answer: answer.clone(),
        });
        Judged {
            answer,
            typing,
            alert,
        }
    }

    fn as_it_stands(&mut self, key: Key, pack: HeldPack) -> KnownPack {
        let current = match self.packs.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Current {
                was: pack.known.state,
                held: pack,
                stored: (
                    pack.change_no,
                    pack.known.last.map_or(0, |last| last.repeats),
                ),
            }),
        };
        // Product and batch are those of the asking market, the pack's own state that of all.
        KnownPack {
            batch: pack.known.batch,
            ..current.held.known
        }
    }

    fn apply(&mut self, work: &Work, key: Key, decision: &Decision) {
        let Some(current) = self.packs.get_mut(&key) else {
            return;
        };
        let (tenant, product, serial) = key;
        match decision.write {
            Write::Nothing => {}
            Write::State { from, to, last } => {
                current.held.known.state = to;
                current.held.known.last = Some(last);
                current.held.change_no += 1;
                self.commit.changes.push(ChangeRow {
                    tenant,
                    product,
                    serial,
                    change_no: current.held.change_no,
                    state: to,
                    at: last.at,
                    site: last.site,
                    repeats: last.repeats,
                    request: work.asker.request,
                });
                for (state, packs) in [(from, -1), (to, 1)] {
                    let place = LotMove {
                        tenant,
                        product,
                        lot: current.held.lot,
                        state: state.number(),
                    };
                    if state != PackState::Active {
                        *self.commit.lots.entry(place).or_default() += packs;
                    }
                }
            }
            Write::Repeat { repeats } => {
                if let Some(last) = &mut current.held.known.last {
                    last.repeats = repeats;
                }
                let change_no = current.held.change_no;
                let made_here = self.commit.changes.iter_mut().rev().find(|row| {
                    (row.tenant, row.product, row.serial) == key && row.change_no == change_no
                });
                if let Some(row) = made_here {
                    row.repeats = repeats;
                }
            }
        }
    }

    fn finish(mut self) -> Commit {
        for ((tenant, product, serial), current) in self.packs {
            let known = current.held.known;
            if known.state != current.was {
                self.commit.states.push(StateRow {
                    tenant,
                    product,
                    serial,
                    from: current.was,
                    to: known.state,
                });
            }
            let (stored_no, stored_repeats) = current.stored;
            let repeats = known.last.map_or(0, |last| last.repeats);
            if current.held.change_no == stored_no && repeats != stored_repeats {
                self.commit.repeats.push(RepeatRow {
                    tenant,
                    product,
                    serial,
                    change_no: stored_no,
                    repeats,
                });
            }
        }
        self.commit
    }
}

fn request(work: &Work, profile: &MarketProfile) -> Request {
    let asking = &work.asking;
    Request {
        operation: asking.operation,
        submitted: asking.submitted.clone(),
        entry: asking.entry,
        dialect: work.dialect.unwrap_or(profile.home_dialect),
        actor: work.asker.role,
        site: work.asker.blind.token(&asking.submitted.pack),
        at: work.asker.at,
        scale: work.scale,
        delivery: asking.delivery,
    }
}

/// The stored counterparts of what was sent.
fn known(here: &FoundHere, pack: Option<KnownPack>) -> Known {
    let batch = pack.map(|pack| pack.batch).or(here.batch);
    Known {
        serial: None,
        batch: batch.map(|batch| batch.number),
        expiry: batch.map(|batch| batch.expiry),
    }
}

fn previous(pack: &KnownPack, request: &Request) -> Option<Previous> {
    let last = pack.last?;
    Some(Previous {
        at: last.at,
        state: pack.state,
        by: match last.site == Some(request.site) {
            true => PreviousBy::SameSite,
            false => PreviousBy::OtherSite,
        },
    })
}
