//! Takes JSON text apart into tokens: streaming, in constant memory, with limits and line numbers (RFC 8259).
//!
//! Numbers keep their digits as written. Strings have a limit, and so has depth. What a document means is the readers'
//! business.

use std::io::{BufRead, BufReader, Read, Write};

use memchr::{memchr_iter, memchr2};
use packtwin_core::code::Code;

use crate::reading::{DEPTH_MAX, ReadingError};

/// Bytes fetched at once.
const BUFFER_BYTES: usize = 128 * 1024;
/// Bytes of one string or number.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    /// The name of a member, in [`JsonTokens::text`].
    Key,
    /// A string, in [`JsonTokens::text`].
    Text,
    /// A number as written, in [`JsonTokens::text`].
    Number,
    True,
    False,
    Null,
    /// The document is complete.
    Complete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Object,
    Array,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value, or the end of the array.
    ValueOrEnd,
    /// A key, or the end of the object.
    KeyOrEnd,
    Key,
    CommaOrEnd,
    Nothing,
}

/// The tokens of one document.
pub(super) struct JsonTokens<'r> {
    input: BufReader<Box<dyn Read + 'r>>,
    open: Vec<Open>,
    expect: Expect,
    line: u64,
    bytes: u64,
    raw: Vec<u8>,
    /// The key, string or number passed last.
    pub text: String,
    /// Takes a copy of all bytes passed, while set.
    tee: Option<Box<dyn Write + 'r>>,
}

impl<'r> JsonTokens<'r> {
    pub(super) fn new(input: impl Read + 'r, line: u64) -> Self {
        JsonTokens {
            input: BufReader::with_capacity(BUFFER_BYTES, Box::new(input)),
            open: Vec::new(),
            expect: Expect::Value,
            line,
            bytes: 0,
            raw: Vec::new(),
            text: String::new(),
            tee: None,
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Passes the byte order mark that some systems put in front.
    pub(super) fn skip_mark(&mut self) -> Result<(), ReadingError> {
        if self.input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.consume(3)?;
        }
        Ok(())
    }

    /// From here on, what is passed is copied too.
    pub(super) fn begin_copy(&mut self, to: Box<dyn Write + 'r>) {
        self.tee = Some(to);
    }

    pub(super) fn end_copy(&mut self) -> Result<(), ReadingError> {
        if let Some(mut tee) = self.tee.take() {
            tee.flush()?;
        }
        Ok(())
    }

    pub(super) fn next(&mut self) -> Result<Token, ReadingError> {
        loop {
            let Some(byte) = self.peek()? else {
                return match self.expect {
                    Expect::Nothing => Ok(Token::Complete),
                    _ => Err(self.refused(
                        Code::UploadCut,
                        "the document ends before its objects and lists are closed",
                    )),
                };
            };
            match (self.expect, byte) {
                (Expect::CommaOrEnd, b',') => {
                    self.consume(1)?;
                    self.expect = match self.open.last() {
                        Some(Open::Object) => Expect::Key,
                        _ => Expect::Value,
                    };
                }
                (Expect::CommaOrEnd | Expect::KeyOrEnd, b'}')
                    if self.open.last() == Some(&Open::Object) =>
                {
                    return self.close(Token::ObjectEnd);
                }
                (Expect::CommaOrEnd | Expect::ValueOrEnd, b']')
                    if self.open.last() == Some(&Open::Array) =>
                {
                    return self.close(Token::ArrayEnd);
                }
                (Expect::Key | Expect::KeyOrEnd, b'"') => {
                    self.string()?;
                    if self.peek()? != Some(b':') {
                        return Err(self.malformed("a colon is missing behind a name"));
                    }
                    self.consume(1)?;
                    self.expect = Expect::Value;
                    return Ok(Token::Key);
                }
                (Expect::Value | Expect::ValueOrEnd, byte) => return self.value(byte),
                (Expect::Nothing, _) => {
                    return Err(self.malformed("something stands behind the document"));
                }
                _ => {
                    let shown = char::from(byte).escape_default();
                    return Err(self.malformed(&format!(
                        "'{shown}' stands where a comma, a name or an end belongs"
                    )));
                }
            }
        }
    }

    /// Passes texts of an array that hold nothing but visible ASCII without escapes, one behind the other, and hands them over:
    /// the quick way through long lists. To be called behind a [`Token::Text`] of an array only. Stops where something else
    /// stands and where the bytes at hand end; [`JsonTokens::next`] goes on from there.
    pub(super) fn plain_texts(&mut self, mut take: impl FnMut(&str)) -> Result<(), ReadingError> {
        if self.open.last() != Some(&Open::Array) || self.expect != Expect::CommaOrEnd {
            return Ok(());
        }
        let waiting = self.input.buffer();
        let mut passed = 0;
        while let Some((text, length)) = plain_text(&waiting[passed..]) {
            take(text);
            passed += length;
        }
        self.consume(passed)
    }

    /// Passes the value that follows a key, or that begins with this token.
    pub(super) fn skip_from(&mut self, first: Token) -> Result<(), ReadingError> {
        let mut open = usize::from(matches!(first, Token::ObjectBegin | Token::ArrayBegin));
        while open > 0 {
            match self.next()? {
                Token::ObjectBegin | Token::ArrayBegin => open += 1,
                Token::ObjectEnd | Token::ArrayEnd => open -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<Token, ReadingError> {
        let token = match byte {
            b'{' => return self.begin(Open::Object, Token::ObjectBegin, Expect::KeyOrEnd),
            b'[' => return self.begin(Open::Array, Token::ArrayBegin, Expect::ValueOrEnd),
            b'"' => {
                self.string()?;
                Token::Text
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Token::Number
            }
            b't' => self.word("true", Token::True)?,
            b'f' => self.word("false", Token::False)?,
            b'n' => self.word("null", Token::Null)?,
            other => {
                let shown = char::from(other).escape_default();
                return Err(self.malformed(&format!("'{shown}' begins no value")));
            }
        };
        self.after_value();
        Ok(token)
    }

    fn begin(&mut self, open: Open, token: Token, expect: Expect) -> Result<Token, ReadingError> {
        if self.open.len() >= DEPTH_MAX {
            return Err(self.refused(
                Code::UploadUnsafe,
                "more than 64 values stand in each other",
            ));
        }
        self.consume(1)?;
        self.open.push(open);
        self.expect = expect;
        Ok(token)
    }

    fn close(&mut self, token: Token) -> Result<Token, ReadingError> {
        self.consume(1)?;
        self.open.pop();
        self.after_value();
        Ok(token)
    }

    fn after_value(&mut self) {
        self.expect = match self.open.is_empty() {
            true => Expect::Nothing,
            false => Expect::CommaOrEnd,
        };
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, ReadingError> {
        loop {
            let waiting = self.input.fill_buf()?;
            if waiting.is_empty() {
                return Ok(None);
            }
            let layout = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let spaces = waiting.iter().take_while(layout).count();
            let found = waiting.get(spaces).copied();
            self.consume(spaces)?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn consume(&mut self, count: usize) -> Result<(), ReadingError> {
        let taken = &self.input.buffer()[..count];
        self.line += memchr_iter(b'\n', taken).count() as u64;
        if let Some(tee) = &mut self.tee {
            tee.write_all(taken)?;
        }
        self.bytes += count as u64;
        self.input.consume(count);
        Ok(())
    }

    fn string(&mut self) -> Result<(), ReadingError> {
        self.consume(1)?;
        self.raw.clear();
        loop {
            let waiting = self.input.fill_buf()?;
            if waiting.is_empty() {
                return Err(
                    self.refused(Code::UploadCut, "the document ends in the middle of a text")
                );
            }
            let plain = memchr2(b'"', b'\\', waiting);
            let upto = plain.unwrap_or(waiting.len());
            let is_plain = waiting[..upto]
                .iter()
                .fold(true, |all, byte| all & (*byte >= b' '));
            self.raw.extend_from_slice(&waiting[..upto]);
            let stop = plain.map(|at| waiting[at]);
            self.consume(upto + usize::from(plain.is_some()))?;
            if !is_plain {
                return Err(self.malformed("a line break or control character stands in a text"));
            }
            if self.raw.len() > TEXT_BYTES_MAX {
                return Err(self.refused(Code::UploadUnsafe, "a text is longer than 1 MB"));
            }
            match stop {
                Some(b'"') => break,
                Some(_) => self.escape()?,
                None => {}
            }
        }
        self.take_text()
    }

    fn take_text(&mut self) -> Result<(), ReadingError> {
        self.text.clear();
        match std::str::from_utf8(&self.raw) {
            Ok(text) => {
                self.text.push_str(text);
                Ok(())
            }
            Err(_) => Err(self.refused(
                Code::UploadEncoding,
                "bytes that are no text in UTF-8, the encoding of JSON",
            )),
        }
    }

    fn escape(&mut self) -> Result<(), ReadingError> {
        let character = match self.byte()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode_escape()?,
            _ => return Err(self.malformed("an escape in a text that JSON does not have")),
        };
        let mut bytes = [0; 4];
        self.raw
            .extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<char, ReadingError> {
        let first = self.four_digits()?;
        let code = match first {
            0xd800..=0xdbff => {
                if self.byte()? != b'\\' || self.byte()? != b'u' {
                    return Err(self.malformed("half of a surrogate pair"));
                }
                let second = self.four_digits()?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(self.malformed("half of a surrogate pair"));
                }
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.malformed("an escape that names no character"))
    }

    fn four_digits(&mut self) -> Result<u32, ReadingError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = char::from(self.byte()?).to_digit(16);
            code =
                code * 16 + digit.ok_or_else(|| self.malformed("an escape without four digits"))?;
        }
        Ok(code)
    }

    fn byte(&mut self) -> Result<u8, ReadingError> {
        let byte = self.input.fill_buf()?.first().copied();
        let byte = byte.ok_or_else(|| {
            self.refused(Code::UploadCut, "the document ends in the middle of a text")
        })?;
        self.consume(1)?;
        Ok(byte)
    }

    fn number(&mut self) -> Result<(), ReadingError> {
        self.raw.clear();
        loop {
            let waiting = self.input.fill_buf()?;
            let part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
            let count = waiting.iter().take_while(part).count();
            let is_all = count == waiting.len() && count > 0;
            self.raw.extend_from_slice(&waiting[..count]);
            self.consume(count)?;
            if self.raw.len() > 400 {
                return Err(self.refused(Code::UploadUnsafe, "a number has more than 400 digits"));
            }
            if !is_all {
                break;
            }
        }
        if !is_number(&self.raw) {
            let shown = String::from_utf8_lossy(&self.raw).into_owned();
            return Err(self.malformed(&format!("{shown} is no number")));
        }
        self.take_text()
    }

    fn word(&mut self, word: &str, token: Token) -> Result<Token, ReadingError> {
        for expected in word.bytes() {
            if self.byte()? != expected {
                return Err(self.malformed("a word that JSON does not have"));
            }
        }
        Ok(token)
    }

    fn malformed(&self, what: &str) -> ReadingError {
        self.refused(Code::EpcisJson, what)
    }

    pub(super) fn refused(&self, code: Code, what: &str) -> ReadingError {
        ReadingError::refused(
            code,
            self.line,
            format!("Line {}: {what}. {}", self.line, code.remedy()),
        )
    }
}

/// The plain text behind a comma with which the bytes begin, and how long all of it is.
fn plain_text(bytes: &[u8]) -> Option<(&str, usize)> {
    let rest = past_layout(bytes).strip_prefix(b",")?;
    let text = past_layout(rest).strip_prefix(b"\"")?;
    let end = memchr2(b'"', b'\\', text)?;
    let (text, rest) = text.split_at(end);
    let rest = rest.strip_prefix(b"\"")?;
    let is_plain = text
        .iter()
        .fold(true, |all, byte| all & byte.is_ascii_graphic());
    if !is_plain {
        return None;
    }
    Some((std::str::from_utf8(text).ok()?, bytes.len() - rest.len()))
}

fn past_layout(bytes: &[u8]) -> &[u8] {
    let layout = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    &bytes[bytes.iter().take_while(layout).count()..]
}

/// The grammar of numbers (RFC 8259, section 6).
pub(super) fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        let count = digits(exponent);
        return count > 0 && count == exponent.len();
    }
    rest.is_empty()
}
