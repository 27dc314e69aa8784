//! Products (users.md 3.2): list, one product with markets, versions and drift, and the form. A batch belongs to exactly
//! one version of a product, and markets of a version in use cannot change; the page says so before the hub does.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{
        Action, Code, Difference, EmptyState, Fact, FilterBar, Form, Mark, Moment, Pager, Timeline,
        Title,
    },
};
use askama::Template;

use super::FarRefusalLine;

/// `GET /products`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/products.html")]
pub struct ProductsPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// Code, name, market, state, version.
    pub filter: FilterBar,
    /// The rows of this page.
    pub rows: Vec<ProductRow>,
    /// Where the page stands in the list.
    pub pager: Pager,
    /// Shown when there is no row.
    pub empty: EmptyState,
}

/// A product in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductRow {
    /// Its page.
    pub href: String,
    /// GTIN, NTIN or PPN.
    pub code: Code,
    /// "GTIN", "NTIN", "PPN".
    pub scheme: String,
    /// Name.
    pub name: String,
    /// Strength with unit.
    pub strength: String,
    /// Pharmaceutical form.
    pub form: String,
    /// Pack size with unit.
    pub pack_size: String,
    /// Market codes, separated by a space.
    pub markets: String,
    /// Version the hub has acknowledged; `None` before the first.
    pub hub_version: Option<u64>,
    /// When the hub last acknowledged.
    pub acknowledged_at: Option<Moment>,
    /// "same as hub", "differs in 2 fields", "not compared".
    pub drift: Mark,
    /// State of the newest version.
    pub state: Mark,
}

/// `GET /products/{code}`
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/product.html")]
pub struct ProductPage {
    /// The frame.
    pub frame: Frame,
    /// The title line; the primary action is "Send version n to the hub".
    pub title: Title,
    /// The product code, to copy.
    pub code: Code,
    /// "Lots exist for this version; markets cannot change. Create a new version." or none.
    pub warning: Option<String>,
    /// Withdrawals that the hub refused and that did not leave anew.
    pub far_refusals: Vec<FarRefusalLine>,
    /// Common data.
    pub facts: Vec<Fact>,
    /// One section per market.
    pub markets: Vec<ProductMarket>,
    /// Versions, newest first.
    pub versions: Vec<ProductVersion>,
    /// Ours beside the hub's copy.
    pub drift: Difference,
    /// When the two were last compared.
    pub compared_at: Option<Moment>,
    /// Edit, new version, compare.
    pub actions: Vec<Action>,
    /// History, newest first.
    pub timeline: Timeline,
}

/// A product on one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductMarket {
    /// ISO 3166 code, "DE".
    pub market: String,
    /// "Germany".
    pub name: String,
    /// "released", "not released".
    pub state: Mark,
    /// National code, holder's name and address, manufacturer.
    pub facts: Vec<Fact>,
    /// Designated wholesalers.
    pub wholesalers: Vec<String>,
}

/// A version of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductVersion {
    /// Its page.
    pub href: String,
    /// Version number.
    pub number: u64,
    /// "draft", "sent", "acknowledged", "refused".
    pub state: Mark,
    /// Market codes, separated by a space.
    pub markets: String,
    /// When it was sent.
    pub sent_at: Option<Moment>,
    /// When the hub acknowledged it.
    pub acknowledged_at: Option<Moment>,
    /// How many lots belong to it.
    pub lots: u64,
    /// Those lots.
    pub lots_href: String,
}

/// `GET /products/new`, `GET /products/{code}/edit`, `GET /products/{code}/versions/new`, and again after a refusal.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/product_form.html")]
pub struct ProductFormPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// What cannot be changed here and why; or none.
    pub warning: Option<String>,
    /// The form.
    pub form: Form,
}
