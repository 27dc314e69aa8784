//! One way to read the input: the text it comes down to, the message in it, and what had to be repaired.

use std::borrow::Cow;

use crate::symbology::SymbologyIdentifier;

use super::diagnosis::{Candidate, Confidence, ScannedData};
use super::ends::{IdCase, split_symbology};
use super::fault::Fault;
use super::letter_case::{self, CaseWitness};
use super::message::{self, Broken, Message};

/// A text that reads as a message.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub id: Option<(SymbologyIdentifier, IdCase)>,
    /// The text behind the symbology identifier, in the letter case in which it arrived.
    pub text: String,
    /// The message in it; if the identifiers were exchanged, of the text with its letter case exchanged.
    pub message: Message,
    /// The letters of the data identifiers arrived in the other case.
    pub identifiers_exchanged: bool,
    /// What was repaired to get here.
    pub repairs: Vec<Fault>,
    /// Why this reading is possible.
    pub evidence: Vec<Cow<'static, str>>,
    /// What was repaired may as well have been data.
    pub repair_may_be_data: bool,
}

impl Reading {
    /// Reads `text` as it stands.
    pub fn of(text: &str, reference_year: i32) -> Result<Self, Broken> {
        let (id, rest) = split_symbology(text);
        let reading = |message, identifiers_exchanged| Self {
            id,
            text: rest.to_owned(),
            message,
            identifiers_exchanged,
            repairs: Vec::new(),
            evidence: Vec::new(),
            repair_may_be_data: false,
        };
        match message::read(rest, reference_year) {
            Ok(message) => Ok(reading(message, false)),
            // Only Format 06 has letters among its identifiers.
            Err(broken) if rest.contains('n') && rest.contains('s') => {
                let exchanged = message::read(&letter_case::exchange(rest), reference_year);
                exchanged
                    .map(|message| reading(message, true))
                    .map_err(|_| broken)
            }
            Err(broken) => Err(broken),
        }
    }

    /// As [`Reading::of`], for a text that was repaired; only what names a pack explains an input.
    pub fn of_repaired(
        text: &str,
        reference_year: i32,
        repairs: &[Fault],
        evidence: impl Into<Cow<'static, str>>,
    ) -> Option<Self> {
        let mut reading = Self::of(text, reference_year)
            .ok()
            .filter(|reading| reading.message.names_a_pack())?;
        reading.repairs.extend_from_slice(repairs);
        reading.evidence.push(evidence.into());
        Some(reading)
    }

    /// What the letter case can be judged by.
    pub fn case_witness(&self) -> CaseWitness {
        CaseWitness {
            id: self.id.map(|(_, case)| case),
            identifiers_exchanged: self.identifiers_exchanged,
        }
    }

    /// The text from which the message was read.
    pub fn text_as_read(&self) -> Cow<'_, str> {
        match self.identifiers_exchanged {
            true => Cow::Owned(letter_case::exchange(&self.text)),
            false => Cow::Borrowed(&self.text),
        }
    }

    /// The data if the letter case was exchanged on the way.
    pub fn data_with_case_exchanged(&self, reference_year: i32) -> Option<ScannedData> {
        if self.identifiers_exchanged {
            return Some(self.message.data.clone());
        }
        let mut exchanged = self.text.clone();
        for place in self.message.value_places() {
            let value = letter_case::exchange(&exchanged[place.clone()]);
            exchanged.replace_range(place, &value);
        }
        message::read(&exchanged, reference_year)
            .ok()
            .map(|message| message.data)
    }

    /// This reading as a candidate.
    pub fn candidate(&self, confidence: Confidence) -> Candidate {
        let mut evidence = self.evidence.clone();
        if evidence.is_empty() {
            evidence.push("the text reads completely as it stands".into());
        }
        Candidate {
            data: self.message.data.clone(),
            confidence,
            evidence,
        }
    }
}
