//! An outgoing document as a small tree in which each value knows where it came from and by which rule.
//!
//! Document and message page are made from the same tree, so the page cannot show another road than the one the bytes
//! took. Only the packs are not in it: they are streamed at their place, in constant memory.

use std::io::{self, Write};

use packtwin_connector_port::document::{Envelope, FieldTrace, Written};
use packtwin_core::fact::SerialSource;
use packtwin_core::serial::Serial;

use crate::release::Release;
use crate::xml_text::push_escaped;

/// A value on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Traced {
    /// The canonical place, slashes without the leading one, e.g. `markets/DE/holder/name`.
    pub canonical: String,
    /// The canonical value.
    pub value: String,
    /// The value as written.
    pub out: String,
    /// The rule in one sentence.
    pub rule: String,
}

impl Traced {
    /// A value written as it is.
    pub fn copied(
        canonical: impl Into<String>,
        value: impl Into<String>,
        rule: impl Into<String>,
    ) -> Self {
        let value = value.into();
        Traced {
            canonical: canonical.into(),
            out: value.clone(),
            value,
            rule: rule.into(),
        }
    }

    /// A value written in another form.
    pub fn changed(
        canonical: impl Into<String>,
        value: impl Into<String>,
        out: impl Into<String>,
        rule: impl Into<String>,
    ) -> Self {
        Traced {
            canonical: canonical.into(),
            value: value.into(),
            out: out.into(),
            rule: rule.into(),
        }
    }
}

/// A part of a document.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// An element with elements in it.
    Group {
        name: &'static str,
        attribute: Option<(&'static str, Traced)>,
        children: Vec<Node>,
    },
    /// An element with text in it.
    Text {
        name: &'static str,
        attribute: Option<(&'static str, Traced)>,
        text: Traced,
    },
    /// A canonical value that has no place in the document.
    Dropped {
        canonical: String,
        value: String,
        rule: String,
    },
    /// Here stand the packs, one element each.
    Packs,
    /// Here stands the number of packs, after them, so that a cut document is not taken for whole.
    Total,
}

impl Node {
    /// An element with text.
    pub fn text(name: &'static str, text: Traced) -> Self {
        Node::Text {
            name,
            attribute: None,
            text,
        }
    }

    /// An element with elements.
    pub fn group(name: &'static str, children: Vec<Node>) -> Self {
        Node::Group {
            name,
            attribute: None,
            children,
        }
    }

    /// A canonical value the hub does not hold.
    pub fn dropped(
        canonical: impl Into<String>,
        value: impl Into<String>,
        rule: impl Into<String>,
    ) -> Self {
        Node::Dropped {
            canonical: canonical.into(),
            value: value.into(),
            rule: rule.into(),
        }
    }
}

/// The frame around every document: what the envelope says, then the content.
pub(crate) fn message(envelope: &Envelope, content: Node) -> Node {
    let mut header = vec![
        Node::text(
            "MessageId",
            Traced::copied(
                "envelope/message_id",
                &envelope.message_id,
                "a repeat carries the same id; the hub correlates by it",
            ),
        ),
        Node::text(
            "Sender",
            Traced::copied(
                "envelope/sender",
                &envelope.sender,
                "the name under which the hub knows the partner",
            ),
        ),
        Node::text(
            "Environment",
            Traced::copied(
                "envelope/environment",
                envelope.environment.as_str(),
                "every message names its environment (URS-CN-009)",
            ),
        ),
        Node::text(
            "EventTime",
            Traced::copied(
                "envelope/event_at",
                envelope.event_at.to_string(),
                "when it happened, not when it is sent; a replay keeps it",
            ),
        ),
    ];
    if let Some(url) = &envelope.callback_url {
        header.push(Node::text(
            "CallbackUrl",
            Traced::copied("envelope/callback_url", url, "late answers are sent there"),
        ));
    }
    Node::group("HubMessage", vec![Node::group("Header", header), content])
}

/// What went out.
pub(crate) fn trace(root: &Node) -> Vec<FieldTrace> {
    let mut traces = Vec::new();
    trace_into(root, "", &mut traces);
    traces
}

fn trace_into(node: &Node, parent: &str, traces: &mut Vec<FieldTrace>) {
    let mut push = |traced: &Traced, place: String| {
        traces.push(FieldTrace {
            canonical: traced.canonical.clone(),
            value: traced.value.clone(),
            outgoing: Some(place),
            outgoing_value: Some(traced.out.clone()),
            rule: traced.rule.clone(),
        });
    };
    match node {
        Node::Group {
            name,
            attribute,
            children,
        } => {
            let mut place = join(parent, name);
            if let Some((key, traced)) = attribute {
                push(traced, format!("{place}/@{key}"));
                place = format!("{place}[@{key}=\"{}\"]", traced.out);
            }
            for child in children {
                trace_into(child, &place, traces);
            }
        }
        Node::Text {
            name,
            attribute,
            text,
        } => {
            let place = join(parent, name);
            if let Some((key, traced)) = attribute {
                push(traced, format!("{place}/@{key}"));
            }
            push(text, place);
        }
        Node::Dropped {
            canonical,
            value,
            rule,
        } => traces.push(FieldTrace {
            canonical: canonical.clone(),
            value: value.clone(),
            outgoing: None,
            outgoing_value: None,
            rule: rule.clone(),
        }),
        Node::Packs => traces.push(FieldTrace {
            canonical: "packs/serial".to_owned(),
            value: "each".to_owned(),
            outgoing: Some(join(parent, "Pack/@sn")),
            outgoing_value: Some("each".to_owned()),
            rule: "one element a pack, in ascending order, letter case kept (DR 4(b)(ii))"
                .to_owned(),
        }),
        Node::Total => traces.push(FieldTrace {
            canonical: "packs/count".to_owned(),
            value: "counted while writing".to_owned(),
            outgoing: Some(join(parent, "Total")),
            outgoing_value: Some("counted while writing".to_owned()),
            rule: "stands after the packs, so that a cut document is not taken for whole"
                .to_owned(),
        }),
    }
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}/{name}")
    }
}

/// Writes the document. `packs` is read where [`Node::Packs`] stands.
pub(crate) fn write(
    root: &Node,
    release: Release,
    packs: &mut dyn SerialSource,
    out: &mut dyn Write,
) -> io::Result<Written> {
    let mut writer = TreeWriter {
        out,
        buffer: Vec::with_capacity(BUFFER_BYTES + 4096),
        namespace: release.namespace(),
        bytes: 0,
        packs: 0,
        range: None,
    };
    writer
        .buffer
        .extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writer.node(root, 0, packs)?;
    writer.flush()?;
    Ok(Written {
        packs: writer.packs,
        range: writer.range,
        bytes: writer.bytes,
    })
}

/// Bytes are handed on in pieces of about this size.
const BUFFER_BYTES: usize = 64 * 1024;

struct TreeWriter<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    namespace: String,
    bytes: u64,
    packs: u64,
    range: Option<(Serial, Serial)>,
}

impl TreeWriter<'_> {
    fn node(&mut self, node: &Node, depth: usize, packs: &mut dyn SerialSource) -> io::Result<()> {
        match node {
            Node::Group {
                name,
                attribute,
                children,
            } => {
                self.open(name, attribute.as_ref(), depth);
                self.buffer.extend_from_slice(b">\n");
                for child in children {
                    self.node(child, depth + 1, packs)?;
                }
                self.indent(depth);
                self.close(name);
            }
            Node::Text {
                name,
                attribute,
                text,
            } => {
                self.open(name, attribute.as_ref(), depth);
                if text.out.is_empty() {
                    self.buffer.extend_from_slice(b"/>\n");
                } else {
                    self.buffer.push(b'>');
                    push_escaped(&mut self.buffer, text.out.as_bytes());
                    self.close(name);
                }
            }
            Node::Dropped { .. } => {}
            Node::Packs => self.write_packs(packs)?,
            Node::Total => {
                let total = self.packs;
                self.indent(depth);
                self.buffer
                    .extend_from_slice(format!("<Total>{total}</Total>\n").as_bytes());
            }
        }
        Ok(())
    }

    fn write_packs(&mut self, packs: &mut dyn SerialSource) -> io::Result<()> {
        while let Some(serial) = packs.next_serial()? {
            let first = match self.range {
                None => serial,
                Some((first, last)) if last < serial => first,
                Some(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "serials are not in ascending order",
                    ));
                }
            };
            self.range = Some((first, serial));
            self.packs += 1;
            self.buffer.extend_from_slice(b"<Pack sn=\"");
            push_escaped(&mut self.buffer, serial.as_bytes());
            self.buffer.extend_from_slice(b"\"/>\n");
            if self.buffer.len() >= BUFFER_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &str, attribute: Option<&(&'static str, Traced)>, depth: usize) {
        self.indent(depth);
        self.buffer.push(b'<');
        self.buffer.extend_from_slice(name.as_bytes());
        if depth == 0 {
            self.buffer
                .extend_from_slice(format!(" xmlns=\"{}\"", self.namespace).as_bytes());
        }
        if let Some((key, traced)) = attribute {
            self.buffer
                .extend_from_slice(format!(" {key}=\"").as_bytes());
            push_escaped(&mut self.buffer, traced.out.as_bytes());
            self.buffer.push(b'"');
        }
    }

    fn close(&mut self, name: &str) {
        self.buffer
            .extend_from_slice(format!("</{name}>\n").as_bytes());
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.buffer.extend_from_slice(b"  ");
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
