//! What `?expand=` may bring along: one table of the resources that name another, with the permission that the other needs.
//!
//! Only a single resource is expanded; a list would ask for each of its items. What comes is what the other's own address
//! answers, or its items. Reading the parameter is [`super::selection`]'s.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use packtwin_app::lot::view_lot;
use packtwin_core::ids::{MessageId, UploadId};
use packtwin_core::role::Permission;

use super::caller::Caller;
use super::finding::UploadLotBody;
use super::list::Page;
use super::lot::{Lot, names};
use super::message::Message;
use super::pack;
use super::problem::Problem;
use super::product::{Product, code_of, latest};
use super::request::id;
use super::shared::Shared;

/// Something that an answer can bring along.
pub(super) struct Expansion {
    /// The address whose answer names it.
    pub(super) path: &'static str,
    /// Its name in the parameter and in the answer.
    pub(super) name: &'static str,
    /// What reading it needs.
    pub(super) permission: Permission,
    /// Reads it.
    pub(super) of: fn(Caller, HttpRequest) -> Expanding,
}

type Expanding = Pin<Box<dyn Future<Output = Result<Value, Problem>>>>;

/// Lots of an upload that are brought along.
const LOTS_MAX: u32 = 1_000;
const LOT: &str = "/v1/lots/{product}/{lot}";

static EXPANSIONS: [Expansion; 5] = [
    Expansion {
        path: LOT,
        name: "product",
        permission: Permission::ProductsRead,
        of: |caller, request| Box::pin(product_of_lot(caller, request)),
    },
    Expansion {
        path: LOT,
        name: "messages",
        permission: Permission::ConnectorsRead,
        of: |caller, request| Box::pin(messages_of_lot(caller, request)),
    },
    Expansion {
        path: "/v1/packs/{code}/{serial}",
        name: "lot",
        permission: Permission::LotsRead,
        of: |caller, request| Box::pin(lot_of_pack(caller, request)),
    },
    Expansion {
        path: "/v1/uploads/{id}",
        name: "lots",
        permission: Permission::UploadsRead,
        of: |caller, request| Box::pin(lots_of_upload(caller, request)),
    },
    Expansion {
        path: "/v1/messages/{id}",
        name: "lot",
        permission: Permission::LotsRead,
        of: |caller, request| Box::pin(lot_of_message(caller, request)),
    },
];

/// What may be expanded at an address.
pub(super) fn of_path(path: &str) -> Vec<&'static Expansion> {
    EXPANSIONS
        .iter()
        .filter(|expansion| expansion.path == path)
        .collect()
}

async fn product_of_lot(caller: Caller, request: HttpRequest) -> Result<Value, Problem> {
    let path: (String, String) = path_of(&request).await?;
    let code = code_of(&path.0)?;
    let shared = Shared::of(&request);
    let (product, version) = caller
        .at_desk(&shared, move |desk| latest(desk, &code))
        .await?;
    json(&Product::new(&product, &version))
}

async fn messages_of_lot(caller: Caller, request: HttpRequest) -> Result<Value, Problem> {
    let (code, batch) = names(&path_of(&request).await?)?;
    let view = caller
        .at_desk(&Shared::of(&request), move |desk| {
            view_lot(desk, &code, &batch)
        })
        .await?;
    json(&view.messages.iter().map(Message::from).collect::<Vec<_>>())
}

async fn lot_of_pack(caller: Caller, request: HttpRequest) -> Result<Value, Problem> {
    let path: (String, String) = path_of(&request).await?;
    let shared = Shared::of(&request);
    let twin = pack::found(&caller, &shared, &path, None).await?;
    let view = caller
        .at_desk(&shared, move |desk| {
            view_lot(desk, &twin.product.code, &twin.lot.batch)
        })
        .await?;
    json(&Lot::from(&view))
}

/// The first lots of an upload, as a page of its own address: `next` leads on.
async fn lots_of_upload(caller: Caller, request: HttpRequest) -> Result<Value, Problem> {
    let upload: UploadId = id(&path_of::<String>(&request).await?)?;
    let lots = caller
        .read(move |reader| reader.upload_lots(upload, None, i64::from(LOTS_MAX) + 1))
        .await?;
    let lots = lots.into_iter().map(UploadLotBody::from).collect();
    json(&Page::of(lots, LOTS_MAX, |lot| lot.index.to_string()))
}

/// A message of a product has no lot: then null.
async fn lot_of_message(caller: Caller, request: HttpRequest) -> Result<Value, Problem> {
    let message: MessageId = id(&path_of::<String>(&request).await?)?;
    let named = caller
        .read(move |reader| {
            let Some(record) = reader.message_get(message)? else {
                return Ok(None);
            };
            let product = reader.product_get(record.product)?;
            let lot = match record.lot {
                Some(lot) => reader.lot_get(record.product, lot)?,
                None => None,
            };
            Ok(product.zip(lot))
        })
        .await?;
    let Some((product, lot)) = named else {
        return Ok(Value::Null);
    };
    let view = caller
        .at_desk(&Shared::of(&request), move |desk| {
            view_lot(desk, &product.code, &lot.batch)
        })
        .await?;
    json(&Lot::from(&view))
}

async fn path_of<T: DeserializeOwned + 'static>(request: &HttpRequest) -> Result<T, Problem> {
    let path = web::Path::<T>::from_request(request, &mut Payload::None).await;
    Ok(path.map_err(|_| Problem::not_found())?.into_inner())
}

fn json(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|_| Problem::unavailable())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row of the table is reached: its address is one of the API's, and it needs a name of its own there.
    #[test]
    fn the_table_names_addresses_that_are_there() {
        for expansion in &EXPANSIONS {
            assert!(
                crate::http::api_rows()
                    .iter()
                    .any(|row| row.path == expansion.path && row.method == "GET"),
                "{}",
                expansion.path
            );
            let same = of_path(expansion.path)
                .into_iter()
                .filter(|other| other.name == expansion.name);
            assert_eq!(same.count(), 1, "{} {}", expansion.path, expansion.name);
        }
    }
}
