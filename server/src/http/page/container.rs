//! A container, or a pack, in its hierarchy as of a day: what is around it, and a page of what is in it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::aggregation::{Branch, Container, container_view, tree_page};
use packtwin_core::aggregation::{Custody, Level, Life, NodeId};
use packtwin_core::time::Timestamp;
use packtwin_epcis::epc_name::{Thing, thing_of};

use super::address::{self, Listing, cursor_parts};
use super::{Desk, html};
use crate::http::container::{pack_of, sscc_of};
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::format::thousands;
use crate::pages::piece::{Code, Fact, Field, FilterBar, Input, Mark, Title, Tone, Tree, TreeRow};
use crate::pages::view::container::ContainerPage;

/// Children of one page.
const ROWS: usize = 100;

/// A container.
pub(in crate::http) async fn show(
    desk: Desk,
    query: Query,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let name = sscc_of(&path)?;
    let own = format!("/containers/{}", address::segment(&path));
    respond(desk, query, (name, own)).await
}

/// A pack, or a bundle or case with a GTIN of its own.
pub(in crate::http) async fn show_pack(
    desk: Desk,
    query: Query,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let name = pack_of(&path.0, &path.1)?;
    let own = tree_of_pack(&path.0, &path.1);
    respond(desk, query, (name, own)).await
}

/// The page of a pack's hierarchy.
pub(super) fn tree_of_pack(code: &str, serial: &str) -> String {
    format!("{}/tree", address::pack(code, serial))
}

async fn respond(
    desk: Desk,
    mut query: Query,
    (name, own): (String, String),
) -> Result<HttpResponse, Problem> {
    let said = query.text("as_of");
    let cursor = query.cursor(|key| {
        let (before, key) = cursor_parts(key)?;
        Some((before, NodeId(key.parse().ok()?)))
    });
    query.close()?;
    let as_of = match &said {
        Some(text) => desk.end_of(text).ok_or_else(|| {
            Problem::at(
                packtwin_core::code::Code::RequestMalformed,
                "?as_of",
                "Here belongs a day such as 2026-05-04, or a time with zone.",
            )
        })?,
        None => desk.shared.now(),
    };
    let (before, after) = cursor.map_or((0, None), |(before, after)| (before, Some(after)));
    let (seen, children, next) = desk
        .work(move |desk| {
            let seen = container_view(desk, &name, as_of)?;
            let (children, next) = tree_page(desk, &name, as_of, after, ROWS)?;
            Ok((seen, children, next))
        })
        .await?;
    let listing = Listing::new(own.clone(), "children").filter("as_of", "As of", said.as_deref());
    let next = next.map(|id| id.0.to_string());
    let page = ContainerPage {
        title: Title {
            state: Some(mark(seen.life)),
            note: level_words(seen.own.level).to_owned(),
            ..Title::code("Hierarchy of", shown(&seen.own.name).whole)
        }
        .back("Hierarchies", "/captures"),
        answer: answer(&seen),
        filter: FilterBar {
            action: own,
            inputs: vec![Input::Field(
                Field::new("as_of", "As of", said.unwrap_or_default())
                    .hint("A day such as 2026-05-04, or a time with zone. Empty for now."),
            )],
            chips: listing.chips(),
            ..FilterBar::default()
        },
        facts: facts(&desk, &seen),
        tree: tree(&seen, &children),
        pager: listing.pager(before, children.len(), next, Some(seen.own.children)),
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn answer(seen: &Container) -> String {
    let counted: Vec<String> = seen
        .own
        .counts
        .iter()
        .map(|(level, count)| {
            let end = if *count == 1 { "" } else { "s" };
            format!("{} {}{end}", thousands(*count), level_words(*level))
        })
        .collect();
    let holds = match counted.is_empty() {
        true => "Nothing is in it".to_owned(),
        false => format!("It holds {}", counted.join(", ")),
    };
    match seen.around.first() {
        Some(parent) => format!("{holds}; it is in {}.", shown(&parent.name).whole),
        None => format!("{holds}; it is in nothing."),
    }
}

fn facts(desk: &Desk, seen: &Container) -> Vec<Fact> {
    let mut facts = vec![
        Fact::code("Identifier", shown(&seen.own.name)),
        Fact::text("Level", level_words(seen.own.level)),
        Fact::text("Custody", custody_words(seen.custody)),
        match &seen.inferred_from {
            None => Fact::text("Known by", "itself"),
            Some(from) => Fact::text("Known by", format!("its container {}", shown(from).whole)),
        },
        Fact::moment("Commissioned", desk.moment(seen.commissioned_at)),
        Fact::moment("As of", desk.moment(seen.as_of)),
    ];
    if let Some((product, batch)) = &seen.goods {
        facts.push(Fact::code(
            "Product code",
            Code::digits("product code", product),
        ));
        let lot = Code::plain("lot", batch).to(address::lot(product, batch));
        facts.push(Fact::code("Lot", lot));
    }
    let counts = seen.own.counts.iter();
    facts
        .extend(counts.map(|(level, count)| {
            Fact::count(&format!("Inside: {}", level_words(*level)), *count)
        }));
    facts
}

/// The outermost container first, each step inwards one deeper.
fn tree(seen: &Container, children: &[Branch]) -> Tree {
    let around = seen.around.iter().rev();
    let line = around.chain(std::iter::once(&seen.own));
    let mut rows: Vec<TreeRow> = line
        .enumerate()
        .map(|(depth, branch)| row(depth, branch))
        .collect();
    let depth = rows.len();
    rows.extend(children.iter().map(|child| row(depth, child)));
    Tree {
        label: "Containers around it and what is in it, with the number of units inside".into(),
        rows,
    }
}

fn row(depth: usize, branch: &Branch) -> TreeRow {
    let units = branch
        .counts
        .iter()
        .find(|(level, _)| *level == Level::Unit);
    TreeRow {
        depth: u8::try_from(depth).unwrap_or(u8::MAX),
        level: branch.level.as_str().to_owned(),
        code: shown(&branch.name),
        count: units.map_or(u64::from(branch.level == Level::Unit), |(_, count)| *count),
        mark: branch.life.is_end().then(|| mark(branch.life)),
    }
}

/// A name as people read it, leading to its own page.
fn shown(name: &str) -> Code {
    match thing_of(name) {
        Thing::LogisticUnit(sscc) => {
            Code::digits("SSCC", sscc.as_str()).to(format!("/containers/{sscc}"))
        }
        Thing::Item(gtin, serial) => {
            let whole = format!("{gtin} {serial}");
            Code::plain("pack", whole).to(tree_of_pack(gtin.as_str(), serial.as_str()))
        }
        Thing::Other => Code::plain("identifier", name),
    }
}

fn mark(life: Life) -> Mark {
    match life {
        Life::Active => Mark::new(Tone::Good, "in use"),
        Life::Sampled => Mark::new(Tone::Attention, "sampled"),
        Life::Decommissioned => Mark::new(Tone::Bad, "decommissioned"),
        Life::Destroyed => Mark::new(Tone::Bad, "destroyed"),
        Life::Void => Mark::new(Tone::Neutral, "void"),
    }
}

fn level_words(level: Level) -> &'static str {
    level.as_str()
}

fn custody_words(custody: Custody) -> &'static str {
    match custody {
        Custody::AtRest(packtwin_core::aggregation::Rest::Held) => "never shipped",
        Custody::AtRest(packtwin_core::aggregation::Rest::Received) => "received",
        Custody::AtRest(packtwin_core::aggregation::Rest::Returned) => "returned",
        Custody::InTransit(_) => "on its way",
    }
}

impl Desk {
    /// The end of a day in the zone of the tenant, or the very moment that a text names.
    fn end_of(&self, text: &str) -> Option<Timestamp> {
        if let Some(at) = Timestamp::parse(text) {
            return Some(at);
        }
        let day: chrono::NaiveDate = text.parse().ok()?;
        let next = day.succ_opt()?.and_hms_opt(0, 0, 0)?;
        let begin = next.and_local_timezone(self.zone).earliest()?;
        Some(Timestamp::from_micros(begin.timestamp_micros() - 1))
    }
}
