//! Keyboard layouts: what a host shows when a scanner types as another keyboard, and the way back.
//!
//! A scanner that emulates a keyboard sends keys, not characters. If the host has another layout, it shows other
//! characters, sometimes none. Within the characters of a code each such map is one-to-one when dead keys are recorded, so
//! the way back is exact once the layout is known. The maps are data, in `keyboard_layouts.txt`; which layout explains an
//! input is searched in `hypotheses`.
//!
//! Does not cover scanners in Alt + numeric keypad mode (they depend on no layout), nor other Ctrl handling than that of
//! Windows.

use std::sync::OnceLock;

use crate::charset::SET_82;

use super::Capture;
use super::message::{EOT, GS, RS};

/// The name under which the layout without any change is known.
pub const US_LAYOUT: &str = "en-US";

/// One keyboard layout, as seen from the keys of a US keyboard.
#[derive(Clone)]
pub struct Layout {
    names: Vec<&'static str>,
    /// What the key of each US character shows.
    keys: [Key; 128],
    /// US characters of the characters shown, for code points below 384; 0 where nothing shows that character.
    low: [u8; 384],
    /// The same for all other characters.
    high: Vec<(char, u8)>,
    /// US characters of the dead keys.
    dead: Vec<(char, u8)>,
}

/// What a key shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// No key of the set that codes are made of.
    Unused,
    Shows(char),
    /// Nothing until the next key, then this character or a letter with this accent.
    Dead(char),
    Nothing,
}

/// How the accent of a dead key arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accent {
    Alone,
    Merged,
}

/// A text put back into what the scanner meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub text: String,
    /// The layout shows nothing for the separator, and at least one was put back.
    pub separator_lost: bool,
    /// The layout shows another character for the separator, and at least one was put back.
    pub separator_replaced: bool,
    /// A letter with accent was taken apart into a dead key and a letter, which is the rarer way to get one.
    pub merged: bool,
}

/// Every layout known, the US one first.
pub fn layouts() -> &'static [Layout] {
    static LAYOUTS: OnceLock<Vec<Layout>> = OnceLock::new();
    LAYOUTS.get_or_init(|| parse(include_str!("keyboard_layouts.txt")))
}

/// The layout of this name, such as `de-CH`; letter case does not matter.
pub fn layout(name: &str) -> Option<&'static Layout> {
    layouts().iter().find(|layout| {
        layout
            .names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    })
}

impl Layout {
    /// The names of this layout; several when they do not differ in the characters of codes.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// What the host shows when a scanner with US layout types `code`: `None` if it holds a character without a key.
    pub fn show(&self, code: &str, capture: Capture) -> Option<String> {
        let mut shown = String::with_capacity(code.len());
        for c in code.chars() {
            match *self.keys.get(c as usize)? {
                Key::Unused => return None,
                Key::Shows(c) => shown.push(c),
                Key::Dead(c) => {
                    if capture == Capture::KeyEvents {
                        shown.push('\0');
                    }
                    shown.push(c);
                }
                Key::Nothing if capture == Capture::KeyEvents => shown.push('\0'),
                Key::Nothing => {}
            }
        }
        Some(shown)
    }

    /// The way back: what a US scanner typed so that this host shows `shown`. `None` if no key shows one of the characters.
    pub(super) fn typed(&self, shown: &str, capture: Capture) -> Option<Typed> {
        let mut text = String::with_capacity(shown.len());
        let mut merged = false;
        let mut chars = shown.chars().peekable();
        while let Some(c) = chars.next() {
            // No code begins with a sign other than a bracket: that of its symbology identifier or of its envelope.
            if let Some(bracket) = self.bracket(c, capture).filter(|_| text.is_empty()) {
                text.push(bracket);
            } else if c == '\0' {
                let opening = chars
                    .peek()
                    .filter(|_| text.is_empty())
                    .and_then(|&next| self.dead_bracket(next));
                match opening.or_else(|| {
                    chars
                        .peek()
                        .and_then(|&next| self.dead_key(next))
                        .map(char::from)
                }) {
                    Some(us) => {
                        chars.next();
                        text.push(us);
                    }
                    None => text.push('\0'),
                }
            } else if let Some(us) = self.plain_key(c) {
                text.push(char::from(us));
            } else if capture == Capture::Characters {
                merged |= self.typed_with_accent(c, &mut text)? == Accent::Merged;
            } else {
                return None;
            }
        }
        self.put_back_lost(&mut text)?;
        let gs = self.keys[usize::from(GS)];
        let used = text.as_bytes().contains(&GS);
        Some(Typed {
            text,
            merged,
            separator_lost: used && gs == Key::Nothing,
            separator_replaced: used && !matches!(gs, Key::Nothing | Key::Shows('\u{1d}')),
        })
    }

    /// The character that a scanner set to this layout means by the key on which a US host shows `shown`.
    pub(super) fn meant(&self, shown: &str) -> Option<String> {
        shown
            .chars()
            .map(|c| match self.keys.get(c as usize)? {
                Key::Shows(meant) => Some(*meant),
                Key::Dead(_) | Key::Nothing | Key::Unused => None,
            })
            .collect()
    }

    fn bracket(&self, shown: char, capture: Capture) -> Option<char> {
        let plain = [']', '[']
            .into_iter()
            .find(|&bracket| self.keys[bracket as usize] == Key::Shows(shown));
        plain.or_else(|| {
            self.dead_bracket(shown)
                .filter(|_| capture == Capture::Characters)
        })
    }

    fn dead_bracket(&self, accent: char) -> Option<char> {
        [']', '[']
            .into_iter()
            .find(|&bracket| self.keys[bracket as usize] == Key::Dead(accent))
    }

    fn plain_key(&self, shown: char) -> Option<u8> {
        let us = match self.low.get(shown as usize) {
            Some(&us) => us,
            None => self.high.iter().find(|&&(c, _)| c == shown)?.1,
        };
        (us != 0).then_some(us)
    }

    fn dead_key(&self, accent: char) -> Option<u8> {
        self.dead
            .iter()
            .find(|&&(c, _)| c == accent)
            .map(|&(_, us)| us)
    }

    /// A text field shows a dead key as accent, or merged with the letter behind it.
    fn typed_with_accent(&self, c: char, text: &mut String) -> Option<Accent> {
        if let Some(us) = self.dead_key(c) {
            text.push(char::from(us));
            return Some(Accent::Alone);
        }
        let (accent, base) = decompose(c)?;
        text.push(char::from(self.dead_key(accent)?));
        text.push(char::from(self.plain_key(base)?));
        Some(Accent::Merged)
    }

    /// Names the keys that showed nothing, by their place in the code.
    fn put_back_lost(&self, text: &mut String) -> Option<()> {
        if !text.contains('\0') {
            return Some(());
        }
        let loses = |control: u8| self.keys[usize::from(control)] == Key::Nothing;
        let mut bytes = std::mem::take(text).into_bytes();
        let header = super::find(&bytes, b"[)>");
        if let Some(header) = header.filter(|&at| at <= 3) {
            // EOT closes the envelope; RS stands before it and behind the header.
            if let Some(last @ 0) = bytes.last_mut() {
                *last = if loses(EOT) { EOT } else { return None };
                let before = bytes.len() - 2;
                if bytes[before] == 0 && loses(RS) {
                    bytes[before] = RS;
                }
            }
            if bytes.get(header + 3) == Some(&0) && loses(RS) {
                bytes[header + 3] = RS;
            }
        }
        if bytes.contains(&0) && !loses(GS) {
            return None;
        }
        bytes
            .iter_mut()
            .filter(|byte| **byte == 0)
            .for_each(|byte| *byte = GS);
        *text = String::from_utf8(bytes).ok()?;
        Some(())
    }
}

/// The accent and the letter of a letter with accent.
fn decompose(c: char) -> Option<(char, char)> {
    const LETTERS: [(char, &str, &str); 9] = [
        ('´', "áéíóúýÁÉÍÓÚÝćńśźĆŃŚŹ", "aeiouyAEIOUYcnszCNSZ"),
        ('`', "àèìòùÀÈÌÒÙ", "aeiouAEIOU"),
        ('^', "âêîôûÂÊÎÔÛ", "aeiouAEIOU"),
        ('¨', "äëïöüÿÄËÏÖÜ", "aeiouyAEIOU"),
        ('~', "ãñõÃÑÕ", "anoANO"),
        ('ˇ', "čďěňřšťžČĎĚŇŘŠŤŽ", "cdenrstzCDENRSTZ"),
        ('˛', "ąęĄĘ", "aeAE"),
        ('¸', "çşÇŞ", "csCS"),
        ('°', "åůÅŮ", "auAU"),
    ];
    LETTERS.iter().find_map(|&(accent, merged, bases)| {
        merged
            .chars()
            .zip(bases.chars())
            .find(|&(letter, _)| letter == c)
            .map(|(_, base)| (accent, base))
    })
}

/// Reads the table; its notation is told at its head.
fn parse(table: &'static str) -> Vec<Layout> {
    let mut layouts = vec![us_layout()];
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some(names) = line
            .strip_suffix(" :")
            .filter(|names| !names.starts_with(' '))
        {
            layouts.push(Layout {
                names: names.split(' ').collect(),
                ..us_layout()
            });
        } else if let Some(layout) = layouts.last_mut() {
            line.split_ascii_whitespace()
                .for_each(|entry| change(layout, entry));
        }
    }
    // Where two characters of codes show alike (the Spanish variant does that), each way back is a layout of its own.
    let doubled: Vec<Layout> = layouts
        .iter()
        .filter(|layout| shows_alike(layout))
        .cloned()
        .collect();
    layouts
        .iter_mut()
        .for_each(|layout| index(layout, (1..128).collect()));
    layouts.extend(doubled.into_iter().map(|mut layout| {
        index(&mut layout, (1..128).rev().collect());
        layout
    }));
    layouts
}

/// Whether two characters of set 82 show the same.
fn shows_alike(layout: &Layout) -> bool {
    let shown: Vec<Key> = (0..128u8)
        .filter(|&us| SET_82[usize::from(us)])
        .map(|us| layout.keys[usize::from(us)])
        .collect();
    shown
        .iter()
        .enumerate()
        .any(|(at, key)| shown[..at].contains(key))
}

fn us_layout() -> Layout {
    let mut keys = [Key::Unused; 128];
    for us in ('!'..='~').chain(['\u{1c}', '\u{1d}', '\u{1e}']) {
        keys[us as usize] = Key::Shows(us);
    }
    keys[usize::from(EOT)] = Key::Nothing;
    Layout {
        names: vec![US_LAYOUT],
        keys,
        low: [0; 384],
        high: Vec::new(),
        dead: Vec::new(),
    }
}

/// Takes one entry of the table in: US character, then `∅`, `◌` and accent, or the character shown.
fn change(layout: &mut Layout, entry: &str) {
    let mut chars = entry.chars().map(unpicture);
    let (Some(us), Some(first), second) = (chars.next(), chars.next(), chars.next()) else {
        return;
    };
    let key = match (first, second) {
        ('∅', None) => Key::Nothing,
        ('◌', Some(accent)) => Key::Dead(accent),
        (shown, _) => Key::Shows(shown),
    };
    if let Some(place) = layout.keys.get_mut(us as usize) {
        *place = key;
    }
}

/// The control character of a control picture.
fn unpicture(c: char) -> char {
    match c {
        '␠' => ' ',
        '␭' => '\u{ad}',
        '␜' | '␝' | '␞' | '␟' | '␛' | '␈' => {
            char::from_u32(u32::from(c) - 0x2400).unwrap_or(c)
        }
        c => c,
    }
}

/// Builds the way back. Where two keys show one character, the one that codes use wins: set 82, then the separator.
fn index(layout: &mut Layout, mut order: Vec<u8>) {
    let rank = |us: u8| match us {
        GS => 1,
        us if SET_82[usize::from(us)] => 0,
        _ => 2,
    };
    // A host that is sent EOT by other means than a key shows EOT.
    layout.low[usize::from(EOT)] = EOT;
    order.sort_by_key(|&us| rank(us));
    for us in order {
        match layout.keys[usize::from(us)] {
            Key::Shows(shown) => match layout.low.get_mut(shown as usize) {
                Some(place) if *place == 0 => *place = us,
                Some(_) => {}
                None if layout.high.iter().any(|&(c, _)| c == shown) => {}
                None => layout.high.push((shown, us)),
            },
            Key::Dead(accent) => layout.dead.push((accent, us)),
            Key::Nothing | Key::Unused => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, capture: Capture, code: &str, shown: &str) {
        let layout = layout(name).unwrap();
        assert_eq!(
            layout.show(code, capture).as_deref(),
            Some(shown),
            "{name} shows"
        );
        assert_eq!(
            layout
                .typed(shown, capture)
                .map(|typed| typed.text)
                .as_deref(),
            Some(code),
            "{name} back"
        );
    }

    #[test]
    fn there_and_back() {
        check("de", Capture::Characters, "]d2Yz-/", "+d2Zyß-");
        check("fr", Capture::Characters, "]d20123456789", "$déà&é\"'(-è_ç");
        check("DE-ch", Capture::KeyEvents, "]d2\u{1d}Y", "\0¨d2\u{1d}Z");
        check("pt", Capture::KeyEvents, "]d21\u{1d}2", "\u{0}´d21\u{0}2");
        check(
            "bg",
            Capture::KeyEvents,
            "[)>\u{1e}06\u{1d}9N\u{1e}\u{4}",
            "ц№Л\u{0}06\u{0}9Х\u{0}\u{0}",
        );
        check("lv", Capture::Characters, "]d2\u{1d}A", "hs2\u{8}Š");
        check("el", Capture::KeyEvents, "]d2Ww", "]δ2\0΅ς");
    }

    #[test]
    fn a_text_field_merges_accent_and_letter() {
        let typed = |name, shown| {
            layout(name)
                .unwrap()
                .typed(shown, Capture::Characters)
                .map(|typed| typed.text)
        };
        assert_eq!(typed("da", "¨d2").as_deref(), Some("]d2"));
        assert_eq!(typed("da", "A`1").as_deref(), Some("A+1"));
        assert_eq!(typed("da", "á").as_deref(), Some("=a"));
    }

    #[test]
    fn forty_seven_layouts_have_a_way_back_for_every_character_of_set_82() {
        let names: std::collections::HashSet<&str> = layouts()
            .iter()
            .flat_map(|layout| layout.names.clone())
            .collect();
        assert_eq!(names.len(), 48);
        for layout in layouts() {
            for us in (0..128u8).filter(|&us| SET_82[usize::from(us)]) {
                let code = format!("1{}", char::from(us));
                let shown = layout.show(&code, Capture::KeyEvents).unwrap();
                let same = layouts().iter().filter(|other| other.names == layout.names);
                let mut back = same.filter_map(|same| same.typed(&shown, Capture::KeyEvents));
                assert!(
                    back.any(|typed| typed.text == code),
                    "{:?} {code}",
                    layout.names
                );
            }
        }
    }
}
