//! The one way in which XML from outside is read (security.md, section 7): streaming, in constant memory, with limits.
//!
//! A DOCTYPE is refused before anything it says is looked at, so there are no external entities and no entity that expands.
//! References to anything but characters and the five built-in names are refused. Names, attributes, depth and the
//! length of a text have limits, and the limit counts while reading, not after. What is well formed but wrong is the
//! business of whoever reads the events.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use memchr::{memchr, memchr_iter};
use packtwin_core::code::Code;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use crate::serial_check::quoted;
use crate::serial_file::ReadRefused;
use crate::text_encoding::{TextEncoding, Utf8Reader};

/// Elements open at once.
const DEPTH_MAX: usize = 64;
/// Bytes of one text, comment or tag.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// What is said where [`TEXT_BYTES_MAX`] is passed.
const TOO_LONG: &str = "a text, comment or tag is longer than 1 MB";
/// Attributes of one element.
const ATTRIBUTES_MAX: usize = 64;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 256;
/// Bytes below which a tag cannot hold more than [`ATTRIBUTES_MAX`] attributes: each takes at least ` a=""`.
const ATTRIBUTES_BYTES: usize = ATTRIBUTES_MAX * 5;
/// Bytes fetched at once.
const BUFFER_BYTES: usize = 128 * 1024;
/// Bytes looked at for the encoding.
const HEAD_BYTES: usize = 1024;

/// What stands in a document. Comments, processing instructions and the declaration are [`XmlEvent::Other`].
#[derive(Debug)]
pub enum XmlEvent<'x> {
    /// An element begins; an empty element is followed by its end.
    Start(BytesStart<'x>),
    /// The element opened last ends.
    End,
    /// Text, or a part of it: neighbouring parts belong together.
    Text(Cow<'x, str>),
    /// Something without meaning for the reader.
    Other,
    /// The document is complete.
    Complete,
}

/// Why a document cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum XmlFault {
    /// A document type declaration.
    #[error("the document declares a DOCTYPE, which can pull in other files and is never followed")]
    Doctype,
    /// A limit of this reader.
    #[error("{0}")]
    Limit(&'static str),
    /// A reference to something that is not built in.
    #[error("the entity {} is not one of the five built-in ones", quoted(.0))]
    Entity(String),
    /// Against the rules of XML.
    #[error("the XML is not well formed: {0}")]
    IllFormed(String),
    /// Bytes that are no characters in the document's encoding.
    #[error("bytes that are no text in the encoding {0}")]
    Encoding(String),
    /// The document ends before its elements do.
    #[error("the document ends before its elements are closed")]
    Cut,
    /// The bytes could not be fetched.
    #[error("the document could not be read")]
    Io(io::Error),
}

impl XmlFault {
    /// The stable code under which the fault is reported.
    pub fn code(&self) -> Code {
        match self {
            XmlFault::Doctype | XmlFault::Limit(_) => Code::UploadUnsafe,
            XmlFault::Entity(_) | XmlFault::IllFormed(_) => Code::UploadXml,
            XmlFault::Encoding(_) => Code::UploadEncoding,
            XmlFault::Cut | XmlFault::Io(_) => Code::UploadCut,
        }
    }

    /// The refusal of a serial file at this line.
    pub fn refused(self, line: u64) -> ReadRefused {
        match self {
            XmlFault::Io(error) => ReadRefused::Io(error),
            fault => ReadRefused::at_row(
                fault.code(),
                line,
                format!("Line {line}: {fault}. {}", fault.code().remedy()),
            ),
        }
    }
}

/// Reads the events of one document.
pub struct SafeXml<R: Read> {
    reader: Reader<Metered<Utf8Reader<R>>>,
    encoding: TextEncoding,
    buffer: Vec<u8>,
    depth: usize,
    root_seen: bool,
    /// Bytes of text since the last tag: parts of one text count together.
    text_bytes: usize,
}

impl<R: Read> SafeXml<io::Chain<io::Cursor<Vec<u8>>, R>> {
    /// Begins to read; the encoding is found in the first bytes.
    ///
    /// # Errors
    /// An encoding that does not exist, or bytes that cannot be fetched.
    pub fn new(mut input: R) -> Result<Self, XmlFault> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        input
            .by_ref()
            .take(HEAD_BYTES as u64)
            .read_to_end(&mut head)
            .map_err(XmlFault::Io)?;
        let encoding = TextEncoding::detect_xml(&head).map_err(XmlFault::Encoding)?;
        let whole = io::Cursor::new(head).chain(input);
        let mut reader = Reader::from_reader(Metered {
            input: BufReader::with_capacity(BUFFER_BYTES, encoding.strict_reader(whole)),
            since_event: 0,
            line: 1,
        });
        reader.config_mut().expand_empty_elements = true;
        Ok(SafeXml {
            reader,
            encoding,
            buffer: Vec::new(),
            depth: 0,
            root_seen: false,
            text_bytes: 0,
        })
    }
}

impl<R: Read> SafeXml<R> {
    /// The line reached, counted from 1.
    pub fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    /// Bytes of the document read so far.
    pub fn bytes_read(&self) -> u64 {
        self.reader.get_ref().input.get_ref().bytes_read()
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The encoding the document is read in.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// Passes elements of this name that hold nothing but plain text, one behind the other, and hands over their texts: the
    /// quick way through long lists. To be called behind an [`XmlEvent::End`] only. Stops before whatever is not plain (an
    /// attribute, a reference, white space or a character beyond ASCII in the text, another element) and where the bytes
    /// at hand end; [`SafeXml::next_event`] goes on from there.
    pub fn plain_leaves(&mut self, name: &str, mut take: impl FnMut(&str)) {
        let source = self.reader.get_mut();
        let waiting = source.input.buffer();
        let mut passed = 0;
        while let Some((text, length)) = plain_leaf(&waiting[passed..], name.as_bytes()) {
            take(text);
            passed += length;
        }
        source.consume(passed);
        self.text_bytes = 0;
    }

    /// The next event.
    ///
    /// # Errors
    /// The document cannot be read on.
    pub fn next_event(&mut self) -> Result<XmlEvent<'_>, XmlFault> {
        self.buffer.clear();
        self.reader.get_mut().since_event = 0;
        let label = self.encoding.label();
        let event = self
            .reader
            .read_event_into(&mut self.buffer)
            .map_err(|error| explain(error, label))?;
        self.text_bytes = match event {
            Event::Start(_) | Event::Empty(_) | Event::End(_) => 0,
            _ => self.text_bytes + self.reader.get_ref().since_event,
        };
        if self.text_bytes > TEXT_BYTES_MAX {
            return Err(XmlFault::Limit(TOO_LONG));
        }
        match event {
            Event::Start(element) | Event::Empty(element) => {
                if self.depth == 0 && self.root_seen {
                    return Err(XmlFault::IllFormed("a second root element".to_owned()));
                }
                self.root_seen = true;
                self.depth += 1;
                check_start(&element, self.depth)?;
                Ok(XmlEvent::Start(element))
            }
            Event::End(_) => {
                self.depth -= 1;
                Ok(XmlEvent::End)
            }
            Event::Text(text) => {
                let text = text.into_inner();
                if self.depth == 0
                    && !text
                        .trim_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
                        .is_empty()
                {
                    return Err(XmlFault::IllFormed(
                        "text outside the root element".to_owned(),
                    ));
                }
                Ok(match self.depth {
                    0 => XmlEvent::Other,
                    _ => XmlEvent::Text(text),
                })
            }
            Event::CData(text) if self.depth > 0 => Ok(XmlEvent::Text(text.into_inner())),
            Event::CData(_) => Err(XmlFault::IllFormed(
                "text outside the root element".to_owned(),
            )),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| explain(error, label))?;
                Ok(XmlEvent::Text(match character {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => Cow::Borrowed(built_in(&reference.into_inner())?),
                }))
            }
            Event::DocType(_) => Err(XmlFault::Doctype),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(XmlEvent::Other),
            Event::Eof if self.depth > 0 || !self.root_seen => Err(XmlFault::Cut),
            Event::Eof => Ok(XmlEvent::Complete),
        }
    }
}

/// The value of an attribute by its local name, references resolved.
pub fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .and_then(|attribute| {
            attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .ok()
        })
        .map(Cow::into_owned)
}

/// The name without its prefix. Old documents have none, and partners choose prefixes as they like.
pub fn local_name<'e>(element: &'e BytesStart<'_>) -> &'e str {
    let name = element.name().into_inner();
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The text of the plain element with which the bytes begin, white space before it aside, and how long all of it is.
fn plain_leaf<'b>(bytes: &'b [u8], name: &[u8]) -> Option<(&'b str, usize)> {
    let layout = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let spaces = bytes.iter().take_while(layout).count();
    let inside = bytes[spaces..].strip_prefix(b"<")?.strip_prefix(name)?;
    let text = inside.strip_prefix(b">")?;
    let end = memchr(b'<', text)?;
    let (text, behind) = text.split_at(end);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'&' && byte != b'>';
    if text.is_empty() || !text.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        return None;
    }
    let rest = behind.strip_prefix(b"</")?.strip_prefix(name)?;
    let rest = rest.strip_prefix(b">")?;
    let text = std::str::from_utf8(text).ok()?;
    Some((text, bytes.len() - rest.len()))
}

fn check_start(element: &BytesStart<'_>, depth: usize) -> Result<(), XmlFault> {
    if depth > DEPTH_MAX {
        return Err(XmlFault::Limit("more than 64 elements stand in each other"));
    }
    if element.name().as_ref().len() > NAME_BYTES_MAX {
        return Err(XmlFault::Limit("a name is longer than 256 bytes"));
    }
    if element.attributes_raw().len() > ATTRIBUTES_BYTES {
        let mut count = 0;
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| XmlFault::IllFormed(error.to_string()))?;
            count += 1;
            if count > ATTRIBUTES_MAX {
                return Err(XmlFault::Limit("an element has more than 64 attributes"));
            }
            if attribute.key.as_ref().len() > NAME_BYTES_MAX {
                return Err(XmlFault::Limit("a name is longer than 256 bytes"));
            }
        }
    }
    Ok(())
}

fn built_in(name: &str) -> Result<&'static str, XmlFault> {
    match name {
        "amp" => Ok("&"),
        "lt" => Ok("<"),
        "gt" => Ok(">"),
        "quot" => Ok("\""),
        "apos" => Ok("'"),
        other => Err(XmlFault::Entity(other.to_owned())),
    }
}

fn explain(error: Error, encoding: &str) -> XmlFault {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            XmlFault::Encoding(encoding.to_owned())
        }
        Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<TooLong>()) => {
            XmlFault::Limit(TOO_LONG)
        }
        Error::Io(error) => XmlFault::Io(io::Error::new(error.kind(), error)),
        Error::Encoding(_) => XmlFault::Encoding(encoding.to_owned()),
        // The parser reports these only where the document ends inside of markup.
        Error::Syntax(_) => XmlFault::Cut,
        Error::IllFormed(IllFormedError::MissingEndTag(_)) => XmlFault::Cut,
        other => XmlFault::IllFormed(other.to_string()),
    }
}

/// Counts lines, and refuses to hand out more than one event may have.
struct Metered<R> {
    input: BufReader<R>,
    since_event: usize,
    line: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("longer than 1 MB")]
struct TooLong;

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let waiting = self.fill_buf()?;
        let count = waiting.len().min(out.len());
        out[..count].copy_from_slice(&waiting[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Metered<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_event > TEXT_BYTES_MAX {
            return Err(io::Error::other(TooLong));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let taken = &self.input.buffer()[..count];
        self.line += memchr_iter(b'\n', taken).count() as u64;
        self.since_event += count;
        self.input.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the document joined by `|`, or the code and line of the refusal.
    fn check(document: impl AsRef<[u8]>, expected: Result<&str, (Code, u64)>) {
        let document = document.as_ref();
        let actual = read(document);
        assert_eq!(
            actual.as_deref().map_err(|(code, line, _)| (*code, *line)),
            expected,
            "{}: {actual:?}",
            String::from_utf8_lossy(&document[..document.len().min(80)])
        );
    }

    fn read(document: &[u8]) -> Result<String, (Code, u64, String)> {
        let mut xml =
            SafeXml::new(document).map_err(|fault| (fault.code(), 0, fault.to_string()))?;
        let mut texts = String::new();
        loop {
            match xml.next_event() {
                Ok(XmlEvent::Text(text)) => texts.push_str(&text),
                Ok(XmlEvent::End) => texts.push('|'),
                Ok(XmlEvent::Complete) => return Ok(texts),
                Ok(_) => {}
                Err(fault) => return Err((fault.code(), xml.line(), fault.to_string())),
            }
        }
    }

    #[test]
    fn references_and_sections_are_text() {
        check(
            "<?xml version='1.0'?><a><b>x&amp;y&#x41;&lt;</b><c/><![CDATA[<z>]]></a>",
            Ok("x&yA<||<z>|"),
        );
        check(b"\xef\xbb\xbf<a>1</a>\n", Ok("1|"));
        check(
            b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>",
            Ok("ü|"),
        );
    }

    #[test]
    fn nothing_outside_the_document_is_touched() {
        let external = "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n<a>&x;</a>";
        check(external, Err((Code::UploadUnsafe, 2)));
        let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><l>&b;</l>";
        check(laughs, Err((Code::UploadUnsafe, 1)));
        check("<a>&x;</a>", Err((Code::UploadXml, 1)));
    }

    #[test]
    fn limits_hold() {
        check("<a>".repeat(65), Err((Code::UploadUnsafe, 1)));
        check(
            format!("<a>{}</a>", "x".repeat(TEXT_BYTES_MAX * 2)),
            Err((Code::UploadUnsafe, 1)),
        );
        check(
            format!(
                "<a {}/>",
                (0..65).map(|n| format!("a{n}='' ")).collect::<String>()
            ),
            Err((Code::UploadUnsafe, 1)),
        );
        check(
            format!("<{}/>", "n".repeat(257)),
            Err((Code::UploadUnsafe, 1)),
        );
    }

    /// The quick way hands over what the other way would, and keeps count of lines.
    #[test]
    fn plain_leaves_are_passed_alike() {
        let plain = "\n <e>urn:1</e>".repeat(20_000);
        for odd in [
            "<e> urn:2</e>",
            "<e>a&amp;b</e>",
            "<e a='1'>x</e>",
            "<e/>",
            "<e>\u{fc}</e>",
            "<f>y</f>",
            "t<e>z</e>",
            "<e><f/></e>",
        ] {
            let document = format!("<a><e>first</e>{plain}\n{odd}\n{plain}</a>");
            let mut xml = SafeXml::new(document.as_bytes()).unwrap();
            let (mut quick, mut line) = (String::new(), 0);
            loop {
                match xml.next_event().unwrap() {
                    XmlEvent::Text(text) => quick.push_str(text.trim_matches(['\n', ' '])),
                    XmlEvent::End => {
                        quick.push('|');
                        xml.plain_leaves("e", |text| {
                            quick.push_str(text);
                            quick.push('|');
                        });
                        line = xml.line();
                    }
                    XmlEvent::Complete => break,
                    _ => {}
                }
            }
            let slow: String = read(document.as_bytes())
                .unwrap()
                .split('\n')
                .map(|part| part.trim_matches(' '))
                .collect();
            let bare = |text: &str| text.replace(' ', "");
            assert_eq!(bare(&quick), bare(&slow), "{odd}");
            assert_eq!(line, 40_003, "{odd}");
        }
        for broken in [
            "<a><e>1</e>\n<e>2</f></a>",
            "<a><e>1</e><e>2</e></b>",
            "<a><e>1</e><e>2",
        ] {
            let mut xml = SafeXml::new(broken.as_bytes()).unwrap();
            let mut events = 0;
            let fault = loop {
                events += 1;
                assert!(events < 20, "{broken}");
                match xml.next_event() {
                    Ok(XmlEvent::End) => xml.plain_leaves("e", |_| {}),
                    Ok(_) => {}
                    Err(fault) => break fault,
                }
            };
            assert!(
                matches!(fault, XmlFault::IllFormed(_) | XmlFault::Cut),
                "{broken}"
            );
        }
    }

    #[test]
    fn broken_documents_say_where() {
        check("<a>\n<b>\n", Err((Code::UploadCut, 3)));
        check("<a><b", Err((Code::UploadCut, 1)));
        check("", Err((Code::UploadCut, 1)));
        check("<a>\n<b></c></a>", Err((Code::UploadXml, 2)));
        check("<a/><b/>", Err((Code::UploadXml, 1)));
        check("<a/>text", Err((Code::UploadXml, 1)));
        check(b"<a>\n\xff\xfe</a>", Err((Code::UploadEncoding, 2)));
        check(
            b"<?xml version='1.0' encoding='klingon'?><a/>",
            Err((Code::UploadEncoding, 0)),
        );
    }
}
