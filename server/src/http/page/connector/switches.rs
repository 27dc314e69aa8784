//! The switches of a simulated hub in words and as the fields of a form: what is offered, what is on, what was chosen.

use packtwin_core::code::Code as Stable;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_simulators::eu_hub::{Answers, Drift, Fault, Switches};

use super::super::Form;

/// When a result is told.
pub(super) const ANSWERS: [(&str, &str); 3] = [
    ("direct", "at once"),
    (
        "late",
        "later: a receipt first, then by callback or when asked",
    ),
    ("never", "never: a receipt and nothing more"),
];
/// How long a fault lasts.
pub(super) const LASTS: [(&str, &str); 2] = [
    ("next", "for the next document only"),
    ("always", "for every document, until it is switched off"),
];
/// What goes wrong. Words for every [`Fault`]; `pass` is the absence of one.
pub(super) const FAULTS: [(&str, &str); 16] = [
    ("pass", "nothing: it judges and answers as a hub does"),
    ("refuse", "it refuses the document with a code"),
    ("refuse_every", "it takes a part: every nth pack is refused"),
    (
        "partial_duplicates",
        "it refuses single packs that it holds already, not the message",
    ),
    (
        "lose_reply",
        "it takes the document, and its answer is lost",
    ),
    (
        "half_reply",
        "it takes the document, and half of its answer arrives",
    ),
    ("slow", "it takes the document and answers late"),
    (
        "wrong_status",
        "it takes the document and answers with status 500",
    ),
    ("oversize", "it takes the document and answers far too much"),
    ("cut_handshake", "it hangs up before the TLS handshake"),
    ("cut_headers", "it hangs up before the document"),
    ("cut_body", "it hangs up in the middle of the document"),
    (
        "cut_before_processing",
        "it hangs up after the document and forgets it",
    ),
    ("redirect", "it points to another address"),
    ("unavailable", "it is out of order, status 503"),
    ("garbage", "it answers something that is no answer"),
];
/// More than the reply that a transport takes.
const OVERSIZE_BYTES: usize = 16 * 1024 * 1024;
/// The longest that a late answer or callback may be chosen.
const SECONDS_MAX: u64 = 3_600;

/// What is switched on, in a sentence.
pub(super) fn told(switches: &Switches) -> String {
    let mut parts = vec![match switches.answers {
        Answers::Direct => "It answers at once".to_owned(),
        Answers::Late {
            after_polls,
            callback_ms,
        } => format!(
            "It answers later: by callback after {} s, or to question number {}",
            callback_ms / 1_000,
            after_polls + 1
        ),
        Answers::Never => "It never tells a result".to_owned(),
    }];
    for fault in &switches.next {
        parts.push(format!("for the next document {}", words(fault)));
    }
    if let Some(fault) = &switches.always {
        parts.push(format!("for every document {}", words(fault)));
    }
    if switches.callback_copies > 1 {
        parts.push(format!(
            "each callback comes {} times",
            switches.callback_copies
        ));
    }
    if switches.callback_group > 1 {
        parts.push(format!(
            "callbacks wait until {} are due and come in reverse",
            switches.callback_group
        ));
    }
    if let Some(drift) = &switches.drift {
        parts.push(format!(
            "its copies of a product say {} in {}",
            drift.value, drift.element
        ));
    }
    format!("{}.", parts.join("; "))
}

/// The switches as the form shows them.
pub(super) struct Now {
    pub(super) fault: &'static str,
    pub(super) lasts: &'static str,
    pub(super) code: String,
    pub(super) nth: String,
    pub(super) late: String,
    pub(super) answers: &'static str,
    pub(super) polls: String,
    pub(super) callback: String,
    pub(super) copies: String,
    pub(super) group: String,
    pub(super) drift: (String, String),
}

impl Now {
    /// What is on; usual values where it has none.
    pub(super) fn of(switches: &Switches) -> Self {
        let (fault, lasts) = match (switches.next.front(), &switches.always) {
            (Some(fault), _) => (fault.clone(), "next"),
            (None, Some(fault)) => (fault.clone(), "always"),
            (None, None) => (Fault::Pass, "next"),
        };
        let (answers, polls, callback) = match switches.answers {
            Answers::Direct => ("direct", 1, 2),
            Answers::Late {
                after_polls,
                callback_ms,
            } => ("late", after_polls, callback_ms / 1_000),
            Answers::Never => ("never", 1, 2),
        };
        let (code, nth, late) = match &fault {
            Fault::Refuse { code, .. } => (code.as_str(), 100, 5),
            Fault::RefuseEvery { nth } => ("A16", *nth, 5),
            Fault::Slow { ms } => ("A16", 100, ms / 1_000),
            _ => ("A16", 100, 5),
        };
        let drift = switches.drift.as_ref();
        Now {
            fault: value_of(&fault),
            lasts,
            code: code.to_owned(),
            nth: nth.to_string(),
            late: late.to_string(),
            answers,
            polls: polls.to_string(),
            callback: callback.to_string(),
            copies: switches.callback_copies.to_string(),
            group: switches.callback_group.to_string(),
            drift: drift.map_or_else(Default::default, |drift| {
                (drift.element.clone(), drift.value.clone())
            }),
        }
    }
}

/// The value of a fault in the form.
fn value_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::Pass => "pass",
        Fault::CutHandshake => "cut_handshake",
        Fault::CutHeaders => "cut_headers",
        Fault::CutBody => "cut_body",
        Fault::CutBeforeProcessing => "cut_before_processing",
        Fault::LoseReply => "lose_reply",
        Fault::HalfReply => "half_reply",
        Fault::Slow { .. } => "slow",
        Fault::WrongStatus { .. } => "wrong_status",
        Fault::Oversize { .. } => "oversize",
        Fault::Redirect => "redirect",
        Fault::Unavailable => "unavailable",
        Fault::Garbage => "garbage",
        Fault::Refuse { .. } => "refuse",
        Fault::RefuseEvery { .. } => "refuse_every",
        Fault::PartialDuplicates => "partial_duplicates",
    }
}

fn words(fault: &Fault) -> &'static str {
    let value = value_of(fault);
    FAULTS
        .iter()
        .find(|(known, _)| *known == value)
        .map_or("", |(_, words)| words)
}

/// The switches that were chosen; all faults of the form at once.
pub(super) fn read(form: &Form) -> Result<Switches, Refusals> {
    let mut reader = Reader {
        form,
        faults: Vec::new(),
    };
    let code = form.text("code");
    let fault = match form.text("fault").as_str() {
        "pass" => None,
        "refuse" => {
            let is_code = (1..=20).contains(&code.len())
                && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            if !is_code {
                reader.refuse(
                    "code",
                    "A code has letters, digits and hyphens, such as A16.",
                );
            }
            Some(Fault::Refuse {
                code,
                place: "Message".into(),
            })
        }
        "refuse_every" => Some(Fault::RefuseEvery {
            nth: reader.number("nth", 1, 1_000_000),
        }),
        "slow" => Some(Fault::Slow {
            ms: reader.number::<u64>("late", 1, SECONDS_MAX) * 1_000,
        }),
        "partial_duplicates" => Some(Fault::PartialDuplicates),
        "lose_reply" => Some(Fault::LoseReply),
        "half_reply" => Some(Fault::HalfReply),
        "wrong_status" => Some(Fault::WrongStatus { status: 500 }),
        "oversize" => Some(Fault::Oversize {
            bytes: OVERSIZE_BYTES,
        }),
        "cut_handshake" => Some(Fault::CutHandshake),
        "cut_headers" => Some(Fault::CutHeaders),
        "cut_body" => Some(Fault::CutBody),
        "cut_before_processing" => Some(Fault::CutBeforeProcessing),
        "redirect" => Some(Fault::Redirect),
        "unavailable" => Some(Fault::Unavailable),
        "garbage" => Some(Fault::Garbage),
        _ => {
            reader.refuse("fault", "Choose one of the faults.");
            None
        }
    };
    let answers = match form.text("answers").as_str() {
        "direct" => Answers::Direct,
        "late" => Answers::Late {
            after_polls: reader.number("polls", 0, 1_000),
            callback_ms: reader.number::<u64>("callback", 0, SECONDS_MAX) * 1_000,
        },
        "never" => Answers::Never,
        _ => {
            reader.refuse("answers", "Choose when results are told.");
            Answers::Direct
        }
    };
    let drift = match (form.text("drift_element"), form.text("drift_value")) {
        (element, value) if element.is_empty() && value.is_empty() => None,
        (element, _) if element.is_empty() => {
            reader.refuse(
                "drift_element",
                "Name the element that differs, such as Name.",
            );
            None
        }
        (element, value) => Some(Drift { element, value }),
    };
    let mut switches = Switches {
        answers,
        callback_copies: reader.number("copies", 1, 10),
        callback_group: reader.number("group", 1, 10),
        drift,
        ..Switches::default()
    };
    match (fault, form.text("lasts").as_str()) {
        (fault, "always") => switches.always = fault,
        (fault, _) => switches.next.extend(fault),
    }
    Refusals::check(reader.faults)?;
    Ok(switches)
}

/// Reads numbers and gathers what is wrong.
struct Reader<'f> {
    form: &'f Form,
    faults: Vec<Refusal>,
}

impl Reader<'_> {
    fn number<T: TryFrom<u64> + Default>(&mut self, name: &str, least: u64, most: u64) -> T {
        let typed: Option<u64> = self.form.text(name).parse().ok();
        let number = typed.filter(|number| (least..=most).contains(number));
        match number.and_then(|number| T::try_from(number).ok()) {
            Some(number) => number,
            None => {
                self.refuse(
                    name,
                    &format!("Write a whole number from {least} to {most}."),
                );
                T::default()
            }
        }
    }

    fn refuse(&mut self, name: &str, text: &str) {
        let place = format!("/{name}");
        self.faults
            .push(Refusal::at(Stable::RequestMalformed, place, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_offered_with_words() {
        let all = [
            Fault::Pass,
            Fault::CutHandshake,
            Fault::CutHeaders,
            Fault::CutBody,
            Fault::CutBeforeProcessing,
            Fault::LoseReply,
            Fault::HalfReply,
            Fault::Slow { ms: 1 },
            Fault::WrongStatus { status: 500 },
            Fault::Oversize { bytes: 1 },
            Fault::Redirect,
            Fault::Unavailable,
            Fault::Garbage,
            Fault::Refuse {
                code: "A16".into(),
                place: String::new(),
            },
            Fault::RefuseEvery { nth: 2 },
            Fault::PartialDuplicates,
        ];
        assert_eq!(all.len(), FAULTS.len());
        for fault in all {
            assert!(!words(&fault).is_empty(), "{fault:?}");
        }
    }

    #[test]
    fn what_is_switched_is_said_in_a_sentence() {
        let switches = Switches {
            answers: Answers::Late {
                after_polls: 2,
                callback_ms: 3_000,
            },
            next: [Fault::LoseReply].into(),
            callback_copies: 2,
            ..Switches::default()
        };
        assert_eq!(
            told(&switches),
            "It answers later: by callback after 3 s, or to question number 3; for the next document it takes the \
             document, and its answer is lost; each callback comes 2 times."
        );
        assert_eq!(told(&Switches::default()), "It answers at once.");
    }
}
