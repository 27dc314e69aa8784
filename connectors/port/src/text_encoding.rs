//! In which bytes a text file writes its characters, found by looking and not by asking; and reading it as UTF-8.
//!
//! Spreadsheets save UTF-8 with and without a byte order mark, Windows-1252 and UTF-16. What is written back to a partner
//! uses the same encoding as what came in (users.md, section 4). Other encodings occur only where a document names them
//! itself, as XML does; [`TextEncoding::detect_xml`] listens to it.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Share of control characters from which on bytes are no text: one in so many.
const CONTROLS_ONE_IN: usize = 100;
/// Within how many bytes an XML declaration names its encoding.
const DECLARATION_BYTES: usize = 1024;
/// As many are stray bytes in a short text.
const CONTROLS_FREE: usize = 3;
/// Bytes fetched at once for decoding.
const RAW_BYTES: usize = 64 * 1024;

/// An encoding and whether the file begins with a byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding {
    encoding: &'static Encoding,
    /// Whether the file begins with a byte order mark.
    pub mark: bool,
}

impl TextEncoding {
    /// UTF-8 without a mark.
    pub const UTF_8: TextEncoding = TextEncoding {
        encoding: UTF_8,
        mark: false,
    };

    /// The encoding of that name, such as `UTF-8` or `windows-1252`, as XML declarations and stored mappings give it.
    pub fn from_label(label: &str, mark: bool) -> Option<Self> {
        let encoding = Encoding::for_label(label.as_bytes())?;
        Some(TextEncoding { encoding, mark })
    }

    /// The name, such as `UTF-8`.
    pub fn label(self) -> &'static str {
        self.encoding.name()
    }

    /// Whether the bytes need no decoding.
    pub fn is_utf8(self) -> bool {
        self.encoding == UTF_8
    }

    /// The encoding of the file that begins with `sample`; `None` when these bytes are no text. `complete` says that the
    /// sample is the whole file, so that its last character cannot be cut.
    pub fn detect(sample: &[u8], complete: bool) -> Option<Self> {
        if let Some((encoding, _)) = Encoding::for_bom(sample) {
            return Some(TextEncoding {
                encoding,
                mark: true,
            });
        }
        let bare = |encoding| TextEncoding {
            encoding,
            mark: false,
        };
        if let Some(encoding) = utf16_by_pattern(sample) {
            return Some(bare(encoding));
        }
        if looks_binary(sample) {
            return None;
        }
        let utf8 = match std::str::from_utf8(sample) {
            Ok(_) => true,
            Err(error) => !complete && error.error_len().is_none(),
        };
        Some(bare(if utf8 { UTF_8 } else { WINDOWS_1252 }))
    }

    /// The encoding of the XML document that begins with `sample`: by its byte order mark, by the pattern of UTF-16, else
    /// as its declaration says, else UTF-8 (XML 1.0, appendix F).
    ///
    /// # Errors
    /// The declared name, when there is no such encoding.
    pub fn detect_xml(sample: &[u8]) -> Result<Self, String> {
        if let Some((encoding, _)) = Encoding::for_bom(sample) {
            return Ok(TextEncoding {
                encoding,
                mark: true,
            });
        }
        let mut found = TextEncoding::UTF_8;
        if let Some(encoding) = utf16_by_pattern(&sample[..sample.len().min(DECLARATION_BYTES)]) {
            found.encoding = encoding;
            return Ok(found);
        }
        let head = &sample[..sample.len().min(DECLARATION_BYTES)];
        let Some(label) = declared_encoding(&String::from_utf8_lossy(head)).map(str::to_owned)
        else {
            return Ok(found);
        };
        let declared = Encoding::for_label(label.as_bytes()).ok_or(label)?;
        // A declaration of UTF-16 in a document of single bytes is the relic of a conversion.
        if declared != UTF_16LE && declared != UTF_16BE {
            found.encoding = declared;
        }
        Ok(found)
    }

    /// Reads `input` as UTF-8 without a byte order mark. What does not decode becomes U+FFFD, which the checks report; bytes
    /// of a file that is UTF-8 already are handed on as they are.
    pub fn reader<R: Read>(self, input: R) -> Utf8Reader<R> {
        Utf8Reader {
            input,
            strict: false,
            decoder: (!self.is_utf8()).then(|| self.encoding.new_decoder_with_bom_removal()),
            mark_pending: self.is_utf8(),
            raw: Vec::new(),
            raw_at: 0,
            spill: Vec::new(),
            spill_at: 0,
            bytes_read: 0,
            at_end: false,
        }
    }

    /// As [`TextEncoding::reader`], but bytes that do not decode are an error of the kind
    /// [`io::ErrorKind::InvalidData`]. UTF-8 is handed on as it is, for its reader to judge.
    pub fn strict_reader<R: Read>(self, input: R) -> Utf8Reader<R> {
        Utf8Reader {
            strict: true,
            ..self.reader(input)
        }
    }

    /// Text as bytes of this encoding, without a byte order mark. A character it cannot carry becomes `?`.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) {
        if self.encoding == UTF_16LE {
            out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        } else if self.encoding == UTF_16BE {
            out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        } else if self.is_utf8() || text.is_ascii() {
            out.extend_from_slice(text.as_bytes());
        } else {
            let mut encoder = self.encoding.new_encoder();
            let mut buffer = [0; 256];
            let mut rest = text;
            loop {
                let (result, read, written) =
                    encoder.encode_from_utf8_without_replacement(rest, &mut buffer, true);
                out.extend_from_slice(&buffer[..written]);
                rest = &rest[read..];
                match result {
                    encoding_rs::EncoderResult::InputEmpty => return,
                    encoding_rs::EncoderResult::OutputFull => {}
                    encoding_rs::EncoderResult::Unmappable(_) => out.push(b'?'),
                }
            }
        }
    }

    /// The byte order mark this file begins with, empty when it has none.
    pub fn mark_bytes(self) -> &'static [u8] {
        match self.mark {
            false => b"",
            true if self.encoding == UTF_16LE => b"\xff\xfe",
            true if self.encoding == UTF_16BE => b"\xfe\xff",
            true => b"\xef\xbb\xbf",
        }
    }
}

/// The name in `<?xml version="1.0" encoding="…"?>`.
fn declared_encoding(head: &str) -> Option<&str> {
    let (declaration, _) = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?;
    let after = declaration.split_once("encoding")?.1.trim_start();
    let value = after.strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// UTF-16 without a mark: text of this kind is mostly ASCII, so every other byte is zero.
fn utf16_by_pattern(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.len() / 2;
    if pairs < 2 {
        return None;
    }
    let zeros = |offset: usize| {
        sample[offset..]
            .iter()
            .step_by(2)
            .filter(|&&byte| byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 2 > pairs && even * 20 < pairs {
        Some(UTF_16LE)
    } else if even * 2 > pairs && odd * 20 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// More control characters than text has. Scan logs hold GS, RS and EOT, so a few are text.
fn looks_binary(sample: &[u8]) -> bool {
    let control = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x1d);
    sample.iter().filter(control).count() > CONTROLS_FREE + sample.len() / CONTROLS_ONE_IN
}

/// Reads any [`TextEncoding`] as UTF-8, and counts the bytes it took from the file.
pub struct Utf8Reader<R> {
    input: R,
    strict: bool,
    /// `None` for UTF-8, which is handed on as it is.
    decoder: Option<Decoder>,
    mark_pending: bool,
    raw: Vec<u8>,
    raw_at: usize,
    /// Decoded bytes that did not fit into a very small buffer of the caller.
    spill: Vec<u8>,
    spill_at: usize,
    bytes_read: u64,
    at_end: bool,
}

impl<R: Read> Utf8Reader<R> {
    /// Bytes taken from the file so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn read_plain(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.mark_pending {
            self.mark_pending = false;
            let mut head = [0; 3];
            let mut filled = 0;
            while filled < 3 {
                match self.input.read(&mut head[filled..])? {
                    0 => break,
                    count => filled += count,
                }
            }
            self.bytes_read += filled as u64;
            if head[..filled] != *b"\xef\xbb\xbf" {
                self.spill.extend_from_slice(&head[..filled]);
                return self.read(out);
            }
        }
        let count = self.input.read(out)?;
        self.bytes_read += count as u64;
        Ok(count)
    }

    /// Decodes into `spill`; nothing added means the end.
    fn decode_more(&mut self) -> io::Result<()> {
        let Some(decoder) = self.decoder.as_mut() else {
            return Ok(());
        };
        self.spill.clear();
        self.spill_at = 0;
        self.spill.resize(RAW_BYTES * 3, 0);
        let mut filled = 0;
        while filled == 0 && !self.at_end {
            if self.raw_at == self.raw.len() {
                self.raw.resize(RAW_BYTES, 0);
                let count = self.input.read(&mut self.raw)?;
                self.raw.truncate(count);
                self.raw_at = 0;
                self.bytes_read += count as u64;
            }
            let last = self.raw.is_empty();
            let (result, read, written, malformed) =
                decoder.decode_to_utf8(&self.raw[self.raw_at..], &mut self.spill, last);
            if malformed && self.strict {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.raw_at += read;
            filled = written;
            self.at_end = last && result == CoderResult::InputEmpty;
        }
        self.spill.truncate(filled);
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.spill_at == self.spill.len() {
            if self.decoder.is_none() {
                self.spill.clear();
                self.spill_at = 0;
                return self.read_plain(out);
            }
            self.decode_more()?;
        }
        let waiting = &self.spill[self.spill_at..];
        let count = waiting.len().min(out.len());
        out[..count].copy_from_slice(&waiting[..count]);
        self.spill_at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<(&str, bool)>, text: &str) {
        let found = TextEncoding::detect(bytes, true);
        assert_eq!(found.map(|e| (e.label(), e.mark)), expected, "{bytes:?}");
        let Some(encoding) = found else { return };
        let mut read = String::new();
        encoding.reader(bytes).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        let mut written = encoding.mark_bytes().to_vec();
        encoding.encode(text, &mut written);
        assert_eq!(written, bytes, "the same bytes come out again");
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        let pair = |unit: u16| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        };
        text.encode_utf16().flat_map(pair).collect()
    }

    #[test]
    fn found_by_mark_by_pattern_and_by_trying() {
        let text = "Verfalldatum;Prüfung\r\n";
        check(text.as_bytes(), Some(("UTF-8", false)), text);
        check(
            &[b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Some(("UTF-8", true)),
            text,
        );
        check(
            b"Verfalldatum;Pr\xfcfung\r\n",
            Some(("windows-1252", false)),
            text,
        );
        for little in [true, false] {
            let (label, mark) = match little {
                true => ("UTF-16LE", b"\xff\xfe"),
                false => ("UTF-16BE", b"\xfe\xff"),
            };
            check(&utf16(text, little), Some((label, false)), text);
            check(
                &[mark.as_slice(), &utf16(text, little)].concat(),
                Some((label, true)),
                text,
            );
        }
        check(b"\x00\x01\x02\x03\xff\xfe\x80\x00\x05", None, "");
        check(b"", Some(("UTF-8", false)), "");
    }

    #[test]
    fn xml_says_its_encoding_itself() {
        let check = |head: &[u8], expected: Result<&str, &str>| {
            let found = TextEncoding::detect_xml(head);
            assert_eq!(
                found.as_ref().map(|e| e.label()).map_err(String::as_str),
                expected,
                "{head:?}"
            );
        };
        check(b"<a/>", Ok("UTF-8"));
        check(
            b"<?xml version='1.0' encoding='ISO-8859-15'?><a/>",
            Ok("ISO-8859-15"),
        );
        check(
            b"<?xml version=\"1.0\" encoding = \"windows-1251\" ?><a/>",
            Ok("windows-1251"),
        );
        check(b"<?xml version='1.0' encoding='UTF-16'?><a/>", Ok("UTF-8"));
        check(
            b"<?xml version='1.0' encoding='klingon'?><a/>",
            Err("klingon"),
        );
        check(&utf16("<?xml version='1.0'?><a/>", false), Ok("UTF-16BE"));
        check(b"\xff\xfe<\0a\0", Ok("UTF-16LE"));
    }

    #[test]
    fn a_character_cut_by_the_sample_is_still_utf8() {
        let cut = "Prü".as_bytes();
        assert!(TextEncoding::detect(&cut[..3], false).unwrap().is_utf8());
        assert!(!TextEncoding::detect(&cut[..3], true).unwrap().is_utf8());
    }

    #[test]
    fn a_long_text_survives_small_reads() {
        let text = "Zeile mit ü und €\n".repeat(20_000);
        let bytes = utf16(&text, true);
        let encoding = TextEncoding::detect(&bytes, true).unwrap();
        let mut reader = encoding.reader(bytes.as_slice());
        let mut read = Vec::new();
        let mut small = [0; 7];
        loop {
            let count = reader.read(&mut small).unwrap();
            if count == 0 {
                break;
            }
            read.extend_from_slice(&small[..count]);
        }
        assert_eq!(String::from_utf8(read).unwrap(), text);
        assert_eq!(reader.bytes_read(), bytes.len() as u64);
    }
}
