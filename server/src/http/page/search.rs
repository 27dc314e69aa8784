//! The search field (users.md 2.1): a product code, a lot number, an id of ours, or a scanned code of a pack. A scan is
//! diagnosed and never called certain when it is not (URS-VF-011).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use chrono::Datelike;

use packtwin_core::ids::{JobId, MessageId, UploadId};
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::Permission;
use packtwin_core::scan::{
    Capture, Confidence, DeviceContext, Diagnosis, ScanInput, ScannedData, diagnose,
};
use packtwin_tenants::scope::Reader;
use packtwin_tenants::store::lot_list::LotFilter;
use packtwin_tenants::store::product::ProductFilter;

use super::{Desk, address, html, see, words};
use crate::http::gate::escaped;
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::{Code, EmptyState, Mark, Title, Tone};
use crate::pages::view::pack::{ScanCandidate, ScanElement, SearchHit, SearchPage};

/// Longest text that is searched for, in characters.
const TEXT_CHARACTERS_MAX: usize = 4_000;
/// Hits of one kind.
const HITS: i64 = 20;

/// Looks for what was typed or scanned; a single certain hit is opened at once.
pub(in crate::http) async fn search(
    mut desk: Desk,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let text = query.text("q").unwrap_or_default();
    query.close()?;
    let text: String = text.chars().take(TEXT_CHARACTERS_MAX).collect();
    desk.frame.search.clone_from(&text);
    let trimmed = text.trim();
    if let Some(address) = by_id(&desk, trimmed).await? {
        return Ok(see(address));
    }
    let year = desk
        .today()
        .parse::<chrono::NaiveDate>()
        .map_or(2026, |day| day.year());
    let diagnosis = diagnose(
        &ScanInput {
            raw: &text,
            capture: Capture::Characters,
        },
        &DeviceContext::unknown(year),
    );
    let is_scan = diagnosis
        .data
        .as_ref()
        .is_some_and(|data| data.product_code.is_some() && data.serial.is_some());
    let hits = hits(&desk, trimmed, &diagnosis).await?;
    if let [only] = hits.as_slice()
        && (!is_scan || diagnosis.is_certain())
    {
        return Ok(see(only.href.clone()));
    }
    let looks_scanned = is_scan || trimmed.contains('\u{1d}') || trimmed.len() > 24;
    let page = SearchPage {
        title: Title::page("Search"),
        raw: if trimmed.is_empty() { String::new() } else { visible(&text) },
        recognised: if looks_scanned { "Scanned code".into() } else { "Text".into() },
        verdict: if looks_scanned { verdict(&diagnosis) } else { Mark::new(Tone::Neutral, "searched as text") },
        elements: if looks_scanned { elements(&diagnosis) } else { Vec::new() },
        faults: if looks_scanned { faults(&diagnosis) } else { Vec::new() },
        candidates: if looks_scanned && !diagnosis.is_certain() { diagnosis.candidates.iter().filter_map(candidate).collect() } else { Vec::new() },
        hits,
        empty: EmptyState {
            heading: if trimmed.is_empty() { "Type or scan something".into() } else { "Nothing here has this name".into() },
            sentence: "Search for a product code or name, a lot number, an id of an upload, message or job, or scan a pack.".into(),
            ..EmptyState::default()
        },
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

/// The page of an object whose id was typed.
async fn by_id(desk: &Desk, text: &str) -> Result<Option<String>, Problem> {
    let caller = &desk.caller;
    let (upload, message, job) = (
        text.parse::<UploadId>().ok(),
        text.parse::<MessageId>().ok(),
        text.parse::<JobId>().ok(),
    );
    let upload = upload.filter(|_| caller.may(Permission::UploadsRead));
    let message = message.filter(|_| caller.may(Permission::ConnectorsRead));
    let job = job.filter(|_| caller.may(Permission::JobsRead));
    caller
        .read(move |reader| {
            if let Some(id) = upload
                && reader.upload_get(id)?.is_some()
            {
                return Ok(Some(format!("/uploads/{id}")));
            }
            if let Some(id) = message
                && reader.message_get(id)?.is_some()
            {
                return Ok(Some(format!("/messages/{id}")));
            }
            if let Some(id) = job
                && reader.job_get(id)?.is_some()
            {
                return Ok(Some(format!("/jobs/{id}")));
            }
            Ok(None)
        })
        .await
}

/// Packs of every reading of a scan, then products and lots by text.
async fn hits(desk: &Desk, text: &str, diagnosis: &Diagnosis) -> Result<Vec<SearchHit>, Problem> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let may_lots = desk.caller.may(Permission::LotsRead);
    let may_products = desk.caller.may(Permission::ProductsRead);
    let readings: Vec<ScannedData> = diagnosis
        .data
        .iter()
        .cloned()
        .chain(diagnosis.candidates.iter().map(|one| one.data.clone()))
        .collect();
    let text = text.to_owned();
    desk.caller
        .read(move |reader| {
            let mut hits = Vec::new();
            for data in readings.iter().filter(|_| may_lots) {
                if let Some(hit) = pack_hit(reader, data)?
                    && !hits.contains(&hit)
                {
                    hits.push(hit);
                }
            }
            if !hits.is_empty() {
                return Ok(hits);
            }
            if may_products {
                let exact = match ProductCode::parse(&text) {
                    Ok(code) => reader.product_find(&code)?,
                    Err(_) => None,
                };
                let filter = ProductFilter {
                    text: Some(exact.map_or(text.clone(), |product| product.code.to_string())),
                    ..ProductFilter::default()
                };
                for (product, version) in reader.product_list(&filter, None, HITS)? {
                    let code = product.code.as_str();
                    hits.push(SearchHit {
                        kind: "Product".into(),
                        code: Code::digits("product code", code),
                        note: version.data.name.clone(),
                        state: words::version(version.state),
                        href: address::product(code),
                    });
                }
            }
            if may_lots {
                let filter = LotFilter {
                    batch_text: Some(text),
                    ..LotFilter::default()
                };
                for lot in reader.lot_list(&filter, None, HITS)? {
                    let batch = lot.lot.batch.as_str();
                    hits.push(SearchHit {
                        kind: "Lot".into(),
                        code: Code::plain("lot", batch),
                        note: lot.product_name.clone(),
                        state: words::lot(&lot.completeness, lot.recalled),
                        href: address::lot(lot.product_code.as_str(), batch),
                    });
                }
            }
            Ok(hits)
        })
        .await
}

fn pack_hit(
    reader: &mut Reader<'_>,
    data: &ScannedData,
) -> Result<Option<SearchHit>, packtwin_tenants::error::StoreError> {
    let (Some(code), Some(serial)) = (&data.product_code, &data.serial) else {
        return Ok(None);
    };
    let Some(product) = reader.product_find(code)? else {
        return Ok(None);
    };
    let Some(pack) = reader.pack_find(product.no, serial)? else {
        return Ok(None);
    };
    let batch = reader
        .lot_get(product.no, pack.lot)?
        .map_or(String::new(), |lot| lot.batch.to_string());
    let (code, serial) = (product.code.as_str(), pack.serial.as_str());
    Ok(Some(SearchHit {
        kind: "Pack".into(),
        code: Code::serial(serial),
        note: format!("{code}, lot {batch}"),
        state: Mark::new(Tone::Neutral, pack.state.as_str()),
        href: address::pack(code, serial),
    }))
}

fn verdict(diagnosis: &Diagnosis) -> Mark {
    if diagnosis.is_certain() {
        return Mark::new(Tone::Good, "certain");
    }
    let word = diagnosis.verdict.as_str().replace('_', " ");
    let tone = if diagnosis.data.is_some() {
        Tone::Attention
    } else {
        Tone::Bad
    };
    Mark::new(tone, word)
}

fn elements(diagnosis: &Diagnosis) -> Vec<ScanElement> {
    let checked = || {
        if diagnosis.is_certain() {
            Mark::new(Tone::Good, "read")
        } else {
            Mark::new(Tone::Attention, "as read")
        }
    };
    let element = |one: &packtwin_core::scan::ScannedElement| ScanElement {
        identifier: one.identifier.clone(),
        label: one.title.to_owned(),
        value: Code::plain(one.title, &one.value),
        mark: checked(),
    };
    diagnosis.elements.iter().map(element).collect()
}

fn faults(diagnosis: &Diagnosis) -> Vec<String> {
    let mut told: Vec<String> = diagnosis
        .faults
        .iter()
        .map(|fault| super::sentence(fault.sentence()))
        .collect();
    if !diagnosis.advice.is_empty() {
        told.push(super::sentence(&diagnosis.advice));
    }
    told
}

fn candidate(one: &packtwin_core::scan::Candidate) -> Option<ScanCandidate> {
    let code = one.data.product_code.as_ref()?;
    let serial = one.data.serial.as_ref()?;
    let evidence: Vec<&str> = one.evidence.iter().map(AsRef::as_ref).collect();
    Some(ScanCandidate {
        code: Code::plain("code", format!("(01){code}(21){serial}")),
        reason: evidence.join(" "),
        confidence: match one.confidence {
            Confidence::Low => "low".into(),
            Confidence::Medium => "medium".into(),
            Confidence::High => "high".into(),
        },
        href: format!("/search?q={}", escaped(&format!("(01){code}(21){serial}"))),
    })
}

/// Characters that show nothing, made visible.
fn visible(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{1d}' => "{GS}".to_owned(),
            '\u{1e}' => "{RS}".to_owned(),
            '\u{4}' => "{EOT}".to_owned(),
            letter if letter.is_control() => format!("{{{:02X}}}", u32::from(letter)),
            letter => letter.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_shows_nothing_is_made_visible() {
        assert_eq!(visible("21A\u{1d}10B\r"), "21A{GS}10B{0D}");
    }
}
