//! The files of an upload: the original, the error file, the findings as CSV, and the templates to start from.

use std::io::{Seek, SeekFrom};

use actix_web::{HttpResponse, web};

use packtwin_app::error::AppError;
use packtwin_app::upload::{UploadDetail, each_finding, severity_word, write_error_file};
use packtwin_core::code::Code;
use packtwin_core::ids::UploadId;
use packtwin_core::role::Permission;
use packtwin_partner::template;

use super::decide::code_named;
use crate::http::caller::Caller;
use crate::http::list::spreadsheet_safe;
use crate::http::page::{Desk, download};
use crate::http::problem::Problem;
use crate::http::request::{Query, id};

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The original, byte for byte.
pub(in crate::http) async fn original(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let (file, name) = desk
        .work(move |desk| {
            desk.require(Permission::UploadsRead)?;
            let record = desk
                .scope()
                .read(|reader| reader.upload_get(id))?
                .ok_or(AppError::NotFound)?;
            let sha256 = record.sha256.ok_or(AppError::NotFound)?;
            Ok((desk.scope().blobs().open(&sha256)?, record.file_name))
        })
        .await?;
    Ok(download::file(file, &name, "application/octet-stream"))
}

/// The rows with findings, in the original's form with four more columns.
pub(in crate::http) async fn errors(
    desk: Desk,
    path: web::Path<String>,
    _request: actix_web::HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let (file, is_workbook) = desk
        .work(move |desk| {
            let record = desk
                .scope()
                .read(|reader| reader.upload_get(id))?
                .ok_or(AppError::NotFound)?;
            let mut file = tempfile::tempfile_in(desk.scope().blobs().work_folder(id)?)?;
            write_error_file(desk, id, &mut file)?;
            file.seek(SeekFrom::Start(0))?;
            Ok((file, record.kind == "xlsx"))
        })
        .await?;
    let (ending, kind) = if is_workbook {
        ("xlsx", XLSX)
    } else {
        ("csv", "text/csv")
    };
    Ok(download::file(
        file,
        &download::file_name(&desk, &format!("errors_{id}"), ending),
        kind,
    ))
}

/// Every finding, or those of one code, as CSV. Cells that begin like a formula get an apostrophe (ATK-047).
pub(in crate::http) async fn findings(
    desk: Desk,
    path: web::Path<String>,
    mut query: Query,
    _request: actix_web::HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id: UploadId = id(&path)?;
    let code = query.take("code", code_named, "a code of the register");
    query.close()?;
    let file = desk
        .work(move |desk| {
            let file = tempfile::tempfile_in(desk.scope().blobs().work_folder(id)?)?;
            let mut table = csv::Writer::from_writer(std::io::BufWriter::new(file));
            table
                .write_record(["row", "column", "code", "severity", "message", "proposal"])
                .map_err(std::io::Error::from)?;
            each_finding(desk, id, code, &mut |finding| {
                let proposal = finding.proposal.as_deref().unwrap_or_default();
                let cells = [
                    &finding.column,
                    finding.code.as_str(),
                    severity_word(finding.severity),
                    &finding.text,
                    proposal,
                ];
                let cells = cells.map(spreadsheet_safe);
                table.write_record(std::iter::once(finding.row.to_string()).chain(cells))?;
                Ok(())
            })?;
            let buffer = table.into_inner().map_err(|error| error.into_error())?;
            let mut file = buffer
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)?;
            file.seek(SeekFrom::Start(0))?;
            Ok(file)
        })
        .await?;
    Ok(download::file(
        file,
        &download::file_name(&desk, &format!("findings_{id}"), "csv"),
        CSV,
    ))
}

/// A template for packagers who have no format of their own.
pub(in crate::http) async fn template_file(
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let ending = path.into_inner();
    let kind = match ending.as_str() {
        "csv" => CSV,
        "xlsx" => XLSX,
        _ => return Err(Problem::not_found()),
    };
    let file = caller
        .block(move |_| {
            let failed = |error: std::io::Error| Problem::from(AppError::from(error));
            let mut file = tempfile::tempfile().map_err(failed)?;
            if kind == CSV {
                template::write_csv(&file).map_err(failed)?;
            } else {
                template::write_workbook(&mut file).map_err(|error| {
                    tracing::error!(%error, "the workbook template could not be written");
                    Problem::unavailable()
                })?;
            }
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            Ok(file)
        })
        .await?;
    Ok(download::file(
        file,
        &format!("serial_template.{ending}"),
        kind,
    ))
}

/// Why a file cannot be read at all, as a sentence with its code.
pub(super) fn refused_whole(detail: &UploadDetail) -> Option<String> {
    let (code, text) = detail.refused.as_ref()?;
    let remedy = code_named(code).map_or("", Code::remedy);
    Some(format!(
        "{} ({code}) {remedy}",
        crate::http::page::sentence(text)
    ))
}
