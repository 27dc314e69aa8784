//! From readings to a verdict: how certain they are, what else may have happened, what the person should know.
//!
//! The rule that must hold: nothing is called certain (`ok`, `repaired`) that another known fault explains as well, as far as
//! the text can show it. `high` is said only with structural evidence. A text without symbology identifier that a layout or a
//! folded case could have changed unseen is `suspect`; where a repair was needed anyway, such a doubt is remarked
//! beside it and lowers the confidence.

use crate::batch_number::BatchNumber;
use crate::symbology::{Carrier, SymbologyIdentifier};

use super::Delivery;
use super::diagnosis::{Candidate, Confidence, Diagnosis, ScannedData, Scheme, Verdict, advice};
use super::doubt::{self, Doubt};
use super::ends::{IdCase, note};
use super::fault::Fault;
use super::hypotheses;
use super::letter_case::{self, CaseFinding};
use super::manual;
use super::reading::Reading;

/// A verdict in the making.
struct Draft {
    verdict: Verdict,
    confidence: Confidence,
    faults: Vec<Fault>,
    data: ScannedData,
    candidates: Vec<Candidate>,
}

/// Whether the keyboard layout of the device is known, so that it leaves no doubt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LayoutKnown {
    Yes,
    No,
}

/// The diagnosis of one reading.
pub(super) fn of_reading(
    reading: &Reading,
    delivery: &Delivery<'_>,
    layout: LayoutKnown,
) -> Diagnosis {
    let repaired = !reading.repairs.is_empty() || delivery.faults.contains(&Fault::ByteOrderMark);
    let mut draft = Draft {
        verdict: if repaired {
            Verdict::Repaired
        } else {
            Verdict::Ok
        },
        confidence: confidence_of(reading, repaired, layout),
        faults: faults_of(reading, delivery),
        data: reading.message.data.clone(),
        candidates: Vec::new(),
    };
    if changes_characters(&reading.repairs) && carries_verification_code(reading) {
        note(&mut draft.faults, Fault::VerificationCodeRepaired);
    }
    draft.candidates.push(reading.candidate(draft.confidence));
    draft.weigh_case(reading, delivery);
    draft.weigh_caps_lock(reading, delivery);
    draft.weigh_number_of_repairs();
    draft.weigh_carrier(reading);
    draft.weigh_doubts(reading, delivery, layout);
    draft.finish(reading, delivery)
}

/// The diagnosis of several readings, each by the same number of faults.
pub(super) fn of_readings(mut readings: Vec<Reading>, delivery: &Delivery<'_>) -> Diagnosis {
    // Readings that cannot be mistaken for data come first; among them those that give more.
    readings.sort_by_key(|reading| reading.repair_may_be_data);
    let mut different: Vec<Reading> = Vec::new();
    for reading in readings {
        match different
            .iter_mut()
            .find(|known| known.message.data == reading.message.data)
        {
            Some(known) => {
                known.evidence.extend(reading.evidence);
                // Two causes may explain the same data, and both are worth looking after, unless an identifier that arrived
                // well shows that the keyboard is not to blame.
                for fault in reading.repairs.into_iter().filter(|_| known.id.is_none()) {
                    note(&mut known.repairs, fault);
                }
            }
            None => different.push(reading),
        }
    }
    let Some(best) = different.first() else {
        return not_usable(Verdict::Rejected, &[Fault::Unreadable], None, delivery);
    };
    let short_split = is_doubtful_split(best, delivery);
    if different.len() == 1 && !best.repair_may_be_data && !short_split {
        let layout = match best.repairs.contains(&Fault::KeyboardLayout) {
            true => LayoutKnown::Yes,
            false => LayoutKnown::No,
        };
        return of_reading(best, delivery, layout);
    }
    let mut faults = faults_of(best, delivery);
    let layouts_differ = different
        .iter()
        .any(|reading| reading.repairs.contains(&Fault::KeyboardLayout));
    for fault in different
        .iter()
        .flat_map(|reading| reading.repairs.iter().copied())
    {
        if matches!(
            fault,
            Fault::KeyboardLayout | Fault::SeparatorReplaced | Fault::LinearCodeAppended
        ) {
            note(&mut faults, fault);
        }
    }
    let appended = best.repairs.contains(&Fault::LinearCodeAppended);
    let verdict = match layouts_differ || short_split || appended {
        true => Verdict::Suspect,
        false => Verdict::Ambiguous,
    };
    let draft = Draft {
        verdict,
        confidence: Confidence::Low,
        faults,
        data: best.message.data.clone(),
        candidates: different
            .iter()
            .map(|reading| reading.candidate(Confidence::Low))
            .collect(),
    };
    draft.finish(best, delivery)
}

/// The diagnosis of what gives no data.
pub(super) fn not_usable(
    verdict: Verdict,
    found: &[Fault],
    scheme: Option<Scheme>,
    delivery: &Delivery<'_>,
) -> Diagnosis {
    let mut faults = delivery.faults.clone();
    let symbology = delivery.symbology();
    if symbology.is_some() {
        note(&mut faults, Fault::AimPrefix);
    }
    found.iter().for_each(|&fault| note(&mut faults, fault));
    Diagnosis {
        raw: delivery.raw.to_owned(),
        verdict,
        confidence: if verdict == Verdict::NotAUniqueIdentifier {
            Confidence::High
        } else {
            Confidence::Low
        },
        scheme,
        symbology,
        advice: advice(verdict, &faults),
        faults,
        data: None,
        elements: Vec::new(),
        candidates: Vec::new(),
    }
}

impl Draft {
    /// What the letter case says.
    fn weigh_case(&mut self, reading: &Reading, delivery: &Delivery<'_>) {
        let year = delivery.context.reference_year;
        let finding = letter_case::judge(&reading.message, &reading.text, reading.case_witness());
        let exchanged = || {
            reading
                .data_with_case_exchanged(year)
                .unwrap_or_else(|| reading.message.data.clone())
        };
        match finding {
            CaseFinding::Quiet => {}
            CaseFinding::Inverted => {
                note(&mut self.faults, Fault::CaseInverted);
                if carries_verification_code(reading) {
                    note(&mut self.faults, Fault::VerificationCodeRepaired);
                }
                self.verdict = Verdict::Repaired;
                self.data = exchanged();
                let evidence = match reading.id.is_some() {
                    true => "the letters of the symbology identifier arrived in the other case",
                    false => "the letters of the data identifiers arrived in the other case",
                };
                self.candidates = vec![candidate(self.data.clone(), self.confidence, evidence)];
            }
            CaseFinding::Doubtful { fault, also } => {
                note(&mut self.faults, fault);
                also.into_iter()
                    .for_each(|fault| note(&mut self.faults, fault));
                // Small letters where capitals are the habit weigh more than a repair.
                if self.verdict == Verdict::Repaired && fault != Fault::UpperCased {
                    self.verdict = Verdict::Suspect;
                }
                self.lower();
                let evidence = "the letters may have been exchanged or folded on the way";
                let other = exchanged();
                if other != self.data || self.candidates.is_empty() {
                    self.candidates
                        .push(candidate(other, Confidence::Low, evidence));
                } else if let Some(as_arrived) = self.candidates.first_mut() {
                    as_arrived.evidence = vec![evidence.into()];
                }
            }
            CaseFinding::Destroyed(fault) => {
                note(&mut self.faults, fault);
                self.verdict = Verdict::UnrepairableSerial;
                self.confidence = Confidence::Medium;
                let hint = "only a hint for searching: the letter case of the print is lost";
                let other = exchanged();
                self.candidates = vec![candidate(self.data.clone(), Confidence::Low, hint)];
                if other != self.data {
                    self.candidates
                        .push(candidate(other, Confidence::Low, hint));
                }
                self.data.serial = None;
                let lettered =
                    |batch: &BatchNumber| batch.as_bytes().iter().any(u8::is_ascii_alphabetic);
                self.data.batch = self.data.batch.take().filter(|batch| !lettered(batch));
            }
        }
    }

    /// What Caps Lock does to signs that a foreign layout shows as letters: it makes a colon a semicolon, and no letter of the
    /// code tells. Letters of a symbology identifier or of data identifiers that arrived well show that it is off.
    fn weigh_caps_lock(&mut self, reading: &Reading, delivery: &Delivery<'_>) {
        let case_is_right = match reading.id {
            Some((_, case)) => case == IdCase::AsWritten,
            None => reading.message.scheme == Scheme::Ifa && !reading.identifiers_exchanged,
        };
        if case_is_right || !reading.repairs.contains(&Fault::KeyboardLayout) {
            return;
        }
        let year = delivery.context.reference_year;
        let others = letter_case::exchanges(delivery.body)
            .into_iter()
            .flat_map(|shown| hypotheses::by_layouts(&shown, delivery.capture, year));
        let inverted = self.faults.contains(&Fault::CaseInverted);
        let plainly_exchanged = letter_case::exchange(&reading.text);
        let readings: Vec<Candidate> = others
            .filter(|other| match inverted {
                true => other.message.data != self.data,
                // That all letters are exchanged and nothing else is judged by their habits.
                false => other.text != plainly_exchanged,
            })
            .map(|other| other.candidate(Confidence::Low))
            .collect();
        if !readings.is_empty() {
            self.take(Doubt {
                fault: Fault::CaseInverted,
                readings,
            });
            self.doubt_whole();
        }
    }

    /// No more than two repairs are combined without a person looking at them.
    fn weigh_number_of_repairs(&mut self) {
        const REPAIRS_MAX: usize = 2;
        let repairs = self
            .faults
            .iter()
            .filter(|fault| is_repair(**fault))
            .count();
        if self.verdict == Verdict::Repaired && repairs > REPAIRS_MAX {
            self.lower();
            self.doubt_whole();
        }
    }

    /// What is doubted is more than letters, so that a repair does not outweigh it.
    fn doubt_whole(&mut self) {
        if self.verdict != Verdict::UnrepairableSerial {
            self.verdict = Verdict::Suspect;
        }
    }

    /// What the carrier says: data of a pack in another symbol, or without the mark that makes it GS1 data.
    fn weigh_carrier(&mut self, reading: &Reading) {
        let Some((id, _)) = reading.id else { return };
        let carrier = id.carrier();
        let data_matrix = matches!(
            carrier,
            Carrier::Gs1DataMatrix | Carrier::DataMatrix | Carrier::DataMatrixIndustry
        );
        let marked_gs1 = carrier.holds_element_strings();
        if !data_matrix || (reading.message.scheme == Scheme::Ifa && marked_gs1) {
            note(&mut self.faults, Fault::UnexpectedSymbology);
        }
        if reading.message.scheme == Scheme::Gs1 && !marked_gs1 && !reading.text.starts_with("[)>")
        {
            note(&mut self.faults, Fault::Fnc1Missing);
            if self.verdict == Verdict::Ok {
                self.verdict = Verdict::Suspect;
            }
            self.confidence = self.confidence.min(Confidence::Medium);
        }
    }

    /// What leaves no trace in the text.
    fn weigh_doubts(&mut self, reading: &Reading, delivery: &Delivery<'_>, layout: LayoutKnown) {
        let year = delivery.context.reference_year;
        let typed_by_hand = [Fault::BracketedInput, Fault::HumanReadableText];
        let typed_by_hand = typed_by_hand
            .iter()
            .any(|fault| reading.repairs.contains(fault));
        if reading.id.is_none() && layout == LayoutKnown::No && !typed_by_hand {
            for doubt in doubt::of_layout(reading, delivery.body, delivery.capture, year) {
                self.take(doubt);
            }
        }
        if typed_by_hand {
            return;
        }
        let split = reading.repairs.contains(&Fault::SeparatorLost);
        // Several layouts that lose the separator change punctuation as well.
        if split && reading.id.is_none() && layout == LayoutKnown::No && punctuated(&self.data) {
            self.verdict = Verdict::Suspect;
            self.take(Doubt {
                fault: Fault::KeyboardLayout,
                readings: Vec::new(),
            });
        }
        let doubts = [
            (!split)
                .then(|| doubt::of_lost_separator(reading, year))
                .flatten(),
            doubt::of_separator_token(reading, year),
            doubt::of_appended_code(reading, year),
        ];
        for doubt in doubts.into_iter().flatten() {
            self.doubt_whole();
            self.take(doubt);
        }
        let ended = [Fault::LineTerminator, Fault::ControlSuffix]
            .iter()
            .any(|fault| delivery.faults.contains(fault));
        if let Some(doubt) = doubt::of_truncation(reading, ended) {
            self.verdict = Verdict::Suspect;
            self.take(doubt);
        }
    }

    fn take(&mut self, doubt: Doubt) {
        note(&mut self.faults, doubt.fault);
        self.lower();
        for reading in doubt.readings {
            if self
                .candidates
                .iter()
                .all(|known| known.data != reading.data)
            {
                self.candidates.push(reading);
            }
        }
    }

    /// Takes a doubt into account: what read well is suspect, what was repaired is no longer sure.
    fn lower(&mut self) {
        if self.verdict != Verdict::UnrepairableSerial {
            self.confidence = Confidence::Low;
        }
        if self.verdict == Verdict::Ok {
            self.verdict = Verdict::Suspect;
        }
        let confidence = self.confidence;
        self.candidates
            .iter_mut()
            .for_each(|known| known.confidence = known.confidence.min(confidence));
    }

    fn finish(self, reading: &Reading, delivery: &Delivery<'_>) -> Diagnosis {
        let text =
            match self.faults.contains(&Fault::CaseInverted) && self.verdict == Verdict::Repaired {
                true => letter_case::exchange(&reading.text),
                false => reading.text_as_read().into_owned(),
            };
        Diagnosis {
            raw: delivery.raw.to_owned(),
            verdict: self.verdict,
            confidence: self.confidence,
            scheme: Some(reading.message.scheme),
            symbology: reading.id.map(|(id, _)| id),
            advice: advice(self.verdict, &self.faults),
            faults: self.faults,
            data: Some(self.data),
            elements: reading.message.elements(&text),
            candidates: self.candidates,
        }
    }
}

/// High with a symbology identifier that reads, with a known device, or for a text that needs no repair; else medium.
fn confidence_of(reading: &Reading, repaired: bool, layout: LayoutKnown) -> Confidence {
    let split = reading.repairs == [Fault::SeparatorLost];
    let zeros = reading.repairs.contains(&Fault::LeadingZeroLost);
    let bracketed = reading.repairs.contains(&Fault::BracketedInput);
    let device_known =
        layout == LayoutKnown::Yes && !reading.repairs.contains(&Fault::KeyboardLayout);
    let structural = reading.id.is_some() || bracketed || device_known;
    if reading.repairs.contains(&Fault::LinearCodeAppended) {
        return if reading.id.is_some() {
            Confidence::Medium
        } else {
            Confidence::Low
        };
    }
    // Who took letters for digits may have done so where both are allowed.
    if reading.repairs.contains(&Fault::Confusable) {
        return match manual::has_confusable(&reading.message.data) {
            true => Confidence::Low,
            false => Confidence::Medium,
        };
    }
    match repaired {
        false => Confidence::High,
        true if structural && !split && !zeros => Confidence::High,
        true => Confidence::Medium,
    }
}

/// A split of a text that reads without it, too, and that gives a serial number shorter than any that is random enough.
fn is_doubtful_split(reading: &Reading, delivery: &Delivery<'_>) -> bool {
    const SERIAL_LENGTH_USUAL_MIN: usize = 8;
    let serial = reading
        .message
        .data
        .serial
        .as_ref()
        .map_or(0, |serial| serial.as_str().len());
    reading.repairs.contains(&Fault::SeparatorLost)
        && !reading.repairs.contains(&Fault::KeyboardLayout)
        && serial < SERIAL_LENGTH_USUAL_MIN
        && Reading::of(delivery.body, delivery.context.reference_year).is_ok()
}

fn faults_of(reading: &Reading, delivery: &Delivery<'_>) -> Vec<Fault> {
    let mut faults = delivery.faults.clone();
    if reading.id.is_some() {
        note(&mut faults, Fault::AimPrefix);
    }
    reading
        .repairs
        .iter()
        .chain(&reading.message.notes)
        .for_each(|&fault| note(&mut faults, fault));
    faults
}

/// Whether a repair changed characters inside values, and not only between them.
fn changes_characters(repairs: &[Fault]) -> bool {
    let changing = [
        Fault::KeyboardLayout,
        Fault::CaseInverted,
        Fault::Homoglyph,
        Fault::TypographicDash,
        Fault::Encoding,
    ];
    repairs.iter().any(|fault| changing.contains(fault))
}

/// Whether a fault was undone by changing the text, other than at its ends.
fn is_repair(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::KeyboardLayout
            | Fault::CaseInverted
            | Fault::SeparatorLost
            | Fault::SeparatorReplaced
            | Fault::Homoglyph
            | Fault::TypographicDash
            | Fault::Encoding
            | Fault::Confusable
            | Fault::VendorPrefix
            | Fault::LinearCodeAppended
    )
}

/// Whether the code carries the verification key and code of a Russian pack (AI 91 and 92), whose signature a repair in
/// silence would put in doubt.
fn carries_verification_code(reading: &Reading) -> bool {
    reading.message.scheme == Scheme::Gs1
        && ["91", "92"]
            .iter()
            .all(|identifier| reading.message.has(&reading.text, identifier))
}

fn punctuated(data: &ScannedData) -> bool {
    let values = [
        data.serial.as_ref().map(|serial| serial.as_str()),
        data.batch.as_ref().map(|batch| batch.as_str()),
    ];
    values
        .iter()
        .flatten()
        .any(|value| value.bytes().any(|byte| byte.is_ascii_punctuation()))
}

fn candidate(data: ScannedData, confidence: Confidence, evidence: &'static str) -> Candidate {
    Candidate {
        data,
        confidence,
        evidence: vec![evidence.into()],
    }
}

impl Delivery<'_> {
    /// The symbology identifier as it arrived or with its case put right.
    fn symbology(&self) -> Option<SymbologyIdentifier> {
        super::ends::split_symbology(self.body).0.map(|(id, _)| id)
    }
}
