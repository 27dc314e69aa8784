//! The verification decision: what was found, what is asked and the market's profile give outcome, state, alert and writes.
//!
//! One pure function, [`decide`]; the rules are those of emvs.md 3.6 (R1 to R20) in its order of evaluation: authorisation,
//! product, serial, batch, expiry, layers, the pack's own state with repeats. A mismatch is found before any state is looked
//! at, so that a wrong scan never changes one. Serves URS-VF-001 to URS-VF-009, URS-VF-013.
//!
//! Reading the elements is [`super::input`]'s, several packs at once [`super::many`]'s, the ten days [`super::undo`]'s.

use crate::expiry::{Expiry, ExpiryMatch};
use crate::fact::{Fact, LotHead};
use crate::lot::BatchState;
use crate::market::Market;
use crate::pack::{EffectiveState, PackState, TransitionRefused, effective_state};
use crate::product::ProductState;

use super::found::{Found, Holding, KnownPack, LastChange, SiteHistory, Transaction};
use super::intermarket::europe_wide;
use super::market_profile::{DayZeroRule, MarketProfile};
use super::outcome::{Alarm, AlertCode, Decision, Layer, Outcome, Silence, Typing, Write};
use super::request::{Delivery, Dialect, EntryMode, Operation, Removal, Request, Scale, Undo};
use super::undo::undo;

/// Decides one request. The caller has asked the repositories; nothing is read or written here.
pub fn decide(
    profile: &MarketProfile,
    request: &Request,
    found: &Found,
    history: &SiteHistory,
) -> Decision {
    let not_judged = |outcome| Decision::of_request(outcome, Alarm::Silent(Silence::NotJudged));
    if !may_ask(profile, request) {
        return not_judged(Outcome::Forbidden);
    }
    if history.transaction == Transaction::UsedBefore {
        return not_judged(Outcome::DuplicateTransaction);
    }
    let (holding, elsewhere) = match found {
        Found::Unavailable => return not_judged(Outcome::SystemUnavailable),
        Found::Nowhere => return out_of_scope(),
        // Bulk requests are never asked in other markets (UK-BULK).
        Found::Elsewhere { .. } if request.scale == Scale::Bulk => return out_of_scope(),
        Found::Here(holding) => (holding, None),
        Found::Elsewhere {
            holding,
            markets,
            asking,
        } => (holding, Some((markets, *asking))),
    };
    let case = Case {
        profile,
        request,
        history,
        intermarket: elsewhere.is_some(),
    };
    let pack = match identify(profile, request, holding) {
        Ok(pack) => pack,
        Err(outcome) => return case.mismatch(outcome, holding),
    };
    let (product, batch, warned) = match elsewhere {
        Some((markets, asking)) if !markets.is_empty() => {
            let wide = europe_wide(markets, asking);
            (wide.product, wide.batch, wide.warned)
        }
        _ => (holding.product, pack.batch.state, Vec::new()),
    };
    case.judge(pack, product, batch, warned)
}

fn out_of_scope() -> Decision {
    Decision::of_request(Outcome::ProductUnknown, Alarm::Silent(Silence::OutOfScope))
}

/// Whether the role may ask for this operation in this market (emvs.md 2.2).
fn may_ask(profile: &MarketProfile, request: &Request) -> bool {
    match request.operation {
        Operation::Verify | Operation::Status => true,
        Operation::Remove(removal) | Operation::Undo(Undo::Of(removal)) => {
            profile.may(request.actor, removal)
        }
        Operation::Undo(Undo::Whatever) => Removal::ALL
            .into_iter()
            .any(|removal| profile.may(request.actor, removal)),
    }
}

/// Steps 4 to 6: serial under product, batch, expiry.
fn identify<'a>(
    profile: &MarketProfile,
    request: &Request,
    holding: &'a Holding,
) -> Result<&'a KnownPack, Outcome> {
    let submitted = &request.submitted;
    let Some(pack) = &holding.pack else {
        return Err(match (submitted.batch, holding.batch) {
            (Some(_), None) => Outcome::BatchUnknown,
            (Some(_), Some(_)) | (None, _) => Outcome::SerialUnknown,
        });
    };
    if submitted
        .batch
        .is_some_and(|batch| batch != pack.batch.number)
    {
        return Err(Outcome::BatchMismatch);
    }
    if submitted
        .expiry
        .is_some_and(|expiry| !expiries_agree(profile, &expiry, &pack.batch.expiry))
    {
        return Err(Outcome::ExpiryMismatch);
    }
    Ok(pack)
}

fn expiries_agree(profile: &MarketProfile, sent: &Expiry, stored: &Expiry) -> bool {
    let day_open = sent.day_unspecified() || stored.day_unspecified();
    match sent.compare(stored) {
        ExpiryMatch::SameText | ExpiryMatch::SameDay => true,
        ExpiryMatch::SameMonth => day_open && profile.expiry_day_zero == DayZeroRule::Month,
        ExpiryMatch::Different => false,
    }
}

/// A request with what surrounds it.
struct Case<'a> {
    profile: &'a MarketProfile,
    request: &'a Request,
    history: &'a SiteHistory,
    intermarket: bool,
}

impl Case<'_> {
    /// R2 to R6: the elements do not belong to a pack as stored.
    fn mismatch(&self, outcome: Outcome, holding: &Holding) -> Decision {
        let manual = self.request.entry == EntryMode::Manual;
        let errors = self.history.typing_errors;
        let tolerated = manual && errors < self.profile.typing_errors_tolerated;
        let (outcome, alarm) = match outcome {
            outcome if self.request.operation == Operation::Status => {
                (outcome, Alarm::Silent(Silence::StatusQuery))
            }
            outcome if tolerated => (
                tolerated_form(outcome),
                Alarm::Silent(Silence::ToleratedTyping),
            ),
            Outcome::BatchUnknown => (outcome, Alarm::Raise(AlertCode::A2)),
            Outcome::BatchMismatch => (outcome, Alarm::Raise(AlertCode::A68)),
            Outcome::ExpiryMismatch => (outcome, Alarm::Raise(AlertCode::A52)),
            outcome => (outcome, Alarm::Raise(AlertCode::A3)),
        };
        Decision {
            state: holding.pack.map(|pack| pack.state),
            intermarket: self.intermarket,
            typing: match manual {
                true => Typing::Errors(errors.saturating_add(1)),
                false => Typing::Unchanged,
            },
            ..Decision::of_request(outcome, alarm)
        }
    }

    /// Steps 7 and 8: layers, then the pack's own state.
    fn judge(
        &self,
        pack: &KnownPack,
        product: ProductState,
        batch: BatchState,
        warned: Vec<Market>,
    ) -> Decision {
        let request = self.request;
        let today = self.profile.clock.day_at(request.at);
        let layer = layer_over(product, batch, &pack.batch.expiry, today);
        let same_site = pack
            .last
            .is_some_and(|last| last.site == Some(request.site));
        let (outcome, write) = match request.operation {
            Operation::Verify | Operation::Status => {
                let effective =
                    effective_state(product, batch, pack.batch.expiry, pack.state, today);
                (shown(effective), Write::Nothing)
            }
            Operation::Remove(removal) => self.remove(pack, removal, layer, same_site),
            Operation::Undo(what) => {
                match undo(self.profile, pack, layer, what, request.site, request.at) {
                    Ok(_) => (Outcome::Ok, self.write_state(pack, PackState::Active)),
                    Err(outcome) => (outcome, Write::Nothing),
                }
            }
        };
        let after = match write {
            Write::State { to, last, .. } => KnownPack {
                state: to,
                last: Some(last),
                ..*pack
            },
            Write::Nothing | Write::Repeat { .. } => *pack,
        };
        let fact = match write {
            Write::State { to, .. } => Some(Fact::StateChanged {
                lot: LotHead {
                    product: request.submitted.pack.product,
                    batch: pack.batch.number,
                    expiry: pack.batch.expiry,
                    manufactured: None,
                },
                state: to,
            }),
            Write::Nothing | Write::Repeat { .. } => None,
        };
        let effective = effective_state(product, batch, pack.batch.expiry, after.state, today);
        let whatever = Undo::Whatever;
        let offer = undo(
            self.profile,
            &after,
            layer,
            whatever,
            request.site,
            request.at,
        );
        Decision {
            outcome,
            state: Some(after.state),
            effective: Some(effective),
            layer,
            same_site: same_site || matches!(write, Write::State { .. }),
            intermarket: self.intermarket,
            warned,
            alarm: self.alarm(outcome, pack.state),
            write,
            typing: match (request.entry, self.history.typing_errors) {
                (EntryMode::Manual, 1..) => Typing::Cleared,
                _ => Typing::Unchanged,
            },
            fact,
            undo: offer.ok(),
        }
    }

    /// R8 to R12: a pack is to leave circulation.
    fn remove(
        &self,
        pack: &KnownPack,
        removal: Removal,
        layer: Option<Layer>,
        same_site: bool,
    ) -> (Outcome, Write) {
        let layers_first = self.profile.layers_before_pack_state;
        if let Some(layer) = layer
            && (layers_first || pack.state == PackState::Active)
        {
            return (layer.outcome(), Write::Nothing);
        }
        match pack.state.change_to(removal.state()) {
            Ok(to) => (Outcome::Ok, self.write_state(pack, to)),
            Err(TransitionRefused::AlreadySet { .. }) if same_site => self.repeat(pack),
            Err(
                TransitionRefused::AlreadySet { .. }
                | TransitionRefused::Inactive { .. }
                | TransitionRefused::Final { .. },
            ) => (Outcome::AlreadyInactive, Write::Nothing),
        }
    }

    /// R9 and R10: the same removal from the same site. With a limit of 3 the second to fourth attempt are silent and the
    /// fifth alerts; the count has no time limit (UK-CFG).
    fn repeat(&self, pack: &KnownPack) -> (Outcome, Write) {
        let limit = self.profile.repeats_tolerated;
        if self.request.delivery == Delivery::Deferred && !self.profile.deferred_repeat_alerts {
            return (Outcome::RepeatTolerated, Write::Nothing);
        }
        let before = pack.last.map_or(0, |last| last.repeats);
        let repeats = before.saturating_add(1);
        let outcome = match repeats.cmp(&limit) {
            std::cmp::Ordering::Less => Outcome::RepeatTolerated,
            std::cmp::Ordering::Equal => Outcome::RepeatToleratedLast,
            std::cmp::Ordering::Greater => Outcome::RepeatLimitExceeded,
        };
        (outcome, Write::Repeat { repeats })
    }

    fn write_state(&self, pack: &KnownPack, to: PackState) -> Write {
        Write::State {
            from: pack.state,
            to,
            last: LastChange {
                at: self.request.at,
                site: Some(self.request.site),
                repeats: 0,
            },
        }
    }

    /// Who is alarmed, once the pack is known and `before` was its state.
    fn alarm(&self, outcome: Outcome, before: PackState) -> Alarm {
        use Outcome as O;
        let profile = self.profile;
        let operation = self.request.operation;
        match outcome {
            O::Ok => Alarm::Silent(Silence::NothingWrong),
            _ if operation == Operation::Status => Alarm::Silent(Silence::StatusQuery),
            _ if operation == Operation::Verify => Alarm::Silent(Silence::KnownPackVerified),
            O::RepeatTolerated | O::RepeatToleratedLast => Alarm::Silent(Silence::ToleratedRepeat),
            O::Expired if profile.expired_alerts => Alarm::Raise(AlertCode::A24),
            O::Expired | O::BatchRecalled | O::ProductWithdrawn | O::UndoBlockedLayer => {
                Alarm::Silent(Silence::LayerShown)
            }
            O::UndoNotNeeded => Alarm::Silent(Silence::NothingToUndo),
            O::UndoTooLate | O::UndoOtherSite
                if !profile.undo_violation_alerts(self.request.dialect) =>
            {
                Alarm::Silent(Silence::Profile)
            }
            O::AlreadyInactive | O::RepeatLimitExceeded => Alarm::Raise(self.removal_alert(before)),
            _ => Alarm::Raise(AlertCode::A24),
        }
    }

    /// A7 where the state asked for is the one it has, else A24; the SOAP dialect says A7 between markets only (R10, R11, R18).
    fn removal_alert(&self, before: PackState) -> AlertCode {
        let same_state = match self.request.operation {
            Operation::Remove(removal) => removal.state() == before,
            Operation::Verify | Operation::Status | Operation::Undo(_) => false,
        };
        match (self.request.dialect, self.intermarket) {
            (Dialect::Soap, false) => AlertCode::A24,
            (Dialect::Soap, true) | (Dialect::Rest, _) if same_state => AlertCode::A7,
            (Dialect::Soap, true) | (Dialect::Rest, _) => AlertCode::A24,
        }
    }
}

fn tolerated_form(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::BatchUnknown => Outcome::BatchUnknownTolerated,
        Outcome::BatchMismatch => Outcome::BatchMismatchTolerated,
        Outcome::ExpiryMismatch => Outcome::ExpiryMismatchTolerated,
        _ => Outcome::SerialUnknownTolerated,
    }
}

fn layer_over(
    product: ProductState,
    batch: BatchState,
    expiry: &Expiry,
    today: chrono::NaiveDate,
) -> Option<Layer> {
    match (product, batch) {
        (ProductState::Withdrawn, _) => Some(Layer::Withdrawn),
        (ProductState::Active, BatchState::Recalled) => Some(Layer::Recalled),
        (ProductState::Active, BatchState::Active) if expiry.is_expired_on(today) => {
            Some(Layer::Expired)
        }
        (ProductState::Active, BatchState::Active) => None,
    }
}

fn shown(effective: EffectiveState) -> Outcome {
    match effective {
        EffectiveState::Withdrawn => Outcome::ProductWithdrawn,
        EffectiveState::Recalled => Outcome::BatchRecalled,
        EffectiveState::Pack(_) => Outcome::InactiveReported,
        EffectiveState::Expired => Outcome::Expired,
        EffectiveState::Active => Outcome::Ok,
    }
}
