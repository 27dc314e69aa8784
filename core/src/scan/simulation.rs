//! Faults simulated forward on invented packs: whatever a device does, a diagnosis that calls its data certain is right.
//!
//! Proves the policy behind URS-VF-011: thousands of packs go through every keyboard layout and every
//! fault; the truth must be the data wherever the diagnosis is certain, and among the candidates of nearly all others.

use crate::gtin::Gtin;
use crate::pzn::Pzn;

use super::keyboard::{self, Layout};
use super::*;

/// An invented pack and its code as a reader delivers it.
struct Pack {
    id: &'static str,
    code: String,
    truth: [Option<String>; 4],
}

/// A source of numbers that are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length)
            .map(|_| letters[self.roll(letters.len())])
            .collect()
    }
}

const DIGITS: &str = "0123456789";
const CAPITALS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MIXED: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SET_82: &str =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!\"%&'()*+,-./:;<=>?_";

fn pack(dice: &mut Dice) -> Pack {
    let alphabet = [DIGITS, CAPITALS, CAPITALS, MIXED, SET_82][dice.roll(5)];
    let length = 10 + dice.roll(11);
    let serial = dice.text(alphabet, length);
    let signs = ["", "-", "/", "_"][dice.roll(4)];
    let (head, tail) = (2 + dice.roll(4), 2 + dice.roll(5));
    let batch = format!(
        "{}{signs}{}",
        dice.text(CAPITALS, head),
        dice.text(DIGITS, tail)
    );
    let expiry = format!(
        "{}{:02}{:02}",
        27 + dice.roll(4),
        1 + dice.roll(12),
        [0, 1, 15, 28][dice.roll(4)]
    );
    if dice.roll(4) == 0 {
        return format_06(dice, serial, batch, expiry);
    }
    let gtin =
        Gtin::from_body(format!("0{}{}", 3 + dice.roll(6), dice.text(DIGITS, 11)).as_bytes())
            .unwrap();
    let mut elements = [
        format!("01{gtin}"),
        format!("17{expiry}"),
        format!("10{batch}\u{1d}"),
        format!("21{serial}\u{1d}"),
    ];
    for index in (1..elements.len()).rev() {
        elements.swap(index, dice.roll(index + 1));
    }
    let code = elements.concat().trim_end_matches('\u{1d}').to_owned();
    Pack {
        id: "]d2",
        code,
        truth: [
            Some(gtin.to_string()),
            Some(serial),
            Some(batch),
            Some(expiry),
        ],
    }
}

fn format_06(dice: &mut Dice, serial: String, batch: String, expiry: String) -> Pack {
    let ppn = loop {
        let body = dice.text(DIGITS, 7);
        if let Some(pzn) = (0..10).find_map(|check| Pzn::parse(&format!("{body}{check}")).ok()) {
            break pzn.to_ppn();
        }
    };
    let mut elements = [
        format!("9N{ppn}"),
        format!("D{expiry}"),
        format!("1T{batch}"),
        format!("S{serial}"),
    ];
    for index in (1..elements.len()).rev() {
        elements.swap(index, dice.roll(index + 1));
    }
    let code = format!("[)>\u{1e}06\u{1d}{}\u{1e}\u{4}", elements.join("\u{1d}"));
    Pack {
        id: "]d1",
        code,
        truth: [
            Some(ppn.to_string()),
            Some(serial),
            Some(batch),
            Some(expiry),
        ],
    }
}

fn fields(data: &ScannedData) -> [Option<String>; 4] {
    [
        data.product_code.map(|code| code.as_str().to_owned()),
        data.serial.map(|serial| serial.to_string()),
        data.batch.map(|batch| batch.to_string()),
        data.expiry.map(|expiry| expiry.raw().to_owned()),
    ]
}

/// What became of the packs that went through one fault.
#[derive(Debug, Default)]
struct Tally {
    certain: usize,
    offered: usize,
    unsaid: usize,
}

impl Tally {
    /// Diagnoses `raw` and counts; a certain answer that is wrong fails the test.
    fn count(
        &mut self,
        pack: &Pack,
        raw: &str,
        capture: Capture,
        context: &DeviceContext,
        fault: &str,
    ) {
        let diagnosis = diagnose(&ScanInput { raw, capture }, context);
        let right = |data: &ScannedData| fields(data) == pack.truth;
        if diagnosis.is_certain() {
            let data = diagnosis.data.as_ref().expect("what is certain has data");
            assert!(
                right(data),
                "{fault}: {raw:?} of {:?} is called {}",
                pack.code,
                diagnosis.to_json()
            );
            self.certain += 1;
        } else if diagnosis
            .candidates
            .iter()
            .any(|candidate| right(&candidate.data))
        {
            self.offered += 1;
        } else {
            self.unsaid += 1;
        }
        assert!(!diagnosis.to_json().contains('\n'));
    }

    fn total(&self) -> usize {
        self.certain + self.offered + self.unsaid
    }

    /// At least `certain` and at most `unsaid` of a hundred.
    fn check(&self, fault: &str, certain: usize, unsaid: usize) {
        let percent = |count: usize| count * 100 / self.total().max(1);
        assert!(
            percent(self.certain) >= certain && percent(self.unsaid) <= unsaid,
            "{fault}: {self:?}"
        );
    }
}

/// Sends `packs` packs, with and without symbology identifier, through `damage`. What cannot be sent is `None`.
fn simulate(
    packs: usize,
    capture: Capture,
    fault: &str,
    damage: impl Fn(&str) -> Option<String>,
) -> [Tally; 2] {
    let mut dice = Dice(fault.bytes().map(u64::from).sum());
    let context = DeviceContext::unknown(2026);
    let mut tallies = [Tally::default(), Tally::default()];
    for _ in 0..packs {
        let pack = pack(&mut dice);
        for (tally, id) in tallies.iter_mut().zip([pack.id, ""]) {
            if let Some(raw) = damage(&format!("{id}{}", pack.code)) {
                tally.count(&pack, &raw, capture, &context, fault);
            }
        }
    }
    tallies
}

#[test]
fn a_code_that_arrives_well_is_read() {
    let [with_id, without] = simulate(500, Capture::Characters, "none", |code| {
        Some(code.to_owned())
    });
    with_id.check("none", 97, 0);
    without.check("none without identifier", 0, 0);
    let [with_id, without] = simulate(200, Capture::Characters, "ends", |code| {
        Some(format!("\u{2}{code}\u{3}\r\n"))
    });
    with_id.check("ends", 97, 0);
    without.check("ends without identifier", 0, 0);
}

#[test]
fn every_keyboard_layout_is_undone_or_doubted() {
    for layout in keyboard::layouts() {
        for (capture, certain, unsaid) in
            [(Capture::KeyEvents, 40, 1), (Capture::Characters, 0, 35)]
        {
            let name = format!("{:?} {capture:?}", layout.names());
            let [with_id, without] =
                simulate(60, capture, &name, |code| show(layout, code, capture));
            with_id.check(&name, certain, unsaid);
            // Without identifier a text field hides the layout and the lost separators from each other.
            without.check(&name, 0, 60);
        }
    }
}

/// What a text field shows: accents of dead keys stand alone or merge with the letter behind them.
fn show(layout: &Layout, code: &str, capture: Capture) -> Option<String> {
    layout.show(code, capture)
}

#[test]
fn a_known_device_leaves_no_doubt() {
    let mut dice = Dice(7);
    for layout in keyboard::layouts() {
        // The Spanish variant shows + and = alike, so that knowing it is not enough.
        if layout.names().contains(&"es-var") {
            continue;
        }
        let context = DeviceContext {
            host_layout: Some(layout.names()[0].to_owned()),
            ..DeviceContext::unknown(2026)
        };
        let mut tally = Tally::default();
        for _ in 0..40 {
            let pack = pack(&mut dice);
            let raw = layout
                .show(&format!("{}{}", pack.id, pack.code), Capture::KeyEvents)
                .unwrap();
            tally.count(&pack, &raw, Capture::KeyEvents, &context, "known device");
        }
        tally.check(layout.names()[0], 90, 1);
    }
}

#[test]
fn letter_case() {
    let [with_id, without] = simulate(400, Capture::Characters, "caps lock", |code| {
        Some(letter_case::exchange(code))
    });
    with_id.check("caps lock", 60, 1);
    without.check("caps lock without identifier", 0, 5);
    let [_, _] = simulate(400, Capture::Characters, "upper", |code| {
        Some(code.to_ascii_uppercase())
    });
    let [_, _] = simulate(400, Capture::Characters, "lower", |code| {
        Some(code.to_ascii_lowercase())
    });
}

#[test]
fn separators_lost_and_replaced() {
    let [with_id, _] = simulate(300, Capture::Characters, "lost", |code| {
        Some(code.replace('\u{1d}', ""))
    });
    with_id.check("lost", 5, 15);
    let tokens = [
        "{GS}", "[FNC1]", "\\x1d", "~1", "~d029", "^]", "|", "#", "\u{1b}", "↔", " ", "\t", "␝",
        "\u{fffd}", "&#29;",
    ];
    for token in tokens {
        let [with_id, _] = simulate(60, Capture::Characters, token, |code| {
            Some(code.replace('\u{1d}', token))
        });
        with_id.check(token, 80, 1);
    }
    for token in ["029", "%1D", "_x001D_", "<GS>", ";"] {
        let [with_id, _] = simulate(60, Capture::Characters, token, |code| {
            Some(code.replace('\u{1d}', token))
        });
        with_id.check(token, 0, 20);
    }
}

#[test]
fn one_of_several_separators_lost() {
    for nth in 0..4 {
        let lose = |code: &str| {
            let (at, _) = code.match_indices('\u{1d}').nth(nth)?;
            Some(format!("{}{}", &code[..at], &code[at + 1..]))
        };
        let name = format!("separator {nth} lost");
        let [with_id, _] = simulate(1000, Capture::Characters, &name, lose);
        // The truth is nearly always among what is offered.
        with_id.check(&name, 0, 15);
    }
}

#[test]
fn joined_scans() {
    let [with_id, without] = simulate(100, Capture::Characters, "doubled", |code| {
        Some(format!("{code}{code}"))
    });
    with_id.check("doubled", 95, 0);
    without.check("doubled without identifier", 0, 0);
    let [with_id, _] = simulate(100, Capture::Characters, "doubled line", |code| {
        Some(format!("{code}\r{code}\r"))
    });
    with_id.check("doubled line", 95, 0);
    let [with_id, _] = simulate(100, Capture::Characters, "EAN behind", |code| {
        Some(format!("{code}]E04006381333931"))
    });
    with_id.check("EAN behind", 90, 0);
    simulate(100, Capture::Characters, "EAN digits behind", |code| {
        Some(format!("{code}4006381333931"))
    });
    let other = "]d2010400638133393121ABCDEFGHIJ\u{1d}101\u{1d}17280100";
    let [with_id, _] = simulate(100, Capture::Characters, "other pack behind", |code| {
        Some(format!("{code}{other}"))
    });
    assert_eq!(with_id.certain, 0);
}

/// Where the product code and the dates of a GS1 code stand; `None` for Format 06.
fn numeric_places(code: &str) -> Option<Vec<usize>> {
    let (_, rest) = ends::split_symbology(code);
    let message = message::read(rest, 2026).ok()?;
    let head = code.len() - rest.len();
    let fixed = message.values(rest).zip(message.value_places());
    (message.scheme == Scheme::Gs1).then(|| {
        fixed
            .filter(|((identifier, _), _)| matches!(*identifier, "01" | "17"))
            .flat_map(|(_, place)| place)
            .map(|at| at + head)
            .collect()
    })
}

#[test]
fn letters_for_digits() {
    let letter = |digit: char| match digit {
        '0' => Some('O'),
        '1' => Some('I'),
        '2' => Some('Z'),
        '5' => Some('S'),
        '8' => Some('B'),
        _ => None,
    };
    for nth in [0, 1, 3] {
        let name = format!("letter for digit {nth}");
        let [with_id, without] = simulate(700, Capture::Characters, &name, |code| {
            let mut damaged: Vec<char> = code.chars().collect();
            let places = numeric_places(code)?;
            let doubtful = places.iter().filter(|&&at| letter(damaged[at]).is_some());
            let chosen: Vec<usize> = doubtful.skip(nth).take(1 + nth).copied().collect();
            chosen.first()?;
            for at in chosen {
                damaged[at] = letter(damaged[at])?;
            }
            Some(damaged.into_iter().collect())
        });
        with_id.check(&name, 0, 3);
        without.check(&name, 0, 5);
        // The same slip everywhere: nothing shows which letters of the serial number are meant as digits.
        simulate(700, Capture::Characters, &name, |code| {
            let all = code
                .chars()
                .map(|c| letter(c).unwrap_or(c))
                .collect::<String>();
            let identifiers = ["O1", "IO", "I7", "ZI"]
                .iter()
                .zip(["01", "10", "17", "21"]);
            Some(identifiers.fold(all, |text, (from, to)| text.replacen(from, to, 1)))
        });
    }
}

#[test]
fn caps_lock_on_a_foreign_keyboard() {
    for layout in keyboard::layouts() {
        for (capture, packs) in [(Capture::KeyEvents, 40), (Capture::Characters, 20)] {
            let name = format!("{:?} caps lock, {capture:?}", layout.names());
            simulate(packs, capture, &name, |code| {
                let shown = layout.show(code, capture)?;
                Some(letter_case::exchange_shown(&shown))
            });
        }
    }
}

#[test]
fn two_faults_together() {
    for layout in keyboard::layouts().iter().step_by(4) {
        let name = format!("{:?} caps lock", layout.names());
        simulate(30, Capture::KeyEvents, &name, |code| {
            layout.show(&letter_case::exchange(code), Capture::KeyEvents)
        });
        simulate(30, Capture::KeyEvents, &name, |code| {
            layout
                .show(code, Capture::KeyEvents)
                .map(|shown| letter_case::exchange(&shown))
        });
        let lost = |code: &str| layout.show(&code.replace('\u{1d}', ""), Capture::Characters);
        simulate(
            30,
            Capture::Characters,
            &format!("{:?} lost", layout.names()),
            lost,
        );
        let latin = |code: &str| {
            let shown = layout.show(code, Capture::KeyEvents)?;
            Some(shown.into_bytes().into_iter().map(char::from).collect())
        };
        simulate(
            30,
            Capture::KeyEvents,
            &format!("{:?} as Latin-1", layout.names()),
            latin,
        );
    }
}

#[test]
fn a_wrong_product_code_or_month_makes_no_other_code_and_no_cut_one() {
    let mut dice = Dice(5);
    let context = DeviceContext::unknown(2026);
    let mut rejected = 0;
    for _ in 0..1000 {
        let pack = pack(&mut dice);
        let at = dice.roll(2) * 3;
        let right = pack.truth[at].as_deref().unwrap();
        let mut wrong = right.as_bytes().to_vec();
        match at {
            0 => {
                wrong[13.min(right.len() - 1)] =
                    b'0' + (right.as_bytes()[right.len() - 1] - b'0' + 1) % 10
            }
            _ => wrong[2] = b'2',
        }
        let wrong = String::from_utf8(wrong).unwrap();
        let code = pack.code.replace(right, &wrong);
        let closed = code.trim_end_matches(['\u{1e}', '\u{4}']);
        for raw in [
            code.clone(),
            format!("{}{code}", pack.id),
            format!("{}{closed}", pack.id),
        ] {
            let capture = Capture::Characters;
            let diagnosis = diagnose(&ScanInput { raw: &raw, capture }, &context);
            let refused = diagnosis.verdict == Verdict::Rejected;
            let cut = refused && diagnosis.has(Fault::Truncated);
            let other = diagnosis.verdict == Verdict::NotAUniqueIdentifier;
            assert!(
                !cut && !other,
                "{raw:?} of {} is called {}",
                pack.code,
                diagnosis.to_json()
            );
            rejected += usize::from(refused);
        }
    }
    assert!(rejected > 2950, "{rejected} of 3000");
}

#[test]
fn nothing_makes_a_diagnosis_stumble() {
    let mut dice = Dice(11);
    let context = DeviceContext::unknown(2026);
    let letters: Vec<char> = "[)>\u{1e}\u{1d}\u{4}\u{0}\r01721-+]dDSN9é¨´✓AzY("
        .chars()
        .collect();
    for round in 0..4000 {
        let mut raw: Vec<char> = match round % 3 {
            0 => Vec::new(),
            _ => {
                let pack = pack(&mut dice);
                format!("{}{}", pack.id, pack.code).chars().collect()
            }
        };
        for _ in 0..1 + dice.roll(6) {
            let at = dice.roll(raw.len() + 1);
            match dice.roll(3) {
                0 if at < raw.len() => {
                    raw.remove(at);
                }
                1 => raw.truncate(at),
                _ => raw.insert(at, letters[dice.roll(letters.len())]),
            }
        }
        let raw: String = raw.into_iter().collect();
        for capture in [Capture::Characters, Capture::KeyEvents] {
            let diagnosis = diagnose(&ScanInput { raw: &raw, capture }, &context);
            assert_eq!(diagnosis.raw, raw);
            assert!(!diagnosis.advice.is_empty());
        }
    }
}
