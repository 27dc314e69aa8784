//! Known passwords: a short list of our own of what people choose most, and, where the site names one, a file of
//! passwords that were stolen elsewhere (OWASP ASVS 5.0 6.2.12).
//!
//! The own list holds stems: a stem with digits around it, with the usual letters replaced (`P@ssw0rd2026!`), twice over or
//! beside another stem is refused as well, and so are walks over the keyboard and short blocks repeated. The file is either
//! one password a line, or one SHA-1 in hexadecimal a line in ascending order, as such lists are published, of any size.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha1::{Digest, Sha1};

use crate::error::StoreError;

/// A plain list is held in memory as hashes; larger ones are to be given as sorted hashes.
const PLAIN_BYTES_MAX: u64 = 256 << 20;
/// No line of a hashed list is longer.
const HASHED_LINE_MAX: usize = 96;
/// How many places of a hashed list are looked at to see that it ascends.
const ORDER_PROBES: u64 = 512;
/// How many stems side by side are still a known password.
const STEMS_MAX: usize = 3;

type PasswordDigest = [u8; 20];

/// A file of breached passwords.
#[derive(Debug)]
pub struct BreachList(Form);

#[derive(Debug)]
enum Form {
    /// Sorted digests of plain lines.
    Plain(Vec<PasswordDigest>),
    /// A file of ascending digests, searched where it lies.
    Hashed { file: File, bytes: u64 },
}

impl BreachList {
    /// Opens a list, recognised by its first line.
    ///
    /// # Errors
    /// The file is not there, a plain list is larger than 256 MiB, or a hashed one does not ascend.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut first = String::new();
        let mut lines = BufReader::new(File::open(path)?);
        lines.read_line(&mut first)?;
        if digest_of_line(first.as_bytes()).is_some() {
            let list = BreachList(Form::Hashed { file, bytes });
            return match list.ascends()? {
                true => Ok(list),
                false => Err(wrong_list(
                    path,
                    "its hashes do not ascend; sort it by hash",
                )),
            };
        }
        if bytes > PLAIN_BYTES_MAX {
            return Err(wrong_list(
                path,
                "it is too large for plain text; give sorted SHA-1 hashes",
            ));
        }
        let mut digests = vec![digest_of(first.trim_end_matches(['\r', '\n']))];
        for line in lines.split(b'\n') {
            let line = line?;
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            digests.push(Sha1::digest(line).into());
        }
        digests.sort_unstable();
        Ok(BreachList(Form::Plain(digests)))
    }

    /// Whether the list holds a password, as it is or in lower case.
    ///
    /// # Errors
    /// The file is not readable any more.
    pub fn contains(&self, password: &str) -> Result<bool, StoreError> {
        let lower = password.to_lowercase();
        Ok(self.holds(&digest_of(password))? || self.holds(&digest_of(&lower))?)
    }

    fn holds(&self, wanted: &PasswordDigest) -> Result<bool, StoreError> {
        match &self.0 {
            Form::Plain(digests) => Ok(digests.binary_search(wanted).is_ok()),
            Form::Hashed { file, bytes } => search(file, *bytes, wanted),
        }
    }

    fn ascends(&self) -> Result<bool, StoreError> {
        let Form::Hashed { file, bytes } = &self.0 else {
            return Ok(true);
        };
        let mut before = None;
        for probe in 0..ORDER_PROBES {
            let place = u128::from(*bytes) * u128::from(probe) / u128::from(ORDER_PROBES);
            let found = line_from(file, place as u64)?;
            if found.is_some() && found < before {
                return Ok(false);
            }
            before = found.or(before);
        }
        Ok(true)
    }
}

/// Finds a digest by halving the file. The lines that begin before `low` are smaller, those from `high` on are not.
fn search(file: &File, bytes: u64, wanted: &PasswordDigest) -> Result<bool, StoreError> {
    let (mut low, mut high) = (0, bytes);
    while low < high {
        let middle = low + (high - low) / 2;
        match line_from(file, middle)? {
            Some(found) if found < *wanted => low = middle + 1,
            Some(found) if found == *wanted => return Ok(true),
            _ => high = middle,
        }
    }
    Ok(line_from(file, low)? == Some(*wanted))
}

/// The digest of the first line that begins at `place` or behind it.
fn line_from(file: &File, place: u64) -> Result<Option<PasswordDigest>, StoreError> {
    let from = place.saturating_sub(1);
    let mut buffer = [0; 2 * HASHED_LINE_MAX];
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], from + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    let mut rest = &buffer[..filled];
    if place > 0 {
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
            return Ok(None);
        };
        rest = &rest[end + 1..];
    }
    Ok(digest_of_line(rest))
}

/// The digest at the beginning of a line: 40 hexadecimal digits, then its end or a colon with a count.
fn digest_of_line(line: &[u8]) -> Option<PasswordDigest> {
    let (digits, rest) = line.split_first_chunk::<40>()?;
    if !matches!(rest.first(), None | Some(b':' | b'\r' | b'\n')) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    let mut digest = [0; 20];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        *byte = (value(pair[0])? << 4 | value(pair[1])?) as u8;
    }
    Some(digest)
}

fn digest_of(password: &str) -> PasswordDigest {
    Sha1::digest(password.as_bytes()).into()
}

fn wrong_list(path: &Path, why: &str) -> StoreError {
    let path = path.display();
    StoreError::WrongSite(format!(
        "the list of breached passwords {path} cannot be used: {why}"
    ))
}

/// Whether a password is a common one, is built on common ones, or follows a pattern that guessers try first.
pub(crate) fn is_common(password: &str) -> bool {
    is_walk(password) || is_short_block_repeated(password) || is_made_of_stems(password)
}

/// Rows as fingers walk them, on the keyboards of our users.
const ROWS: [&str; 9] = [
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiopü",
    "asdfghjklöä",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
];

/// Three of four steps stay, go on by one letter or digit, or go to the neighbouring key.
fn is_walk(password: &str) -> bool {
    let letters: Vec<char> = password.to_lowercase().chars().collect();
    let steps = letters.windows(2).filter(|pair| is_step(pair[0], pair[1]));
    let steps = steps.count();
    letters.len() > 1 && steps * 4 >= (letters.len() - 1) * 3
}

fn is_step(from: char, to: char) -> bool {
    let counts = from.is_alphanumeric() && to.is_alphanumeric();
    (counts && u32::from(from).abs_diff(u32::from(to)) <= 1)
        || from == to
        || ROWS.iter().any(|row| {
            let place = |wanted| row.chars().position(|key| key == wanted);
            matches!((place(from), place(to)), (Some(a), Some(b)) if a.abs_diff(b) == 1)
        })
}

/// A block that would be too short alone does not become a password by repetition.
fn is_short_block_repeated(password: &str) -> bool {
    const BLOCK_MAX: usize = 6;
    let letters: Vec<char> = password.chars().collect();
    let repeats = |block: usize| letters[block..] == letters[..letters.len() - block];
    (1..=BLOCK_MAX.min(letters.len() / 2)).any(repeats)
}

fn is_made_of_stems(password: &str) -> bool {
    let lower = password.to_lowercase();
    let inner = lower.trim_matches(|letter: char| !letter.is_alphabetic());
    let replaced: String = inner.chars().map(plain_letter).collect();
    let replaced: String = replaced.chars().filter(|c| c.is_alphabetic()).collect();
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let all_replaced: String = lower.chars().map(plain_letter).collect();
    [replaced, letters, all_replaced]
        .iter()
        .any(|text| text.is_empty() || is_covered(text, STEMS_MAX))
}

/// The letter that a digit or sign usually stands for.
fn plain_letter(sign: char) -> char {
    match sign {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

fn is_covered(text: &str, stems: usize) -> bool {
    let after = |stem: &str| text.strip_prefix(stem);
    stems > 0
        && STEMS
            .split_whitespace()
            .filter_map(after)
            .any(|rest| rest.is_empty() || is_covered(rest, stems - 1))
}

/// What people choose most, English and German, as stems. Written for this file.
const STEMS: &str = "
aaron abc abcd access admin administrator alexander amanda andrea andreas andrew angel anna anthony apotheke
apple april arsenal asdf asdfgh asdfghjkl ashley august austria autumn baby babygirl bailey banana barcelona
baseball basketball batman bayern berlin blink boomer buster butterfly changeme charlie cheese chelsea chocolate
christian computer correcthorsebatterystaple daniel david december default demo dennis deutschland diamond
dortmund dragon elephant facebook february fernando flower football forever frankfurt freedom freitag friday
friends fussball galaxy geheim george ginger google guest hallo hamburg hammer hannah happy harley hello herbst
herzchen hockey hunter ichliebedich iloveyou internet jackson january jasmine jennifer jessica jordan joshua
july june justin kennwort killer lena letmein liverpool login london love lovely maggie manager march marina
martin master matthew maverick medicine medikament mercedes merlin michael michelle microsoft monday monkey
montag mother muenchen mustang mypassword newyork nicole nothing november october office oliver orange pass
passw passwd password passwort pepper pharma pharmacy pokemon porsche princess purple qazwsx qazwsxedc qwer
qwert qwerty qwertyuiop qwertz qwertzuiop rainbow ranger robert root samsung schalke schatz schatzi schnecke
secret secure security september serial server service shadow soccer sommer sonne sonnenschein spring starwars
steelers stefan stern summer sunday sunflower sunshine super superman superuser support system temp test tester
testing thomas thunder tiger tigger trustnoone user victoria welcome whatever william willkommen winter xxx
yellow zaq zxcvbn zxcvbnm
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn what_guessers_try_first_is_common() {
        for password in [
            "password1234",
            "P@ssw0rd2026!",
            "2026Summer2026",
            "qwertyuiop12",
            "123456789012",
            "abcdefgh1234",
            "adminadmin99",
            "Welcome-Admin-1",
            "xyxyxyxyxyxyxy",
            "passwort!passwort!",
            "asdfghjklöä12",
            "987654321098",
            "1q2w3e1q2w3e",
            "correct horse battery staple",
            "!!!!!!!!!!!!",
            "iloveyou12345",
            "t3st3r-t3st3r",
        ] {
            assert!(is_common(password), "{password}");
        }
        for password in [
            "tulip cobalt 9",
            "correct tulip battery",
            "dK3!vv0Qz;pl",
            "herd testing apron",
            "passport lantern",
            "31 grey mice run",
            "k4mX-9aTq-27Lr",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    fn check_list(content: &[u8]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, content).unwrap();
        let list = BreachList::open(&path).unwrap();
        for number in 0..300 {
            let known = format!("harbour lamp {number}");
            assert!(list.contains(&known).unwrap(), "{known}");
            let unknown = format!("harbour kettle {number}");
            assert!(!list.contains(&unknown).unwrap(), "{unknown}");
        }
        assert!(list.contains("HARBOUR lamp 7").unwrap());
    }

    fn hashed(newline: &str, with_count: bool, sorted: bool) -> Vec<u8> {
        let mut lines: Vec<String> = (0..300)
            .map(|number| {
                let digest = digest_of(&format!("harbour lamp {number}"));
                digest.iter().fold(String::new(), |mut text, byte| {
                    write!(text, "{byte:02X}").unwrap();
                    text
                })
            })
            .collect();
        if sorted {
            lines.sort_unstable();
        }
        if with_count {
            for (number, line) in lines.iter_mut().enumerate() {
                write!(line, ":{}", number * 4711).unwrap();
            }
        }
        (lines.join(newline) + newline).into_bytes()
    }

    #[test]
    fn a_list_is_searched_in_each_of_its_forms() {
        let plain: String = (0..300)
            .map(|number| format!("harbour lamp {number}\r\n"))
            .collect();
        check_list(plain.as_bytes());
        check_list(&hashed("\n", false, true));
        check_list(&hashed("\r\n", true, true));
        let whole = hashed("\n", true, true);
        check_list(&whole[..whole.len() - 1]);
    }

    #[test]
    fn a_list_out_of_order_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, hashed("\n", true, false)).unwrap();
        assert!(matches!(
            BreachList::open(&path),
            Err(StoreError::WrongSite(_))
        ));
        assert!(matches!(
            BreachList::open(&folder.path().join("none")),
            Err(StoreError::NotFound)
        ));
    }
}
