//! Requests of the REST dialect: verify, change a state, submit many packs, pick up their results (emvs.md 3.3).
//!
//! The address is found behind whatever a site puts before it (`/product/…`). A body is read strictly: unknown and doubled
//! fields are refused. Everything that is wrong is told at once; the code is that of the first fault.

use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::percent::{self, Place};
use packtwin_core::product_code::{CodingScheme, ProductCode};
use packtwin_core::verification::input::{InputFault, RawElements, read_elements};
use packtwin_core::verification::many::check_bulk;
use packtwin_core::verification::{EntryMode, MarketProfile, Operation, Removal, Submitted, Undo};
use serde::Deserialize;

use super::code::{BODY_INVALID, ENTRY_MODE_MISSING, ENTRY_MODE_UNKNOWN};
use super::response::{RestAnswer, refused, whole_refused};

/// The header that says how the data were entered.
const ENTRY_MODE: &str = "emvs-data-entry-mode";

/// What stands in a request, before anything of it is believed.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// `GET`, `PATCH` or `POST`.
    pub method: &'a str,
    /// The path as it came, still percent-encoded, since a serial may hold a slash.
    pub path: &'a str,
    /// What stands behind the question mark.
    pub query: &'a str,
    /// Names and values; letter case of names does not matter.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// A request that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum RestRequest {
    /// About one pack.
    Single(RestPack),
    /// About many.
    Bulk(RestBulk),
    /// The results of a bulk request.
    BulkResult {
        /// The reference that its location named.
        reference: String,
    },
}

/// One pack and what is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct RestPack {
    /// What is to be done.
    pub operation: Operation,
    /// The elements.
    pub submitted: Submitted,
    /// How they were entered.
    pub entry: EntryMode,
}

/// Many packs and what is to be done with all of them. A pack whose elements cannot be read has its faults instead.
#[derive(Debug, Clone, PartialEq)]
pub struct RestBulk {
    /// What is to be done.
    pub operation: Operation,
    /// Each pack.
    pub packs: Vec<Result<Submitted, Vec<InputFault>>>,
    /// How they were entered.
    pub entry: EntryMode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateBody {
    state: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BulkBody {
    state: Option<String>,
    number_of_packs: Option<usize>,
    packs: Vec<PackBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PackBody {
    product_code_scheme: Option<String>,
    product_code: Option<String>,
    serial_number: Option<String>,
    batch_id: Option<String>,
    expiry_date: Option<String>,
}

/// Reads a request; `reference_year` gives the expiry its century.
///
/// # Errors
/// The answer that refuses it, ready to be sent. A refusal that raises an alert (a serial twice in one bulk) says so in
/// [`RestAnswer::alarm`].
pub fn read(
    request: &HttpRequest<'_>,
    profile: &MarketProfile,
    reference_year: i32,
) -> Result<RestRequest, Box<RestAnswer>> {
    let segments: Vec<&str> = request.path.split('/').collect();
    let start = segments
        .iter()
        .position(|segment| segment.eq_ignore_ascii_case("product"))
        .map_or(segments.len(), |at| at + 1);
    match (request.method, &segments[start..]) {
        ("POST", ["packs"]) => bulk(request, profile, reference_year).map(RestRequest::Bulk),
        ("GET", ["packs", reference]) => Ok(RestRequest::BulkResult {
            reference: (*reference).to_owned(),
        }),
        (method @ ("GET" | "PATCH"), [scheme, code, "pack", serial @ ..]) if serial.len() < 2 => {
            let path = PackPath {
                scheme,
                code,
                serial: serial.first().copied().unwrap_or_default(),
            };
            single(request, method, &path, profile, reference_year).map(RestRequest::Single)
        }
        _ => Err(Box::new(RestAnswer::without_code(
            404,
            "There is nothing at this address; packs are at /product/{scheme}/{code}/pack/{serial}.",
        ))),
    }
}

struct PackPath<'a> {
    scheme: &'a str,
    code: &'a str,
    serial: &'a str,
}

fn single(
    request: &HttpRequest<'_>,
    method: &str,
    path: &PackPath<'_>,
    profile: &MarketProfile,
    reference_year: i32,
) -> Result<RestPack, Box<RestAnswer>> {
    let entry = entry_mode(request)?;
    let operation = match method {
        "PATCH" => {
            let body: StateBody = strict(request.body)?;
            operation_to(&body.state)?
        }
        _ => Operation::Verify,
    };
    let decoded = |text: &str| percent::decode(text, Place::Path).map(|text| text.into_owned());
    let asked = |name: &str| {
        let mut pairs = request
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| decoded(value))
    };
    let (code, serial) = (decoded(path.code), decoded(path.serial));
    let (batch, expiry) = (asked("batch"), asked("expiry"));
    let raw = RawElements {
        scheme: scheme_of(path.scheme),
        code: code.as_deref(),
        serial: serial.as_deref(),
        batch: batch.as_deref(),
        expiry: expiry.as_deref(),
    };
    match read_elements(&raw, profile.batch_and_expiry, reference_year) {
        Ok(submitted) => Ok(RestPack {
            operation,
            submitted,
            entry,
        }),
        Err(faults) => Err(Box::new(refused(&faults))),
    }
}

fn bulk(
    request: &HttpRequest<'_>,
    profile: &MarketProfile,
    reference_year: i32,
) -> Result<RestBulk, Box<RestAnswer>> {
    let entry = entry_mode(request)?;
    let body: BulkBody = strict(request.body)?;
    let operation = match &body.state {
        Some(state) => operation_to(state)?,
        None => Operation::Verify,
    };
    let packs: Vec<Result<Submitted, Vec<InputFault>>> = body
        .packs
        .iter()
        .map(|pack| {
            let code = pack.product_code.as_deref();
            let raw = RawElements {
                scheme: match &pack.product_code_scheme {
                    Some(scheme) => scheme_of(scheme),
                    // Public clients leave it out; then the shape of the code tells.
                    None => code.map(shape_of),
                },
                code,
                serial: pack.serial_number.as_deref(),
                batch: pack.batch_id.as_deref(),
                expiry: pack.expiry_date.as_deref(),
            };
            read_elements(&raw, profile.batch_and_expiry, reference_year)
        })
        .collect();
    let known: Vec<PackKey> = packs
        .iter()
        .flatten()
        .map(|submitted| submitted.pack.clone())
        .collect();
    match check_bulk(profile, packs.len(), &known, body.number_of_packs) {
        Ok(()) => Ok(RestBulk {
            operation,
            packs,
            entry,
        }),
        Err(decision) => Err(Box::new(whole_refused(operation, &decision))),
    }
}

fn entry_mode(request: &HttpRequest<'_>) -> Result<EntryMode, Box<RestAnswer>> {
    let mut headers = request.headers.iter();
    let value = headers.find(|(name, _)| name.eq_ignore_ascii_case(ENTRY_MODE));
    let wrong = |code, text| Err(Box::new(RestAnswer::of_code(422, code, text)));
    match value.map(|(_, value)| value.trim()) {
        Some("manual") => Ok(EntryMode::Manual),
        Some("non-manual") => Ok(EntryMode::Scan),
        None | Some("") => wrong(
            ENTRY_MODE_MISSING,
            "The header emvs-data-entry-mode is missing; send manual or non-manual.",
        ),
        Some(_) => wrong(
            ENTRY_MODE_UNKNOWN,
            "The header emvs-data-entry-mode has another value than manual or non-manual.",
        ),
    }
}

/// The states a client may ask for (SSR-LIB). Checking out is the manufacturers' side's.
fn operation_to(state: &str) -> Result<Operation, Box<RestAnswer>> {
    let asked = PackState::parse(state).filter(|state| *state != PackState::CheckedOut);
    match (asked, asked.and_then(Removal::to)) {
        (Some(PackState::Active), _) => Ok(Operation::Undo(Undo::Whatever)),
        (Some(_), Some(removal)) => Ok(Operation::Remove(removal)),
        _ => Err(Box::new(RestAnswer::of_code(
            422,
            BODY_INVALID,
            "The state cannot be asked for; send Active, Supplied, Destroyed, Exported, Sample, FreeSample, Locked or Stolen.",
        ))),
    }
}

fn strict<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Box<RestAnswer>> {
    serde_json::from_slice(body).map_err(|error| {
        let text = format!(
            "The body cannot be read at line {}, column {}; send the fields of the description and no others.",
            error.line(),
            error.column()
        );
        Box::new(RestAnswer::of_code(422, BODY_INVALID, &text))
    })
}

fn scheme_of(text: &str) -> Option<CodingScheme> {
    match text.to_ascii_lowercase().as_str() {
        "gs1" | "gtin" => Some(CodingScheme::Gtin),
        "ppn" | "ifa" => Some(CodingScheme::Ppn),
        _ => None,
    }
}

fn shape_of(code: &str) -> CodingScheme {
    ProductCode::parse(code).map_or(CodingScheme::Gtin, |code| code.scheme())
}
