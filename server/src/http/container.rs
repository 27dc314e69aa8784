//! `/v1/containers` and the trees of packs: what is in what, with counts per level, page by page, as of any moment
//! (users.md 3.7, 3.8 and Annex A; URS-AG-001, URS-AG-003).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use packtwin_app::aggregation::{self, Branch, Container, Step};
use packtwin_core::aggregation::{FactKey, Filling, Mixture, NodeId};
use packtwin_core::gtin::Gtin;
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::Refusal;
use packtwin_core::serial::Serial;
use packtwin_core::sscc::Sscc;
use packtwin_core::time::Timestamp;
use packtwin_epcis::epc_name::{link_of_name, pack_name, sscc_name};

use super::caller::Caller;
use super::list::{Page, Row};
use super::problem::Problem;
use super::request::Query;
use super::shared::Shared;

/// How many of a level.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelCount {
    /// `unit`, `bundle`, `case`, `pallet`, `shipment` or `container`.
    level: &'static str,
    /// How many, at any depth.
    count: u64,
}

/// One thing of a hierarchy.
#[derive(Debug, Serialize, ToSchema)]
pub struct BranchBody {
    /// Its GS1 elements.
    name: String,
    /// Its Digital Link.
    link: String,
    /// Its level.
    level: &'static str,
    /// Its own life: `active`, `sampled`, `decommissioned`, `destroyed` or `void`.
    life: &'static str,
    /// Direct children.
    children: u64,
    /// What is inside, by level.
    counts: Vec<LevelCount>,
    /// `empty`, `one_lot`, `one_product` or `mixed`.
    mixture: &'static str,
    /// `unmeasured`, `empty`, `partial` or `full`.
    filling: &'static str,
}

/// A thing in its place.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContainerBody {
    #[serde(flatten)]
    own: BranchBody,
    /// The product, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// The lot, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    lot: Option<String>,
    /// When it came into being.
    commissioned_at: String,
    /// The containers around it, the nearest first.
    parents: Vec<BranchBody>,
    /// Its life, or the end of what it is in.
    effective_life: &'static str,
    /// Where it is on its way: `held`, `in_transit`, `received`, …
    custody: &'static str,
    /// The container from which that is inferred; absent where it was seen itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    inferred_from: Option<String>,
    /// As of when.
    as_of: String,
}

/// A thing with a page of what is directly in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TreeBody {
    /// The thing in its place.
    node: ContainerBody,
    /// What is directly in it.
    items: Vec<BranchBody>,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl From<&Branch> for BranchBody {
    fn from(branch: &Branch) -> Self {
        let counts = branch.counts.iter();
        BranchBody {
            name: branch.name.clone(),
            link: link_of_name(&branch.name),
            level: branch.level.as_str(),
            life: branch.life.as_str(),
            children: branch.children,
            counts: counts
                .map(|(level, count)| LevelCount {
                    level: level.as_str(),
                    count: *count,
                })
                .collect(),
            mixture: match branch.mixture {
                Mixture::Empty => "empty",
                Mixture::OneLot(_) => "one_lot",
                Mixture::OneProduct { .. } => "one_product",
                Mixture::Mixed => "mixed",
            },
            filling: match branch.filling {
                Filling::Unmeasured => "unmeasured",
                Filling::Empty => "empty",
                Filling::Partial { .. } => "partial",
                Filling::Full => "full",
            },
        }
    }
}

impl From<&Container> for ContainerBody {
    fn from(container: &Container) -> Self {
        let (product, lot) = container.goods.clone().unzip();
        ContainerBody {
            own: BranchBody::from(&container.own),
            product,
            lot,
            commissioned_at: container.commissioned_at.to_string(),
            parents: container.around.iter().map(BranchBody::from).collect(),
            effective_life: container.life.as_str(),
            custody: container.custody.as_str(),
            inferred_from: container.inferred_from.clone(),
            as_of: container.as_of.to_string(),
        }
    }
}

/// The name of a container in an address: an SSCC.
pub(super) fn sscc_of(text: &str) -> Result<String, Problem> {
    let sscc = Sscc::parse(text).map_err(|_| Problem::not_found())?;
    Ok(sscc_name(&sscc))
}

/// The name of a pack in an address: a GTIN and a serial.
pub(super) fn pack_of(code: &str, serial: &str) -> Result<String, Problem> {
    let gtin: Gtin = match ProductCode::parse(code) {
        Ok(ProductCode::Gtin(gtin)) => gtin,
        Ok(ProductCode::Ppn(_)) | Err(_) => return Err(Problem::not_found()),
    };
    let serial = Serial::parse(serial).map_err(|_| Problem::not_found())?;
    Ok(pack_name(&gtin, &serial))
}

/// Takes `as_of`, a time with zone, usually the present.
pub(super) fn as_of(query: &mut Query, now: Timestamp) -> Timestamp {
    let wanted = "a time with zone, such as 2026-05-04T08:00:00Z";
    query.take("as_of", Timestamp::parse, wanted).unwrap_or(now)
}

/// One container in its place.
///
/// # Errors
/// There is none of this number, or it did not exist then.
#[utoipa::path(get, path = "/v1/containers/{sscc}", tag = "containers",
    params(("sscc" = String, Path), ("as_of" = Option<String>, Query)), responses((status = 200, body = ContainerBody)))]
pub async fn show(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let at = as_of(&mut query, shared.now());
    query.close()?;
    let name = sscc_of(&path)?;
    let seen = caller.at_desk(&shared, move |desk| {
        aggregation::container_view(desk, &name, at)
    });
    Ok(HttpResponse::Ok().json(ContainerBody::from(&seen.await?)))
}

/// A container with a page of what is in it.
///
/// # Errors
/// There is none of this number, or it did not exist then; a parameter is wrong.
#[utoipa::path(get, path = "/v1/containers/{sscc}/tree", tag = "containers",
    params(("sscc" = String, Path), ("as_of" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("cursor" = Option<String>, Query)),
    responses((status = 200, body = TreeBody)))]
pub async fn tree(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<String>,
    query: Query,
) -> Result<HttpResponse, Problem> {
    respond(&caller, &shared, sscc_of(&path), query).await
}

/// A pack, bundle or case with the containers around it and a page of what is in it.
///
/// # Errors
/// No event or upload names it; a parameter is wrong.
#[utoipa::path(get, path = "/v1/packs/{code}/{serial}/tree", tag = "packs",
    params(("code" = String, Path), ("serial" = String, Path), ("as_of" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = TreeBody)))]
pub async fn tree_of_pack(
    caller: Caller,
    shared: web::Data<Shared>,
    path: web::Path<(String, String)>,
    query: Query,
) -> Result<HttpResponse, Problem> {
    respond(&caller, &shared, pack_of(&path.0, &path.1), query).await
}

/// The query is judged before the name: a parameter that is not read is told whatever it was asked of.
async fn respond(
    caller: &Caller,
    shared: &Shared,
    name: Result<String, Problem>,
    mut query: Query,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let at = as_of(&mut query, shared.now());
    let after = query.cursor(|key| key.parse().ok().map(NodeId));
    query.close()?;
    let name = name?;
    let (node, children, next) = caller
        .at_desk(shared, move |desk| {
            let node = aggregation::container_view(desk, &name, at)?;
            let (children, next) = aggregation::tree_page(desk, &name, at, after, limit as usize)?;
            Ok((node, children, next))
        })
        .await?;
    Ok(HttpResponse::Ok().json(TreeBody {
        node: ContainerBody::from(&node),
        items: children.iter().map(BranchBody::from).collect(),
        next: next.map(|id| super::list::cursor(&id.0.to_string())),
    }))
}

/// A fact that waits for another, or contradicts one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedBody {
    /// What was done, such as `pack` or `ship`.
    act: &'static str,
    /// When.
    at: String,
    /// The event that told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// Why it does not hold.
    reasons: Vec<ReasonBody>,
    #[serde(skip)]
    key: String,
}

/// One reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonBody {
    /// The stable code.
    code: &'static str,
    /// One sentence.
    text: String,
    /// What to do.
    remedy: &'static str,
}

impl From<&Refusal> for ReasonBody {
    fn from(refusal: &Refusal) -> Self {
        ReasonBody {
            code: refusal.code.as_str(),
            text: refusal.text.clone(),
            remedy: refusal.code.remedy(),
        }
    }
}

impl From<&Step> for ParkedBody {
    fn from(step: &Step) -> Self {
        ParkedBody {
            act: step.act,
            at: step.key.at.to_string(),
            event: step.event.clone(),
            reasons: step.faults.iter().map(ReasonBody::from).collect(),
            key: key_text(step.key),
        }
    }
}

impl Row for ParkedBody {
    const HEAD: &'static [&'static str] = &["act", "at", "event", "codes", "reasons"];

    fn cells(&self) -> Vec<String> {
        let joined = |read: fn(&ReasonBody) -> &str| {
            self.reasons.iter().map(read).collect::<Vec<_>>().join("; ")
        };
        vec![
            self.act.to_owned(),
            self.at.clone(),
            self.event.clone().unwrap_or_default(),
            joined(|reason| reason.code),
            joined(|reason| &reason.text),
        ]
    }
}

/// Facts of the hierarchy that wait for others, or contradict them, in their own order; also as CSV.
///
/// # Errors
/// A parameter is wrong.
#[utoipa::path(get, path = "/v1/containers:parked", tag = "containers",
    params(("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<ParkedBody>)))]
pub async fn parked(
    caller: Caller,
    shared: web::Data<Shared>,
    mut query: Query,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit();
    let after = query.cursor(key_of).unwrap_or(FactKey::FIRST);
    query.close()?;
    let steps = caller
        .at_desk(&shared, move |desk| {
            aggregation::parked_page(desk, after, i64::from(limit) + 1)
        })
        .await?;
    let items = steps.iter().map(ParkedBody::from).collect();
    Page::of(items, limit, |fact: &ParkedBody| fact.key.clone()).respond(&request)
}

fn key_text(key: FactKey) -> String {
    let (at, phase, document, position) = key.numbers();
    format!("{}/{phase}/{document}/{position}", at.micros())
}

fn key_of(text: &str) -> Option<FactKey> {
    let mut parts = text.split('/');
    let at = Timestamp::from_micros(parts.next()?.parse().ok()?);
    let phase = parts.next()?.parse().ok()?;
    let document = parts.next()?.parse().ok()?;
    FactKey::of_numbers(at, phase, document, parts.next()?.parse().ok()?)
}
