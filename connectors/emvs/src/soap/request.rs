//! Envelopes of the SOAP dialect: who calls, which process, which packs (emvs.md 3.2).
//!
//! Read in one pass with the limits of the hardened reader. The interface version is that of the namespaces. Local names
//! decide, prefixes are the client's choice; an element that the schema does not know is refused. What is wrong with the
//! elements of single packs is told pack by pack in bulks, and for the whole in single requests.

use std::fmt;
use std::io::Read;

use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, XmlFault, attribute, local_name};
use packtwin_core::product_code::CodingScheme;
use packtwin_core::verification::input::{InputFault, RawElements, read_elements};
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::{MarketProfile, Submitted};

use super::code::{MALFORMED, SCHEMA, code_of_fault};
use super::process::{Form, Process};

/// Characters of a client's transaction id.
const TRANSACTION_ID_MAX: usize = 32;
/// Characters of any other text; serials and batches have narrower rules of their own.
const TEXT_MAX: usize = 256;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for whoever compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The software house's or client's login.
    pub client_login: String,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// A user below the user.
    pub sub_user: Option<String>,
    /// Name, supplier and version of the calling software.
    pub software: [String; 3],
    /// The client's id of this transaction.
    pub client_transaction: String,
    /// Language of the texts, such as `eng`.
    pub language: String,
}

/// What a client sends to an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub enum SoapCall {
    /// A process.
    Request(Box<SoapRequest>),
    /// Whether anybody is there; it needs no credentials and is answered with its own text.
    Ping(Ping),
}

/// A ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// The version of the interface.
    pub interface: SoapInterface,
    /// The service by its name in the element, such as `SinglePack`.
    pub service: &'static str,
    /// The text to be sent back.
    pub input: String,
}

/// A request that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct SoapRequest {
    /// The version of the interface it speaks.
    pub interface: SoapInterface,
    /// What is asked.
    pub process: Process,
    /// Who calls.
    pub header: Header,
    /// With what.
    pub body: SoapBody,
}

/// What a request brings. A pack whose elements cannot be read has its faults instead.
#[derive(Debug, Clone, PartialEq)]
pub enum SoapBody {
    /// One pack.
    Single {
        /// Its elements.
        submitted: Submitted,
        /// For an undo, the client's id of what is undone.
        undoes: Option<String>,
    },
    /// Many packs of one product and batch.
    Bulk {
        /// Each of them.
        packs: Vec<Result<Submitted, Vec<InputFault>>>,
        /// For an undo, the client's id of what is undone.
        undoes: Option<String>,
    },
    /// Many operations, each with a transaction id of its own.
    Mixed(Vec<MixedItem>),
    /// The id under which a bulk was taken.
    Reference(String),
}

/// One operation of a mixed bulk.
#[derive(Debug, Clone, PartialEq)]
pub struct MixedItem {
    /// What is asked; only single forms.
    pub process: Process,
    /// The pack.
    pub submitted: Result<Submitted, Vec<InputFault>>,
    /// The client's id of this operation.
    pub client_transaction: String,
}

/// Why a request is refused, with what an answer needs.
#[derive(Debug, Clone, PartialEq)]
pub struct SoapRefused {
    /// The return code.
    pub code: &'static str,
    /// What is wrong, all of it.
    pub sentence: String,
    /// The version, as far as it was seen.
    pub interface: SoapInterface,
    /// The process number as sent, where it is one.
    pub process: Option<Process>,
    /// The client's transaction id, where one was seen.
    pub client_transaction: String,
}

/// Reads one envelope; `reference_year` gives the expiry its century.
///
/// # Errors
/// Malformed, against the schema, or elements that cannot be those of a pack.
pub fn read(
    input: impl Read,
    profile: &MarketProfile,
    reference_year: i32,
) -> Result<SoapCall, Box<SoapRefused>> {
    let mut draft = Draft::new(profile);
    if let Err((code, sentence)) = draft.read(input) {
        return Err(draft.refused(code, sentence));
    }
    match (draft.ping.take(), draft.interface) {
        (Some((service, input)), Some(interface)) => Ok(SoapCall::Ping(Ping {
            interface,
            service,
            input,
        })),
        _ => draft
            .finish(reference_year)
            .map(|request| SoapCall::Request(Box::new(request))),
    }
}

/// The texts of one product and batch.
#[derive(Default, Clone)]
struct ProductTexts {
    scheme: Option<String>,
    code: Option<String>,
    batch: Option<String>,
    expiry: Option<String>,
}

#[derive(Default)]
struct ItemTexts {
    process: String,
    product: ProductTexts,
    serial: Option<String>,
    transaction: String,
}

/// What was collected while reading.
struct Draft<'p> {
    profile: &'p MarketProfile,
    interface: Option<SoapInterface>,
    process: Option<Process>,
    ping: Option<(&'static str, String)>,
    path: Vec<String>,
    header: [String; 9],
    product: ProductTexts,
    serials: Vec<String>,
    items: Vec<ItemTexts>,
    reference: Option<String>,
    undoes: Option<String>,
}

/// Places in [`Draft::header`].
const HEADER_TEXTS: [(&str, &str, usize); 6] = [
    ("Auth", "ClientLoginId", 0),
    ("Auth", "UserId", 1),
    ("Auth", "Password", 2),
    ("Auth", "SubUserId", 3),
    ("Transaction", "ClientTrxId", 7),
    ("Transaction", "Language", 8),
];

/// Services that answer a ping.
const SERVICES: [&str; 4] = ["SinglePack", "Bulk", "MixedBulk", "Support"];

type Fault = (&'static str, String);

impl<'p> Draft<'p> {
    fn new(profile: &'p MarketProfile) -> Self {
        Draft {
            profile,
            interface: None,
            process: None,
            ping: None,
            path: Vec::new(),
            header: Default::default(),
            product: ProductTexts::default(),
            serials: Vec::new(),
            items: Vec::new(),
            reference: None,
            undoes: None,
        }
    }

    fn read(&mut self, input: impl Read) -> Result<(), Fault> {
        let malformed = |fault: XmlFault| (MALFORMED, format!("{fault}; send the document again."));
        let mut xml = SafeXml::new(input).map_err(malformed)?;
        let mut text = String::new();
        loop {
            match xml.next_event().map_err(malformed)? {
                XmlEvent::Start(element) => {
                    text.clear();
                    let name = local_name(&element).to_owned();
                    let version = element
                        .attributes()
                        .with_checks(false)
                        .flatten()
                        .find_map(|attribute| version_of(attribute.value.as_ref()));
                    self.interface = self.interface.or(version);
                    let value = |name: &str| attribute(&element, name).unwrap_or_default();
                    let attributes = match name.as_str() {
                        "UserSoftware" => vec![value("name"), value("supplier"), value("version")],
                        "ProductCode" => vec![value("scheme")],
                        "Pack" => vec![value("sn")],
                        "Item" | "ItemUndo" => vec![value("reqType")],
                        _ => Vec::new(),
                    };
                    self.path.push(name);
                    self.start(attributes)?;
                }
                XmlEvent::Text(part) => text.push_str(&part),
                XmlEvent::End => {
                    self.end(text.trim())?;
                    self.path.pop();
                    text.clear();
                }
                XmlEvent::Other => {}
                XmlEvent::Complete => return Ok(()),
            }
        }
    }

    fn start(&mut self, attributes: Vec<String>) -> Result<(), Fault> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let unknown = || {
            let name = path.last().copied().unwrap_or_default();
            let shown: String = name.chars().take(40).collect();
            Err((SCHEMA, format!("The element {shown} is not expected here.")))
        };
        let mut values = attributes.into_iter();
        let mut value = || values.next().unwrap_or_default();
        match path.as_slice() {
            ["Envelope"] | ["Envelope", "Header" | "Body"] => {}
            // What stands in the envelope's own header is the transport's.
            ["Envelope", "Header", ..] => {}
            ["Envelope", "Body", request] if self.process.is_none() && self.ping.is_none() => {
                let service = request.strip_suffix("PingRequest");
                let service =
                    service.and_then(|name| SERVICES.into_iter().find(|known| *known == name));
                self.ping = service.map(|service| (service, String::new()));
                if self.ping.is_some() {
                    return Ok(());
                }
                let number = request.strip_suffix("Request");
                self.process = number.and_then(Process::parse);
                if self.process.is_none() {
                    return unknown();
                }
            }
            ["Envelope", "Body", _, "Input"] if self.ping.is_some() => {}
            ["Envelope", "Body", ..] if self.ping.is_some() => return unknown(),
            ["Envelope", "Body", _, "Header" | "Body"] => {}
            ["Envelope", "Body", _, "Header", "Auth" | "Transaction"] => {}
            ["Envelope", "Body", _, "Header", "UserSoftware"] => {
                for place in 4..7 {
                    self.header[place] = value();
                }
            }
            ["Envelope", "Body", _, "Header", group, name]
                if HEADER_TEXTS
                    .iter()
                    .any(|(known, text, _)| known == group && text == name) => {}
            ["Envelope", "Body", _, "Body", rest @ ..] => match rest {
                ["TrxList"] | ["TrxList", "TrxItem"] => {}
                ["TrxList", "TrxItem", "Item" | "ItemUndo"] | ["TrxList", "Item" | "ItemUndo"] => {
                    self.items.push(ItemTexts {
                        process: value(),
                        ..ItemTexts::default()
                    });
                    return self.bulk_fits(self.items.len());
                }
                ["TrxList", "TrxItem", _, inner @ ..] | ["TrxList", _, inner @ ..]
                    if !self.items.is_empty() =>
                {
                    let item = self.items.last_mut();
                    match (inner, item) {
                        (["Pack"], Some(item)) => item.serial = Some(value()),
                        (["Product", "ProductCode"], Some(item)) => {
                            item.product.scheme = Some(value());
                        }
                        (["Transaction"] | ["Transaction", "ClientTrxId" | "Language"], _) => {}
                        (["RefClientTrxId"], _) => {}
                        (inner, _) if is_of_product(inner) => {}
                        _ => return unknown(),
                    }
                }
                ["Packs"] | ["RefNMVSTrxId"] | ["RefClientTrxId"] => {}
                ["Pack"] | ["Packs", "Pack"] => {
                    self.serials.push(value());
                    return self.bulk_fits(self.serials.len());
                }
                ["Product", "ProductCode"] => self.product.scheme = Some(value()),
                rest if is_of_product(rest) => {}
                _ => return unknown(),
            },
            _ => return unknown(),
        }
        Ok(())
    }

    fn end(&mut self, text: &str) -> Result<(), Fault> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let ["Envelope", "Body", _, section, rest @ ..] = path.as_slice() else {
            return Ok(());
        };
        if text.chars().count() > TEXT_MAX {
            let name = rest.last().copied().unwrap_or_default();
            return Err((SCHEMA, format!("The element {name} is too long.")));
        }
        match (*section, rest) {
            ("Input", []) => {
                if let Some((_, input)) = &mut self.ping {
                    *input = text.to_owned();
                }
            }
            ("Header", [group, name]) => {
                let mut known = HEADER_TEXTS.iter();
                if let Some((_, _, place)) =
                    known.find(|(known, text, _)| known == group && text == name)
                {
                    self.header[*place] = text.to_owned();
                }
            }
            ("Body", ["RefNMVSTrxId"]) => self.reference = Some(text.to_owned()),
            ("Body", ["RefClientTrxId"]) => self.undoes = Some(text.to_owned()),
            ("Body", ["Product", inner @ ..]) => self.product.set(inner, text),
            (
                "Body",
                ["TrxList", "TrxItem", "Item" | "ItemUndo", inner @ ..]
                | ["TrxList", "Item" | "ItemUndo", inner @ ..],
            ) => {
                if let Some(item) = self.items.last_mut() {
                    match inner {
                        ["Product", inner @ ..] => item.product.set(inner, text),
                        ["Transaction", "ClientTrxId"] => item.transaction = text.to_owned(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn bulk_fits(&self, packs: usize) -> Result<(), Fault> {
        match packs > self.profile.bulk_packs_max {
            true => Err((
                SCHEMA,
                "The request holds more packs than are taken at once.".to_owned(),
            )),
            false => Ok(()),
        }
    }

    fn finish(mut self, year: i32) -> Result<SoapRequest, Box<SoapRefused>> {
        let Some(interface) = self.interface else {
            return Err(self.refused(SCHEMA, "The namespaces name no known version.".to_owned()));
        };
        let Some(process) = self.process else {
            return Err(self.refused(SCHEMA, "The envelope holds no request.".to_owned()));
        };
        let missing: Vec<&str> = HEADER_TEXTS
            .iter()
            .filter(|(_, name, place)| *name != "SubUserId" && self.header[*place].is_empty())
            .map(|(_, name, _)| *name)
            .collect();
        if !missing.is_empty() {
            let sentence = format!("The header lacks {}.", missing.join(", "));
            return Err(self.refused(SCHEMA, sentence));
        }
        if self.header[7].chars().count() > TRANSACTION_ID_MAX {
            let sentence = format!("ClientTrxId has more than {TRANSACTION_ID_MAX} characters.");
            return Err(self.refused(SCHEMA, sentence));
        }
        let body = match self.body(process, year) {
            Ok(body) => body,
            Err((code, sentence)) => return Err(self.refused(code, sentence)),
        };
        let [
            client_login,
            user,
            password,
            sub_user,
            name,
            supplier,
            version,
            trx,
            language,
        ] = std::mem::take(&mut self.header);
        Ok(SoapRequest {
            interface,
            process,
            header: Header {
                client_login,
                user,
                password: Secret(password),
                sub_user: Some(sub_user).filter(|text| !text.is_empty()),
                software: [name, supplier, version],
                client_transaction: trx,
                language,
            },
            body,
        })
    }

    fn body(&mut self, process: Process, year: i32) -> Result<SoapBody, Fault> {
        let presence = self.profile.batch_and_expiry;
        let elements = |product: &ProductTexts, serial: Option<&str>| {
            let raw = RawElements {
                scheme: product.scheme.as_deref().and_then(scheme_of),
                code: product.code.as_deref(),
                serial,
                batch: product.batch.as_deref(),
                expiry: product.expiry.as_deref(),
            };
            read_elements(&raw, presence, year)
        };
        let undoes = self.undoes.take();
        let empty = |what: &str| Err((SCHEMA, format!("The request holds no {what}.")));
        match process {
            Process::Packs {
                form: Form::Single, ..
            } => match self.serials.as_slice() {
                [] | [_] => {
                    let serial = self.serials.first().map(String::as_str);
                    let read = elements(&self.product, serial);
                    let submitted = read.map_err(|faults| {
                        let code = faults.first().map_or(SCHEMA, code_of_fault);
                        let sentences: Vec<String> =
                            faults.into_iter().map(|fault| fault.sentence).collect();
                        (code, sentences.join(" "))
                    })?;
                    Ok(SoapBody::Single { submitted, undoes })
                }
                _ => Err((SCHEMA, "A single request holds one pack.".to_owned())),
            },
            Process::Packs {
                form: Form::Bulk, ..
            } if self.serials.is_empty() => empty("pack"),
            Process::Packs {
                form: Form::Bulk, ..
            } => Ok(SoapBody::Bulk {
                packs: self
                    .serials
                    .iter()
                    .map(|serial| elements(&self.product, Some(serial)))
                    .collect(),
                undoes,
            }),
            Process::BulkResult | Process::MixedBulkResult => match self.reference.take() {
                Some(reference) if !reference.is_empty() => Ok(SoapBody::Reference(reference)),
                _ => empty("RefNMVSTrxId"),
            },
            Process::MixedBulk if self.items.is_empty() => empty("operation"),
            Process::MixedBulk => {
                let items = std::mem::take(&mut self.items).into_iter();
                let items: Result<Vec<MixedItem>, Fault> = items
                    .map(|item| {
                        let process = Process::parse(&item.process).filter(is_single);
                        let Some(process) = process else {
                            let shown: String = item.process.chars().take(8).collect();
                            return Err((SCHEMA, format!("reqType {shown} is no single process.")));
                        };
                        Ok(MixedItem {
                            process,
                            submitted: elements(&item.product, item.serial.as_deref()),
                            client_transaction: item.transaction,
                        })
                    })
                    .collect();
                items.map(SoapBody::Mixed)
            }
        }
    }

    fn refused(&self, code: &'static str, sentence: String) -> Box<SoapRefused> {
        Box::new(SoapRefused {
            code,
            sentence,
            interface: self.interface.unwrap_or(self.profile.soap_interface),
            process: self.process,
            client_transaction: self.header[7].chars().take(TRANSACTION_ID_MAX).collect(),
        })
    }
}

impl ProductTexts {
    fn set(&mut self, inner: &[&str], text: &str) {
        let text = Some(text.to_owned());
        match inner {
            ["ProductCode"] => self.code = text,
            ["Batch", "Id"] => self.batch = text,
            ["Batch", "ExpDate"] => self.expiry = text,
            _ => {}
        }
    }
}

fn is_of_product(inner: &[&str]) -> bool {
    matches!(
        inner,
        ["Product"]
            | ["Product", "ProductCode" | "NHRN" | "Batch"]
            | ["Product", "Batch", "Id" | "ExpDate"]
    )
}

fn is_single(process: &Process) -> bool {
    matches!(
        process,
        Process::Packs {
            form: Form::Single,
            ..
        }
    )
}

fn scheme_of(text: &str) -> Option<CodingScheme> {
    match text {
        "GTIN" => Some(CodingScheme::Gtin),
        "PPN" => Some(CodingScheme::Ppn),
        _ => None,
    }
}

/// The version that a namespace names.
fn version_of(namespace: &str) -> Option<SoapInterface> {
    let known = ["urn:wsdltypes.nmvs.eu:", "urn:types.nmvs.eu:"];
    let version = known
        .iter()
        .find_map(|prefix| namespace.strip_prefix(prefix))?;
    match version {
        "v4.0" => Some(SoapInterface::V4),
        "v5.0" => Some(SoapInterface::V5),
        _ => None,
    }
}
