//! What a person decides about a checked file: which proposals to accept, which lots to store, or to take it back.
//! Storing and taking back ask a second time, with the numbers.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::upload::{
    Decision, MappingChoice, UploadDetail, change_decision, request_commit, withdraw,
};
use packtwin_core::code::Code;
use packtwin_core::ids::UploadId;
use packtwin_tenants::store::upload::UploadRecord;
use packtwin_tenants::store::upload_result::UploadLot;

use super::show::{LOTS_MAX, can_commit};
use crate::http::page::{Desk, Form, html, see, sentences, words};
use crate::http::problem::Problem;
use crate::http::request::id;
use crate::pages::piece::action::Hidden;
use crate::pages::piece::confirm::CountLine;
use crate::pages::piece::{Confirm, Fact, Field, Link, Title};
use crate::pages::view::confirm::ConfirmPage;

/// The code with this name.
pub(super) fn code_named(text: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == text)
}

/// Accepts the proposals of a code, keeps its values as they are, or takes that back; the file is checked again.
pub(in crate::http) async fn fixes(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let named = code_named(&form.text("code"));
    let code = named
        .ok_or_else(|| Problem::at(Code::RequestMalformed, "/code", "There is no such code."))?;
    let choice = form.text("accept");
    desk.work(move |desk| {
        let record = desk.scope().read(|reader| reader.upload_get(id))?;
        let record = record.ok_or(packtwin_app::error::AppError::NotFound)?;
        let detail = UploadDetail::from_record(&record);
        let others = |words: &[String]| -> BTreeSet<Code> {
            let codes = words.iter().filter_map(|text| code_named(text));
            codes.filter(|other| *other != code).collect()
        };
        let (mut accepted, mut kept) = (others(&detail.accepted), others(&detail.kept));
        match choice.as_str() {
            "yes" => accepted.insert(code),
            "keep" => kept.insert(code),
            _ => false,
        };
        change_decision(
            desk,
            id,
            Decision {
                mapping: MappingChoice::Keep,
                accepted: Some(accepted),
                kept: Some(kept),
            },
        )
    })
    .await?;
    Ok(see(format!("/uploads/{id}")))
}

/// Stores the correct lots, or the chosen ones: first the numbers, then, once confirmed, the work.
pub(in crate::http) async fn commit(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let lots: Result<Vec<u32>, _> = form.all("lot").iter().map(|text| text.parse()).collect();
    let lots = lots.map_err(|_| {
        Problem::at(
            Code::RequestMalformed,
            "/lot",
            "A lot is named by its number in the file.",
        )
    })?;
    let mut refused = None;
    if form.text("confirmed") == "yes" {
        let chosen = lots.clone();
        match desk
            .work(move |desk| request_commit(desk, id, chosen))
            .await
        {
            Ok(_job) => return Ok(see(format!("/uploads/{id}"))),
            Err(problem)
                if problem.status().is_server_error()
                    || problem.status() == StatusCode::NOT_FOUND =>
            {
                return Err(problem);
            }
            Err(problem) => refused = Some(problem),
        }
    }
    let (record, found) = read(&desk, id).await?;
    let chosen: Vec<&UploadLot> = found
        .iter()
        .filter(|lot| can_commit(lot) && (lots.is_empty() || lots.contains(&lot.index)))
        .collect();
    let packs: u64 = chosen.iter().map(|lot| lot.rows_right).sum();
    let left = found.iter().filter(|lot| lot.load.is_none()).count() - chosen.len();
    let mut consequences = vec![
        "All packs of a lot become visible at once, or none of them.".to_owned(),
        "A serial that is stored cannot be used again for this product on this site.".to_owned(),
        "Nothing is sent to the hub by this.".to_owned(),
    ];
    if left > 0 {
        consequences.push(format!(
            "{} of this file stay uncommitted.",
            words::counted(left as u64, "lot")
        ));
    }
    let chosen_fields = lots.iter().map(|lot| Hidden {
        name: "lot".into(),
        value: lot.to_string(),
    });
    let confirmed = Hidden {
        name: "confirmed".into(),
        value: "yes".into(),
    };
    let page = ConfirmPage {
        title: Title::named("Commit", &record.file_name).back("Upload", &format!("/uploads/{id}")),
        facts: chosen
            .iter()
            .take(10)
            .map(|lot| {
                Fact::text(
                    "Lot",
                    format!(
                        "{} · {}",
                        lot.batch_text,
                        words::counted(lot.rows_right, "pack")
                    ),
                )
            })
            .collect(),
        confirm: Confirm {
            question: format!("Store {}?", words::counted(packs, "pack")),
            counts: vec![
                CountLine {
                    count: packs,
                    text: "packs are stored".into(),
                },
                CountLine {
                    count: chosen.len() as u64,
                    text: "lots become visible".into(),
                },
            ],
            consequences,
            action: format!("/uploads/{id}/commit"),
            csrf: desk.csrf().to_owned(),
            hidden: chosen_fields.chain([confirmed]).collect(),
            submit: format!("Store {}", words::counted(packs, "pack")),
            cancel: Link::new("Back to the upload", format!("/uploads/{id}")),
            refusals: refused.as_ref().map(sentences).unwrap_or_default(),
            ..Confirm::default()
        },
        frame: desk.frame,
    };
    html(
        refused.as_ref().map_or(StatusCode::OK, Problem::status),
        &page,
    )
}

/// Asks whether an upload is to be taken back.
pub(in crate::http) async fn ask_withdraw(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    withdraw_page(desk, id, None).await
}

/// Takes an upload back.
pub(in crate::http) async fn do_withdraw(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let reason = form.text("reason");
    let done = if reason.is_empty() {
        Err(Problem::at(
            Code::RequestMalformed,
            "/reason",
            "The reason is missing.",
        ))
    } else {
        desk.work(move |desk| withdraw(desk, id, &reason)).await
    };
    match done {
        Ok(()) => Ok(see(format!("/uploads/{id}"))),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => withdraw_page(desk, id, Some(problem)).await,
    }
}

async fn withdraw_page(
    desk: Desk,
    id: UploadId,
    problem: Option<Problem>,
) -> Result<HttpResponse, Problem> {
    let (record, lots) = read(&desk, id).await?;
    let rows = lots.iter().map(|lot| lot.rows_right + lot.rows_wrong).sum();
    let mut reason = Field::new("reason", "Reason", "").required();
    reason.error = super::super::error_at(problem.as_ref(), "/reason");
    let page = ConfirmPage {
        title: Title::named("Withdraw upload", &record.file_name)
            .back("Upload", &format!("/uploads/{id}")),
        facts: vec![Fact::text("State", words::upload(&record).word)],
        confirm: Confirm {
            question: "Take this upload back?".into(),
            counts: vec![CountLine {
                count: rows,
                text: "rows are not stored".into(),
            }],
            consequences: vec!["The original is kept as evidence.".into()],
            action: format!("/uploads/{id}/withdraw"),
            csrf: desk.csrf().to_owned(),
            fields: vec![reason],
            submit: "Withdraw the upload".into(),
            is_danger: true,
            cancel: Link::new("Back to the upload", format!("/uploads/{id}")),
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

async fn read(desk: &Desk, id: UploadId) -> Result<(UploadRecord, Vec<UploadLot>), Problem> {
    let found = desk
        .caller
        .read(move |reader| {
            Ok((
                reader.upload_get(id)?,
                reader.upload_lots(id, None, LOTS_MAX)?,
            ))
        })
        .await?;
    Ok((found.0.ok_or_else(Problem::not_found)?, found.1))
}
