//! JSON merge patch (RFC 7396): a body that names what changes, laid over what is there.
//!
//! A member with a value replaces, `null` takes away, an object is laid over an object, a list replaces a list. What comes of
//! it is read as strictly as a whole body is, so that every fault is told with its pointer.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Serialize;
use serde_json::{Map, Value};

use packtwin_core::code::Code;
use packtwin_core::refusal::Refusals;

use super::json::{self, FromJson};
use super::problem::Problem;
use super::request::{collect, content_type};
use super::shared::Shared;

/// The media types that are taken: the one of the standard, and the one that every client sends.
const MEDIA_TYPES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// A patch as it came: strict JSON.
pub(super) struct MergePatch(Value);

impl MergePatch {
    /// What there is with this patch laid over it.
    ///
    /// # Errors
    /// Every fault of the whole that comes of it.
    pub(super) fn onto<T: Serialize + FromJson>(&self, present: &T) -> Result<T, Refusals> {
        let mut whole = serde_json::to_value(present).unwrap_or_default();
        merge(&mut whole, &self.0);
        json::read_value(&whole)
    }
}

impl FromRequest for MergePatch {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_patch =
            content_type(request.headers()).is_some_and(|kind| MEDIA_TYPES.contains(&kind));
        let limit = Shared::of(request).configuration.limits.json_bytes;
        let payload = payload.take();
        Box::pin(async move {
            if !is_patch {
                let text = format!("This address takes {}.", MEDIA_TYPES.join(" or "));
                return Err(Problem::of(Code::ContentTypeWrong, text));
            }
            let bytes = collect(payload, limit).await?;
            Ok(MergePatch(json::parse(&bytes)?))
        })
    }
}

/// The algorithm of RFC 7396, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(mut target: Value, patch: Value, expected: Value) {
        merge(&mut target, &patch);
        assert_eq!(target, expected, "{patch}");
    }

    #[test]
    fn a_patch_replaces_takes_away_and_goes_deeper() {
        let there = || json!({ "name": "a", "size": 1, "maker": { "name": "m", "city": "x" } });
        check(there(), json!({}), there());
        check(
            there(),
            json!({ "size": 2, "maker": { "city": null } }),
            json!({ "name": "a", "size": 2, "maker": { "name": "m" } }),
        );
        check(
            there(),
            json!({ "name": { "de": "b", "fr": null }, "maker": [1] }),
            json!({ "name": { "de": "b" }, "size": 1, "maker": [1] }),
        );
        check(there(), json!([null]), json!([null]));
        check(json!([1]), json!({ "a": null }), json!({}));
    }
}
