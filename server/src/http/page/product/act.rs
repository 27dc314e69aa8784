//! What is done with a product: a version sent, the hub's copy read, the product withdrawn. A withdrawal is final and has
//! the product code typed.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::error::AppError;
use packtwin_app::product::{product_of, read_hub_copy, send_version, withdraw_product};
use packtwin_core::code::Code as Stable;
use packtwin_core::product_code::ProductCode;

use super::{markets, named};
use crate::http::page::closing::closing_order;
use crate::http::page::{Desk, Form, address, error_at, html, see, sentences};
use crate::http::problem::Problem;
use crate::pages::piece::confirm::CountLine;
use crate::pages::piece::{Confirm, Fact, Field, Link, Title};
use crate::pages::view::confirm::ConfirmPage;

/// Sends a version to the hub.
pub(in crate::http) async fn send(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let version = form.text("version").parse().map_err(|_| {
        Problem::at(
            Stable::RequestMalformed,
            "/version",
            "The version is missing.",
        )
    })?;
    desk.work(move |desk| send_version(desk, &code, version))
        .await?;
    Ok(see(address::product(code.as_str())))
}

/// Asks the hub for its copy.
pub(in crate::http) async fn compare(
    desk: Desk,
    path: web::Path<String>,
    _form: Form,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    desk.work(move |desk| read_hub_copy(desk, &code)).await?;
    Ok(see(address::product(code.as_str())))
}

/// Asks whether a product is to be withdrawn.
pub(in crate::http) async fn ask_withdraw(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    withdraw_page(desk, code, None, None).await
}

/// Withdraws a product.
pub(in crate::http) async fn withdraw(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let code = named(&path)?;
    let done = match closing_order(
        &form,
        code.as_str(),
        "the product code was not typed exactly",
    ) {
        Ok((markets, reason)) => {
            desk.work(move |desk| withdraw_product(desk, &code, &markets, &reason))
                .await
        }
        Err(faults) => Err(faults.into()),
    };
    match done {
        Ok(_message) => Ok(see(address::product(code.as_str()))),
        Err(problem)
            if problem.status().is_server_error() || problem.status() == StatusCode::NOT_FOUND =>
        {
            Err(problem)
        }
        Err(problem) => withdraw_page(desk, code, Some(problem), Some(&form)).await,
    }
}

async fn withdraw_page(
    desk: Desk,
    code: ProductCode,
    problem: Option<Problem>,
    form: Option<&Form>,
) -> Result<HttpResponse, Problem> {
    let (name, all, lots) = desk
        .work(move |desk| {
            desk.scope().read(|reader| {
                let product = product_of(reader, &code)?;
                let latest = reader
                    .product_version_get(product.no, product.latest_version)?
                    .ok_or(AppError::NotFound)?;
                let mut lots = 0;
                for version in reader.product_version_list(product.no)? {
                    lots += reader.product_lot_count(product.no, version.version)?;
                }
                Ok::<_, AppError>((latest.data.name.clone(), markets(&latest.data), lots))
            })
        })
        .await?;
    let here = address::product(code.as_str());
    let typed = |name: &str| form.map_or(String::new(), |form| form.text(name));
    let mut markets = Field::new(
        "markets",
        "Markets",
        form.map_or(all, |form| form.text("markets")),
    )
    .required()
    .hint("The codes, separated by spaces.");
    markets.error = error_at(problem.as_ref(), "/markets");
    let mut reason = Field::new("reason", "Reason", typed("reason")).required();
    reason.error = error_at(problem.as_ref(), "/reason");
    let page = ConfirmPage {
        title: Title::named("Withdraw product", &name).back("Product", &here),
        facts: vec![Fact::text("Product code", code.as_str())],
        confirm: Confirm {
            question: format!("Withdraw {name}?"),
            counts: vec![CountLine {
                count: lots,
                text: "lots must not be dispensed any more in these markets".into(),
            }],
            consequences: vec![
                "A withdrawal is final.".into(),
                "The hub tells the national systems.".into(),
            ],
            action: format!("{here}/withdraw"),
            csrf: desk.csrf().to_owned(),
            fields: vec![markets, reason],
            type_word: code.as_str().to_owned(),
            submit: "Withdraw the product".into(),
            is_danger: true,
            cancel: Link::new("Back to the product", here),
            refusals: problem.as_ref().map(sentences).unwrap_or_default(),
            ..Confirm::default()
        },
        frame: desk.frame,
    };
    html(
        problem.as_ref().map_or(StatusCode::OK, Problem::status),
        &page,
    )
}
