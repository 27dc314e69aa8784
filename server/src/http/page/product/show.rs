//! One product: common data, markets, versions with their lots, and where ours and the hub's copy part company.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::error::AppError;
use packtwin_app::message::{FarRefusal, refusals_of_product};
use packtwin_app::product::{Drift, drift, product_of};
use packtwin_core::market::Market;
use packtwin_core::product::{Company, MarketEntry};
use packtwin_core::role::Permission;
use packtwin_core::time::Timestamp;
use packtwin_tenants::store::product::{ProductRecord, VersionRecord};

use super::{markets, named};
use crate::http::page::history::{self, People};
use crate::http::page::{Desk, address, html, words};
use crate::http::problem::Problem;
use crate::pages::piece::{Action, Code, Difference, DifferenceRow, Fact, Mark, Title, Tone};
use crate::pages::view::product::{ProductMarket, ProductPage, ProductVersion};

/// Everything the store holds of one product.
struct Whole {
    product: ProductRecord,
    versions: Vec<(VersionRecord, u64)>,
    withdrawn: Vec<(Market, Timestamp, String)>,
    refusals: Vec<FarRefusal>,
    drift: Drift,
}

/// One product.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let whole = desk
        .work(move |desk| {
            let drift = drift(desk, &code)?;
            desk.scope().read(|reader| {
                let product = product_of(reader, &code)?;
                let mut versions = Vec::new();
                for record in reader.product_version_list(product.no)? {
                    let lots = reader.product_lot_count(product.no, record.version)?;
                    versions.push((record, lots));
                }
                versions.sort_by_key(|(record, _)| std::cmp::Reverse(record.version));
                let withdrawn = reader.product_withdrawals(product.no)?;
                let refusals = refusals_of_product(reader, product.no)?;
                Ok::<_, AppError>(Whole {
                    product,
                    versions,
                    withdrawn,
                    refusals,
                    drift,
                })
            })
        })
        .await?;
    let Some((latest, lots)) = whole.versions.first() else {
        return Err(Problem::not_found());
    };
    let people = People::read(&desk).await?;
    let timeline = history::of(
        &desk,
        &people,
        Some(format!("product {}", whole.product.code)),
    )
    .await?;
    let is_in_use = *lots > 0 || !latest.state.is_editable();
    let warning = format!(
        "{} for version {}; its markets cannot change. Create a new version for another market.",
        if *lots == 1 {
            "1 lot exists".to_owned()
        } else {
            format!("{} lots exist", crate::pages::format::thousands(*lots))
        },
        latest.version
    );
    let page = ProductPage {
        title: title(&desk, &whole, latest),
        code: Code::digits("product code", whole.product.code.as_str()),
        warning: (*lots > 0).then_some(warning),
        far_refusals: words::far_refusals(&desk, &whole.refusals),
        facts: facts(latest),
        markets: latest
            .data
            .markets
            .iter()
            .map(|entry| market(entry, &whole.withdrawn))
            .collect(),
        versions: whole
            .versions
            .iter()
            .map(|(record, lots)| version(&desk, &whole.product, record, *lots))
            .collect(),
        drift: difference(&whole.drift),
        compared_at: whole.drift.read_at.map(|at| desk.moment(at)),
        actions: actions(&desk, &whole, latest, is_in_use),
        timeline,
        frame: desk.frame,
    };
    html(StatusCode::OK, &page)
}

fn title(desk: &Desk, whole: &Whole, latest: &VersionRecord) -> Title {
    let here = address::product(whole.product.code.as_str());
    let send = Action::post(
        format!("Send version {} to the hub", latest.version),
        format!("{here}/send"),
        desk.csrf(),
    )
    .with("version", latest.version.to_string())
    .primary();
    let may_send = latest.state.is_editable() && desk.caller.may(Permission::ProductsWrite);
    Title {
        state: Some(words::version(latest.state)),
        note: format!("{} · {}", latest.data.strength, latest.data.form),
        primary: may_send.then_some(send),
        ..Title::named("Product", &latest.data.name)
    }
    .back("Products", "/products")
}

fn facts(latest: &VersionRecord) -> Vec<Fact> {
    let data = &latest.data;
    vec![
        Fact::text("Name", &data.name),
        match &data.common_name {
            Some(name) => Fact::text("Common name", name),
            None => Fact::absent("Common name", "not given"),
        },
        Fact::text("Form", &data.form),
        Fact::text("Strength", &data.strength),
        Fact::text("Pack type", &data.pack_type),
        Fact::count("Doses in a pack", u64::from(data.pack_size)),
        if data.atc_codes.is_empty() {
            Fact::absent("ATC codes", "none")
        } else {
            Fact::text("ATC codes", data.atc_codes.join(", "))
        },
        Fact::text("Manufacturer", company(&data.manufacturer)),
    ]
}

/// A company in one line.
fn company(company: &Company) -> String {
    let address = &company.address;
    let parts = [
        Some(&company.name),
        address.street.as_ref(),
        address.street2.as_ref(),
        address.postal_code.as_ref(),
        address.city.as_ref(),
        address.country.as_ref(),
    ];
    parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(", ")
}

fn market(entry: &MarketEntry, withdrawn: &[(Market, Timestamp, String)]) -> ProductMarket {
    let is_withdrawn = withdrawn
        .iter()
        .any(|(market, _, _)| *market == entry.market);
    ProductMarket {
        market: entry.market.to_string(),
        name: String::new(),
        state: if is_withdrawn {
            Mark::new(Tone::Bad, "withdrawn")
        } else {
            Mark::new(Tone::Good, "released")
        },
        facts: vec![
            match &entry.national_code {
                Some(code) => Fact::code("National code", Code::plain("national code", code)),
                None => Fact::absent("National code", "not given"),
            },
            Fact::text("Authorisation holder", company(&entry.holder)),
        ],
        wholesalers: entry.wholesalers.iter().map(company).collect(),
    }
}

fn version(
    desk: &Desk,
    product: &ProductRecord,
    record: &VersionRecord,
    lots: u64,
) -> ProductVersion {
    ProductVersion {
        href: match record.message_id {
            Some(message) if desk.caller.may(Permission::ConnectorsRead) => {
                format!("/messages/{message}")
            }
            _ => address::product(product.code.as_str()),
        },
        number: u64::from(record.version),
        state: words::version(record.state),
        markets: markets(&record.data),
        sent_at: record.message_id.map(|_| desk.moment(record.changed_at)),
        acknowledged_at: record.acknowledged_at.map(|at| desk.moment(at)),
        lots,
        lots_href: format!("/lots?product={}", address::segment(product.code.as_str())),
    }
}

fn difference(drift: &Drift) -> Difference {
    Difference {
        left_title: format!("Ours, version {}", drift.version),
        right_title: "The hub's copy".into(),
        rows: drift
            .fields
            .iter()
            .map(|field| DifferenceRow {
                label: field.canonical.replace('/', " › "),
                left: field.ours.clone(),
                right: field.hub.clone(),
            })
            .collect(),
        when_empty: match drift.held {
            None => "Not compared yet.".into(),
            Some(true) => "The two are the same.".into(),
            Some(false) => "The hub has no copy yet.".into(),
        },
    }
}

fn actions(desk: &Desk, whole: &Whole, latest: &VersionRecord, is_in_use: bool) -> Vec<Action> {
    let here = address::product(whole.product.code.as_str());
    let mut actions = Vec::new();
    if desk.caller.may(Permission::ProductsWrite) {
        let edit = Action::link(
            format!("Edit version {}", latest.version),
            format!("{here}/edit"),
        );
        actions.push(if is_in_use {
            edit.refused("It is in use or sent; create a new version.")
        } else {
            edit
        });
        actions.push(Action::link("New version", format!("{here}/versions/new")));
    }
    let compare = Action::post(
        "Read the hub's copy",
        format!("{here}/compare"),
        desk.csrf(),
    );
    let is_held = whole
        .versions
        .iter()
        .any(|(record, _)| record.acknowledged_at.is_some());
    actions.push(if is_held {
        compare
    } else {
        compare.refused("No version is acknowledged yet.")
    });
    if desk.caller.may(Permission::LotsRecall) {
        actions.push(Action::link("Withdraw the product", format!("{here}/withdraw")).danger());
    }
    actions
}
