//! The answer to one request as both sides keep it: enough to give it again word by word, and nothing of the site.
//!
//! A short JSON text. It is the decision without what it made the stores write, so that the same request can be answered
//! alike after a restart (URS-VF-013).

use serde::{Deserialize, Serialize};

use packtwin_core::alert::AlertId;
use packtwin_core::pack::{EffectiveState, PackState};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::{
    Alarm, AlertCode, Decision, Layer, Outcome, Silence, Typing, UndoOffer, Write,
};

/// A decision that was kept, and the alert that it raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was decided. What it wrote, counted or told is not part of a kept answer.
    pub decision: Decision,
    /// The alert, where one was raised.
    pub alert: Option<AlertId>,
}

/// The text of an answer cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kept answer cannot be read")]
pub struct AnswerDamaged;

#[derive(Serialize, Deserialize)]
struct Kept {
    o: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<i16>,
    /// Whether the pack was judged, so that its effective state follows from its own and the layer.
    #[serde(default, skip_serializing_if = "is_false")]
    j: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    l: Option<u8>,
    #[serde(default, skip_serializing_if = "is_false")]
    h: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    x: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    w: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    a: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<String>,
    /// The end of the undo in microseconds; 0 where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    u: Option<i64>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn is_false(value: &bool) -> bool {
    !*value
}

const LAYERS: [Layer; 3] = [Layer::Withdrawn, Layer::Recalled, Layer::Expired];

impl Answer {
    /// The text that is kept.
    pub fn to_text(&self) -> String {
        let decision = &self.decision;
        let layer = decision
            .layer
            .and_then(|layer| LAYERS.iter().position(|known| *known == layer));
        let kept = Kept {
            o: decision.outcome.as_str().to_owned(),
            s: decision.state.map(PackState::number),
            j: decision.effective.is_some(),
            l: layer.map(|place| place as u8),
            h: decision.same_site,
            x: decision.intermarket,
            w: decision.warned.iter().map(ToString::to_string).collect(),
            a: decision.alarm.code().map(|code| code.as_str().to_owned()),
            i: self.alert.map(|id| id.to_string()),
            u: decision
                .undo
                .map(|undo| undo.until.map_or(0, Timestamp::micros)),
        };
        serde_json::to_string(&kept).expect("texts and numbers always have a JSON form")
    }

    /// Reads a kept text.
    ///
    /// # Errors
    /// It was changed from outside.
    pub fn from_text(text: &str) -> Result<Self, AnswerDamaged> {
        let kept: Kept = serde_json::from_str(text).map_err(|_| AnswerDamaged)?;
        let outcome = Outcome::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.as_str() == kept.o)
            .ok_or(AnswerDamaged)?;
        let state = read(kept.s, PackState::from_number)?;
        let layer = read(kept.l, |place| LAYERS.get(usize::from(place)).copied())?;
        let code = read(kept.a.as_deref(), AlertCode::parse)?;
        let markets = kept.w.iter().map(|market| market.parse());
        let decision = Decision {
            outcome,
            state,
            effective: state
                .filter(|_| kept.j)
                .map(|state| effective(state, layer)),
            layer,
            same_site: kept.h,
            intermarket: kept.x,
            warned: markets
                .collect::<Result<_, _>>()
                .map_err(|_| AnswerDamaged)?,
            alarm: code.map_or(Alarm::Silent(Silence::NothingWrong), Alarm::Raise),
            write: Write::Nothing,
            typing: Typing::Unchanged,
            fact: None,
            undo: kept.u.map(|until| UndoOffer {
                until: (until != 0).then(|| Timestamp::from_micros(until)),
            }),
        };
        let alert = read(kept.i.as_deref(), |id| id.parse().ok())?;
        Ok(Answer { decision, alert })
    }
}

fn read<T, U>(
    value: Option<T>,
    read: impl FnOnce(T) -> Option<U>,
) -> Result<Option<U>, AnswerDamaged> {
    value
        .map(|value| read(value).ok_or(AnswerDamaged))
        .transpose()
}

/// As `core::pack::effective_state`, from the layer that was found over the pack.
fn effective(state: PackState, layer: Option<Layer>) -> EffectiveState {
    match (layer, state) {
        (Some(Layer::Withdrawn), _) => EffectiveState::Withdrawn,
        (Some(Layer::Recalled), _) => EffectiveState::Recalled,
        (Some(Layer::Expired), PackState::Active) => EffectiveState::Expired,
        (None, PackState::Active) => EffectiveState::Active,
        (Some(Layer::Expired) | None, state) => EffectiveState::Pack(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// URS-VF-013: what is told again is what was told.
    #[test]
    fn an_answer_is_read_back_as_it_was_kept() {
        let market = "DE".parse().unwrap();
        let of = |outcome, alarm| Decision::of_request(outcome, alarm);
        let quiet = Alarm::Silent(Silence::NothingWrong);
        let end = Timestamp::from_micros(1_900_000_000_000_000);
        for decision in [
            of(Outcome::ProductUnknown, quiet),
            of(Outcome::SerialUnknown, Alarm::Raise(AlertCode::A3)),
            Decision {
                state: Some(PackState::Supplied),
                effective: Some(EffectiveState::Pack(PackState::Supplied)),
                same_site: true,
                undo: Some(UndoOffer { until: Some(end) }),
                ..of(Outcome::Ok, quiet)
            },
            Decision {
                state: Some(PackState::Locked),
                effective: Some(EffectiveState::Recalled),
                layer: Some(Layer::Recalled),
                intermarket: true,
                warned: vec![market],
                undo: Some(UndoOffer { until: None }),
                ..of(Outcome::BatchRecalled, quiet)
            },
            Decision {
                state: Some(PackState::Active),
                ..of(Outcome::BatchMismatch, Alarm::Raise(AlertCode::A68))
            },
        ] {
            let alert = decision
                .alarm
                .code()
                .map(|_| AlertId::from_random(market, 7));
            let answer = Answer { decision, alert };
            assert_eq!(Answer::from_text(&answer.to_text()), Ok(answer));
        }
        for text in ["", "{}", r#"{"o":"YES"}"#, r#"{"o":"OK","s":99}"#] {
            assert_eq!(Answer::from_text(text), Err(AnswerDamaged), "{text}");
        }
    }
}
