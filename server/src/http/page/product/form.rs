//! The forms of a product: a new one, a change of a draft, a new version. Fields are the same in all three.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::error::AppError;
use packtwin_app::product::{add_version, change_version, create_product, product_of};
use packtwin_core::code::Code as Stable;
use packtwin_core::market::Market;
use packtwin_core::product::{Address, Company, MarketEntry, MasterData};
use packtwin_core::product_code::ProductCode;
use packtwin_core::refusal::{Refusal, Refusals};
use packtwin_tenants::store::product::VersionRecord;

use super::named;
use crate::http::page::{Desk, Form, address, error_at, html, see, sentences};
use crate::http::problem::Problem;
use crate::http::request::Query;
use crate::pages::piece::action::Hidden;
use crate::pages::piece::{Field, FieldGroup, FieldKind, Form as FormPiece, Input, Title};
use crate::pages::view::product::ProductFormPage;

/// Empty market sections that a form offers beside the filled ones.
const MARKETS_OFFERED: usize = 2;
/// Most market sections of one form.
const MARKETS_MAX: usize = 40;
/// Most wholesalers of one market in one form.
const WHOLESALERS_MAX: usize = 20;

/// What the form is for.
#[derive(Clone, Copy)]
enum Purpose {
    New,
    Edit(ProductCode, i32, u32),
    Version(ProductCode),
}

/// The form of a new product.
pub(in crate::http) async fn new(desk: Desk, query: Query) -> Result<HttpResponse, Problem> {
    query.close()?;
    form_page(desk, Purpose::New, &Typed::default(), None)
}

/// Adds a product.
pub(in crate::http) async fn create(desk: Desk, form: Form) -> Result<HttpResponse, Problem> {
    let typed = Typed::of(&form);
    let code = ProductCode::parse(&typed.code)
        .map_err(|error| Refusal::at(Stable::ProductCodeWrong, "/code", error.to_string()));
    let done = match (code, typed.data()) {
        (Ok(code), Ok(data)) => desk
            .work(move |desk| create_product(desk, code, &data))
            .await
            .map(|_| code),
        (code, data) => {
            let mut faults: Vec<Refusal> = code.err().into_iter().collect();
            faults.extend(data.err().iter().flat_map(Refusals::iter).cloned());
            Err(Refusals::check(faults)
                .err()
                .map_or_else(Problem::unavailable, Problem::from))
        }
    };
    match done {
        Ok(code) => Ok(see(address::product(code.as_str()))),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => form_page(desk, Purpose::New, &typed, Some(problem)),
    }
}

/// The form that changes the newest version.
pub(in crate::http) async fn edit(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let latest = latest(&desk, code).await?;
    form_page(
        desk,
        Purpose::Edit(code, latest.row_version, latest.version),
        &Typed::from(&latest.data),
        None,
    )
}

/// Changes the newest version.
pub(in crate::http) async fn change(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let expected = form.version()?;
    let version: u32 = form.text("version").parse().map_err(|_| {
        Problem::at(
            Stable::RequestMalformed,
            "/version",
            "The version is missing.",
        )
    })?;
    let typed = Typed::of(&form);
    let done = match typed.data() {
        Ok(data) => {
            desk.work(move |desk| change_version(desk, &code, version, &data, expected))
                .await
        }
        Err(faults) => Err(faults.into()),
    };
    answer(
        desk,
        Purpose::Edit(code, expected, version),
        &typed,
        code,
        done,
    )
}

/// The form of a new version, filled with the newest one.
pub(in crate::http) async fn new_version(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let latest = latest(&desk, code).await?;
    form_page(
        desk,
        Purpose::Version(code),
        &Typed::from(&latest.data),
        None,
    )
}

/// Adds a version.
pub(in crate::http) async fn add(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let typed = Typed::of(&form);
    let done = match typed.data() {
        Ok(data) => desk
            .work(move |desk| add_version(desk, &code, &data))
            .await
            .map(|_| ()),
        Err(faults) => Err(faults.into()),
    };
    answer(desk, Purpose::Version(code), &typed, code, done)
}

fn answer(
    desk: Desk,
    purpose: Purpose,
    typed: &Typed,
    code: ProductCode,
    done: Result<(), Problem>,
) -> Result<HttpResponse, Problem> {
    match done {
        Ok(()) => Ok(see(address::product(code.as_str()))),
        Err(problem)
            if problem.status().is_server_error() || problem.status() == StatusCode::NOT_FOUND =>
        {
            Err(problem)
        }
        Err(problem) => form_page(desk, purpose, typed, Some(problem)),
    }
}

async fn latest(desk: &Desk, code: ProductCode) -> Result<VersionRecord, Problem> {
    desk.work(move |desk| {
        desk.scope().read(|reader| {
            let product = product_of(reader, &code)?;
            reader
                .product_version_get(product.no, product.latest_version)?
                .ok_or(AppError::NotFound)
        })
    })
    .await
}

/// A company as it is typed: an id, a name and an address of one field each.
#[derive(Clone, Default)]
struct TypedCompany([String; 7]);

/// The parts of a company with their names in the form and their labels.
const COMPANY: [(&str, &str); 7] = [
    ("id", "Id at the hub"),
    ("name", "Name"),
    ("street", "Street and number"),
    ("street2", "Second line"),
    ("postal_code", "Postal code"),
    ("city", "Town"),
    ("country", "Country, two letters"),
];

impl TypedCompany {
    fn of(form: &Form, prefix: &str) -> Self {
        TypedCompany(COMPANY.map(|(part, _)| form.text(&format!("{prefix}_{part}"))))
    }

    fn from(company: &Company) -> Self {
        let address = &company.address;
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        TypedCompany([
            text(&company.id),
            company.name.clone(),
            text(&address.street),
            text(&address.street2),
            text(&address.postal_code),
            text(&address.city),
            text(&address.country),
        ])
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(String::is_empty)
    }

    /// Absent and empty are two things to the hub; an empty field of the form means absent.
    fn company(&self) -> Company {
        let part = |index: usize| Some(self.0[index].clone()).filter(|text| !text.is_empty());
        Company {
            id: part(0),
            name: self.0[1].clone(),
            address: Address {
                street: part(2),
                street2: part(3),
                postal_code: part(4),
                city: part(5),
                country: part(6),
            },
        }
    }

    fn inputs(&self, prefix: &str, what: &str, error: Option<String>) -> Vec<Input> {
        let field = |(index, (part, label)): (usize, &(&str, &str))| {
            let mut field = Field::new(
                &format!("{prefix}_{part}"),
                &format!("{what}: {}", label.to_lowercase()),
                &self.0[index],
            );
            field.error = error.clone().filter(|_| *part == "name");
            Input::Field(field)
        };
        COMPANY.iter().enumerate().map(field).collect()
    }
}

/// One market as it is typed.
#[derive(Clone, Default)]
struct TypedMarket {
    market: String,
    national_code: String,
    holder: TypedCompany,
    wholesalers: Vec<TypedCompany>,
}

/// Everything typed into the form.
#[derive(Clone, Default)]
struct Typed {
    code: String,
    texts: [String; 7],
    manufacturer: TypedCompany,
    markets: Vec<TypedMarket>,
}

/// The common fields: name in the form, label, place of a refusal, hint.
const COMMON: [(&str, &str, &str); 7] = [
    ("name", "Name with strength and form", ""),
    (
        "common_name",
        "Common name",
        "Without strength. May be empty.",
    ),
    ("form", "Pharmaceutical form", ""),
    ("strength", "Strength", ""),
    ("pack_type", "Pack type", "Such as box or vial."),
    ("pack_size", "Doses in a pack", ""),
    (
        "atc_codes",
        "ATC codes",
        "Separated by spaces. May be empty.",
    ),
];

impl Typed {
    fn of(form: &Form) -> Self {
        let market = |index: usize| TypedMarket {
            market: form.text(&format!("market_{index}")).to_uppercase(),
            national_code: form.text(&format!("market_{index}_national_code")),
            holder: TypedCompany::of(form, &format!("market_{index}_holder")),
            wholesalers: (0..WHOLESALERS_MAX)
                .map(|place| TypedCompany::of(form, &format!("market_{index}_wholesaler_{place}")))
                .filter(|typed| !typed.is_empty())
                .collect(),
        };
        let mut markets: Vec<TypedMarket> = (0..MARKETS_MAX)
            .map(market)
            .filter(|typed| {
                !typed.market.is_empty()
                    || !typed.national_code.is_empty()
                    || !typed.holder.is_empty()
            })
            .collect();
        // The order of the record, so that places of refusals are places of the form.
        markets.sort_by(|left, right| left.market.cmp(&right.market));
        Typed {
            code: form.text("code"),
            texts: COMMON.map(|(name, _, _)| form.text(name)),
            manufacturer: TypedCompany::of(form, "manufacturer"),
            markets,
        }
    }

    fn from(data: &MasterData) -> Self {
        let market = |entry: &MarketEntry| TypedMarket {
            market: entry.market.to_string(),
            national_code: entry.national_code.clone().unwrap_or_default(),
            holder: TypedCompany::from(&entry.holder),
            wholesalers: entry.wholesalers.iter().map(TypedCompany::from).collect(),
        };
        Typed {
            code: String::new(),
            texts: [
                data.name.clone(),
                data.common_name.clone().unwrap_or_default(),
                data.form.clone(),
                data.strength.clone(),
                data.pack_type.clone(),
                data.pack_size.to_string(),
                data.atc_codes.join(" "),
            ],
            manufacturer: TypedCompany::from(&data.manufacturer),
            markets: data.markets.iter().map(market).collect(),
        }
    }

    /// The master data, or everything wrong with them at once.
    fn data(&self) -> Result<MasterData, Refusals> {
        let mut faults = Vec::new();
        let [
            name,
            common_name,
            form,
            strength,
            pack_type,
            pack_size,
            atc_codes,
        ] = self.texts.clone();
        let pack_size = pack_size.parse().unwrap_or_else(|_| {
            if !pack_size.is_empty() {
                faults.push(Refusal::at(
                    Stable::ProductFieldWrong,
                    "/pack_size",
                    format!("\"{pack_size}\" is no number of doses"),
                ));
            }
            0
        });
        let mut markets = Vec::new();
        for (index, typed) in self.markets.iter().enumerate() {
            match typed.market.parse::<Market>() {
                Ok(market) => markets.push(MarketEntry {
                    market,
                    national_code: Some(typed.national_code.clone())
                        .filter(|text| !text.is_empty()),
                    holder: typed.holder.company(),
                    wholesalers: typed
                        .wholesalers
                        .iter()
                        .map(TypedCompany::company)
                        .collect(),
                }),
                Err(error) => faults.push(Refusal::at(
                    Stable::ProductFieldWrong,
                    format!("/markets/{index}/market"),
                    error.to_string(),
                )),
            }
        }
        markets.sort_by_key(|entry| entry.market);
        let data = MasterData {
            name,
            common_name: Some(common_name).filter(|text| !text.is_empty()),
            form,
            strength,
            pack_type,
            pack_size,
            atc_codes: atc_codes.split_whitespace().map(str::to_owned).collect(),
            manufacturer: self.manufacturer.company(),
            markets,
        };
        // A field that was named as wrong is not named as missing besides.
        let named: Vec<String> = faults.iter().map(|fault| fault.place.clone()).collect();
        let more = data.check().err();
        let more = more
            .iter()
            .flat_map(Refusals::iter)
            .filter(|fault| !named.contains(&fault.place))
            .cloned();
        faults.extend(more.collect::<Vec<_>>());
        Refusals::check(faults)?;
        Ok(data)
    }
}

fn form_page(
    desk: Desk,
    purpose: Purpose,
    typed: &Typed,
    problem: Option<Problem>,
) -> Result<HttpResponse, Problem> {
    let problem_ref = problem.as_ref();
    let mut common: Vec<Input> = Vec::new();
    if matches!(purpose, Purpose::New) {
        let mut code = Field::new("code", "Product code (GTIN, NTIN or PPN)", &typed.code)
            .kind(FieldKind::Code)
            .required()
            .hint("The check digit is tested.");
        code.error = error_at(problem_ref, "/code");
        common.push(Input::Field(code));
    }
    for ((name, label, hint), value) in COMMON.iter().zip(&typed.texts) {
        let mut field = Field::new(name, label, value).hint(hint);
        field.required = hint.is_empty() || *name == "pack_type";
        field.error = error_at(problem_ref, &format!("/{name}"));
        common.push(Input::Field(field));
    }
    let group = |legend: String, hint: &str, inputs| FieldGroup {
        legend,
        hint: hint.to_owned(),
        inputs,
    };
    let mut groups = vec![
        group("Common data".into(), "", common),
        group(
            "Manufacturer".into(),
            "Who places the safety features.",
            typed.manufacturer.inputs(
                "manufacturer",
                "Manufacturer",
                error_at(problem_ref, "/manufacturer"),
            ),
        ),
    ];
    let offered = (typed.markets.len() + MARKETS_OFFERED).min(MARKETS_MAX);
    for index in 0..offered {
        let market = typed.markets.get(index).cloned().unwrap_or_default();
        let place = format!("/markets/{index}");
        let mut code = Field::new(
            &format!("market_{index}"),
            "Market, two letters",
            &market.market,
        )
        .kind(FieldKind::Code);
        code.error = error_at(problem_ref, &format!("{place}/market")).or_else(|| {
            error_at(problem_ref, "/markets").filter(|_| index == 0 && typed.markets.is_empty())
        });
        let national = Field::new(
            &format!("market_{index}_national_code"),
            "National code",
            &market.national_code,
        )
        .kind(FieldKind::Code);
        let mut inputs = vec![Input::Field(code), Input::Field(national)];
        inputs.extend(market.holder.inputs(
            &format!("market_{index}_holder"),
            "Holder",
            error_at(problem_ref, &format!("{place}/holder")),
        ));
        for place in 0..(market.wholesalers.len() + 1).min(WHOLESALERS_MAX) {
            let wholesaler = market.wholesalers.get(place).cloned().unwrap_or_default();
            let what = format!("Wholesaler {}", place + 1);
            inputs.extend(wholesaler.inputs(
                &format!("market_{index}_wholesaler_{place}"),
                &what,
                None,
            ));
        }
        let legend = if market.market.is_empty() {
            "Another market".to_owned()
        } else {
            format!("Market {}", market.market)
        };
        groups.push(group(
            legend,
            "Leave it empty when it is not needed.",
            inputs,
        ));
    }
    let (title, action, hidden, submit, cancel) = match purpose {
        Purpose::New => (
            "Add a product".to_owned(),
            "/products".to_owned(),
            Vec::new(),
            "Save the product",
            "/products".to_owned(),
        ),
        Purpose::Edit(code, row_version, version) => {
            let here = address::product(code.as_str());
            let hidden = vec![
                Hidden {
                    name: "if_match".into(),
                    value: row_version.to_string(),
                },
                Hidden {
                    name: "version".into(),
                    value: version.to_string(),
                },
            ];
            (
                format!("Edit version {version}"),
                format!("{here}/edit"),
                hidden,
                "Save the version",
                here,
            )
        }
        Purpose::Version(code) => {
            let here = address::product(code.as_str());
            (
                "New version".to_owned(),
                format!("{here}/versions/new"),
                Vec::new(),
                "Add the version",
                here,
            )
        }
    };
    let back = if cancel == "/products" {
        "Products"
    } else {
        "Product"
    };
    let page = ProductFormPage {
        title: Title::page(&title).back(back, &cancel),
        warning: None,
        form: FormPiece {
            action,
            csrf: desk.csrf().to_owned(),
            hidden,
            groups,
            submit: submit.to_owned(),
            cancel_href: cancel,
            refusals: problem_ref.map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        frame: desk.frame,
    };
    html(problem_ref.map_or(StatusCode::OK, Problem::status), &page)
}
