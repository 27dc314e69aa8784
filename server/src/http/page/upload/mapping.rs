//! The mapping editor of one upload (users.md 3.5): what each column means, tried on the first rows, kept for the partner.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_app::upload::{
    Decision, MappingChoice, MappingTrial as Tried, UploadDetail, change_decision, try_mapping,
};
use packtwin_core::code::Code as Stable;
use packtwin_core::ids::UploadId;
use packtwin_core::time::Timestamp;
use packtwin_partner::dates::DateFormat;
use packtwin_partner::mapping::{Column, Field as Meaning, Mapping};
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::store::upload::UploadRecord;

use super::trial::trial;
use crate::http::page::{Desk, Form, html, see, sentences};
use crate::http::problem::Problem;
use crate::http::request::id;
use crate::pages::piece::{Choice, Field, FieldKind, Link, Select, Title};
use crate::pages::view::mapping::{MappingColumn, MappingPage};

/// First values shown of a column.
const EXAMPLES: usize = 3;

/// What a column can mean, with the words of the page.
pub(super) const MEANINGS: [(Meaning, &str); 7] = [
    (Meaning::Serial, "Serial"),
    (Meaning::ProductCode, "Product code"),
    (Meaning::Batch, "Lot"),
    (Meaning::Expiry, "Expiry"),
    (Meaning::Manufactured, "Manufacturing date"),
    (Meaning::Market, "Market"),
    (Meaning::Ignore, "Knowingly not read"),
];

/// The editor.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let (record, detail) = read(&desk, id).await?;
    let present = detail
        .mapping
        .as_deref()
        .and_then(|text| Mapping::parse(text).ok());
    let mapping = present.unwrap_or_else(|| {
        Mapping::propose(&detail.heading, &detail.first_rows, desk.shared.now())
    });
    let typed = Typed::of(&desk, None, &record).await?;
    html(
        StatusCode::OK,
        &editor(desk, &record, &detail, &mapping, &typed, None, None),
    )
}

/// Tries a mapping, or takes it: the file is checked with it, and it is kept when it has a name.
pub(in crate::http) async fn decide(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let (record, detail) = read(&desk, id).await?;
    let mapping = mapping_of(&form, &detail);
    let text = mapping.to_string();
    let typed = Typed::of(&desk, Some(&form), &record).await?;
    if form.text("do") == "save" {
        let (partner, kept_name) = (typed.partner.clone(), typed.name.clone());
        let done = desk
            .work(move |desk| {
                change_decision(
                    desk,
                    id,
                    Decision {
                        mapping: MappingChoice::Text(text.clone()),
                        accepted: None,
                        kept: None,
                    },
                )?;
                if kept_name.is_empty() || partner.is_empty() {
                    return Ok(());
                }
                desk.scope().change(desk.now(), |writer| {
                    let kept = writer.mapping_create(&partner, &kept_name, &text)?;
                    let told = serde_json::json!({ "partner": partner, "name": kept_name });
                    let note =
                        AuditNote::new("mapping.created", format!("mapping {kept}")).detail(told);
                    Ok::<_, packtwin_app::error::AppError>(note.returning(()))
                })
            })
            .await;
        return match done {
            Ok(()) => Ok(see(format!("/uploads/{id}"))),
            Err(problem) if problem.status().is_server_error() => Err(problem),
            Err(problem) => {
                let status = problem.status();
                html(
                    status,
                    &editor(
                        desk,
                        &record,
                        &detail,
                        &mapping,
                        &typed,
                        None,
                        Some(&problem),
                    ),
                )
            }
        };
    }
    match desk.work(move |desk| try_mapping(desk, id, &text)).await {
        Ok(tried) => html(
            StatusCode::OK,
            &editor(desk, &record, &detail, &mapping, &typed, Some(&tried), None),
        ),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => {
            let status = problem.status();
            html(
                status,
                &editor(
                    desk,
                    &record,
                    &detail,
                    &mapping,
                    &typed,
                    None,
                    Some(&problem),
                ),
            )
        }
    }
}

/// What the editor shows beside the mapping itself.
struct Typed {
    name: String,
    partner: String,
    partners: Vec<String>,
    now: Timestamp,
}

impl Typed {
    async fn of(desk: &Desk, form: Option<&Form>, record: &UploadRecord) -> Result<Self, Problem> {
        Ok(Typed {
            name: form.map_or_else(String::new, |form| form.text("name")),
            partner: form.map_or_else(|| record.partner.clone(), |form| form.text("partner")),
            partners: super::partners(desk).await?,
            now: desk.shared.now(),
        })
    }
}

async fn read(desk: &Desk, id: UploadId) -> Result<(UploadRecord, UploadDetail), Problem> {
    let record = desk
        .caller
        .read(move |reader| reader.upload_get(id))
        .await?
        .ok_or_else(Problem::not_found)?;
    let detail = UploadDetail::from_record(&record);
    if detail.first_rows.is_empty() {
        return Err(Problem::of(
            Stable::UploadState,
            "This file has no columns to map.",
        ));
    }
    Ok((record, detail))
}

/// The mapping that a form describes. What the form does not ask (sheet, rows above the heading) stays as it was.
fn mapping_of(form: &Form, detail: &UploadDetail) -> Mapping {
    let present = detail
        .mapping
        .as_deref()
        .and_then(|text| Mapping::parse(text).ok())
        .unwrap_or_default();
    let column = |place: usize| {
        let meaning = Meaning::parse(&form.text(&format!("column_{}", place + 1)))?;
        let heading = detail
            .heading
            .get(place)
            .filter(|text| !text.trim().is_empty());
        let is_single = heading
            .is_some_and(|text| detail.heading.iter().filter(|other| *other == text).count() == 1);
        Some((
            meaning,
            match heading {
                Some(text) if is_single => Column::Heading(text.clone()),
                _ => Column::Number(place + 1),
            },
        ))
    };
    let fixed = |meaning: Meaning| {
        Some((
            meaning,
            form.filled(&format!("fixed_{}", meaning.as_str()))?,
        ))
    };
    Mapping {
        columns: (0..width(detail)).filter_map(column).collect(),
        fixed: [
            Meaning::ProductCode,
            Meaning::Batch,
            Meaning::Expiry,
            Meaning::Market,
        ]
        .into_iter()
        .filter_map(fixed)
        .collect(),
        heading: !detail.heading.is_empty(),
        date_format: DateFormat::parse(&form.text("date_format")).unwrap_or_default(),
        ..present
    }
}

fn width(detail: &UploadDetail) -> usize {
    detail
        .first_rows
        .iter()
        .map(Vec::len)
        .chain([detail.heading.len()])
        .max()
        .unwrap_or(0)
}

fn editor(
    desk: Desk,
    record: &UploadRecord,
    detail: &UploadDetail,
    mapping: &Mapping,
    typed: &Typed,
    tried: Option<&Tried>,
    problem: Option<&Problem>,
) -> MappingPage {
    let here = format!("/uploads/{}", record.id);
    let meaning_of = |place: usize| {
        mapping.columns.iter().find(|(_, column)| match column {
            Column::Heading(heading) => detail.heading.get(place) == Some(heading),
            Column::Number(number) => *number == place + 1,
        })
    };
    let columns = (0..width(detail)).map(|place| {
        let chosen = meaning_of(place).map(|(meaning, _)| *meaning);
        let none = Choice {
            value: String::new(),
            label: "not used".into(),
            selected: chosen.is_none(),
        };
        let choices = MEANINGS.iter().map(|(meaning, label)| Choice {
            value: meaning.as_str().into(),
            label: (*label).into(),
            selected: chosen == Some(*meaning),
        });
        MappingColumn {
            position: place as u64 + 1,
            heading: detail.heading.get(place).cloned().unwrap_or_default(),
            examples: detail
                .first_rows
                .iter()
                .filter_map(|row| row.get(place))
                .take(EXAMPLES)
                .cloned()
                .collect(),
            target: Select {
                name: format!("column_{}", place + 1),
                label: format!("Column {} is read as", place + 1),
                choices: std::iter::once(none).chain(choices).collect(),
                ..Select::default()
            },
        }
    });
    let fixed_value = |meaning: Meaning| {
        mapping
            .fixed
            .iter()
            .find(|(given, _)| *given == meaning)
            .map_or(String::new(), |(_, value)| value.clone())
    };
    let fixed = |meaning: Meaning, label: &str| {
        Field::new(
            &format!("fixed_{}", meaning.as_str()),
            label,
            fixed_value(meaning),
        )
        .kind(FieldKind::Code)
    };
    let formats: Vec<(&str, &str)> = DateFormat::ALL
        .into_iter()
        .map(|format| match format {
            DateFormat::Auto => (format.as_str(), "recognised by itself"),
            other => (other.as_str(), other.as_str()),
        })
        .collect();
    MappingPage {
        title: Title {
            note: record.file_name.clone(),
            ..Title::page("Map the columns")
        }
        .back("Upload", &here),
        recognised: detail.description.clone(),
        action: format!("{here}/mapping"),
        columns: columns.collect(),
        date_format: Select::new(
            "date_format",
            "Dates are written",
            &formats,
            mapping.date_format.as_str(),
        ),
        fixed: vec![
            fixed(Meaning::ProductCode, "Product code"),
            fixed(Meaning::Batch, "Lot"),
            fixed(Meaning::Expiry, "Expiry"),
            fixed(Meaning::Market, "Market"),
        ],
        partner: Field::new("partner", "For files of", &typed.partner)
            .hint("The partner, as uploads name it.")
            .suggest(typed.partners.clone()),
        name: Field::new("name", "Name of the mapping", &typed.name)
            .hint("With a name and a partner it is kept and used for the partner's next file."),
        trial: tried.map(|tried| trial(detail, mapping, tried, typed.now)),
        refusals: problem.map(sentences).unwrap_or_default(),
        cancel: Link::new("Back to the upload", here),
        frame: desk.frame,
    }
}
