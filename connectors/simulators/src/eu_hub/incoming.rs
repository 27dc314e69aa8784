//! A document as it arrived: a plain tree that still knows absent from empty, and the packs beside it in 21 bytes each.

use packtwin_core::serial::Serial;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

const NAMESPACE_PREFIX: &str = "urn:packtwin:eu-hub-mirror:";
/// The releases this hub speaks, oldest first.
const RELEASES: [&str; 2] = ["1.14", "1.16"];
const DEPTH_MAX: usize = 64;

/// A document.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub release: &'static str,
    pub namespace: String,
    pub root: Element,
    pub packs: Vec<Serial>,
}

/// An element with its text and children.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child: `None` when there is no such element.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The element as XML again.
    pub fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (key, value) in &self.attributes {
            out.push_str(&format!(" {key}=\"{}\"", quick_xml::escape::escape(value)));
        }
        out.push('>');
        out.push_str(&quick_xml::escape::escape(&self.text));
        for child in &self.children {
            child.write(out);
        }
        out.push_str(&format!("</{}>", self.name));
    }
}

/// Reads a document; what it says is judged elsewhere.
pub(crate) fn read(bytes: &[u8]) -> Result<Incoming, String> {
    let mut reader = NsReader::from_reader(bytes);
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    let mut packs = Vec::new();
    let mut namespace = String::new();
    loop {
        buffer.clear();
        let at = reader.buffer_position();
        let (resolved, event) = reader
            .read_resolved_event_into(&mut buffer)
            .map_err(|error| format!("at byte {at}: {error}"))?;
        match event {
            Event::Start(start) => {
                if open.is_empty()
                    && let ResolveResult::Bound(bound) = resolved
                {
                    namespace = AsRef::<str>::as_ref(&bound).to_owned();
                }
                if open.len() >= DEPTH_MAX {
                    return Err(format!("at byte {at}: nested too deep"));
                }
                open.push(element(&start)?);
            }
            Event::End(_) => {
                let Some(mut closed) = open.pop() else {
                    return Err(format!("at byte {at}: nothing is open"));
                };
                if !closed.children.is_empty() {
                    closed.text.clear();
                }
                match open.last_mut() {
                    Some(_) if closed.name == "Pack" => packs.push(pack(&closed)?),
                    Some(parent) => parent.children.push(closed),
                    None => return finish(closed, namespace, packs),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| error.to_string())?
                    .map(String::from);
                let text = character
                    .or_else(|| quick_xml::escape::resolve_xml_entity(&name).map(str::to_owned))
                    .ok_or_else(|| format!("at byte {at}: an entity that XML does not know"))?;
                append(&mut open, &text);
            }
            Event::DocType(_) => return Err(format!("at byte {at}: a DOCTYPE")),
            Event::Eof => return Err(format!("at byte {at}: the document ends in the middle")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element {
        name: start.local_name().as_ref().to_owned(),
        ..Element::default()
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key: &str = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .map_err(|error| error.to_string())?;
        element
            .attributes
            .push((key.to_owned(), value.into_owned()));
    }
    Ok(element)
}

fn pack(element: &Element) -> Result<Serial, String> {
    Serial::parse(element.attribute("sn").unwrap_or_default()).map_err(|error| error.to_string())
}

fn finish(root: Element, namespace: String, packs: Vec<Serial>) -> Result<Incoming, String> {
    let release = namespace
        .strip_prefix(NAMESPACE_PREFIX)
        .and_then(|named| RELEASES.into_iter().find(|known| *known == named))
        .ok_or_else(|| format!("the namespace \"{namespace}\" is none this hub speaks"))?;
    if root.name != "HubMessage" {
        return Err(format!("the root is {}, expected HubMessage", root.name));
    }
    Ok(Incoming {
        release,
        namespace,
        root,
        packs,
    })
}
