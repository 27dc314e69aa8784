//! `?fields=` and `?expand=`: how much of an answer a caller wants (users.md, Annex A). One place for every GET that answers
//! JSON; no handler knows of it.
//!
//! Which fields there are is read from the description of the API, so that a name is known exactly when it is described. A
//! field of a field is named with a dot, one level deep; in a list the fields are those of its items. What may be expanded is
//! the table in [`super::expand`]; what is expanded stands under `expanded`, beside the names that the answer always has.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use serde_json::{Map, Value};

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};

use super::caller::Caller;
use super::expand::{self, Expansion};
use super::openapi;
use super::problem::Problem;
use super::route::{Access, Audience, RouteRow};

/// The parameters that are read here and by no handler.
pub(super) const PARAMETERS: [&str; 2] = ["fields", "expand"];
/// Longest list of either.
const NAMES_MAX: usize = 100;

/// Marks a request whose [`PARAMETERS`] are read here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken;

/// What a GET answers: the fields of the object or of each item, and the fields of those that are objects themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    is_page: bool,
    fields: BTreeMap<String, Vec<String>>,
}

impl Shape {
    /// Every name that may be asked for.
    fn names(&self) -> Vec<String> {
        let deep = |(name, below): (&String, &Vec<String>)| {
            let below = below.iter().map(|field| format!("{name}.{field}"));
            std::iter::once(name.clone())
                .chain(below.collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        self.fields.iter().flat_map(deep).collect()
    }
}

/// What a caller wants of an answer.
pub(super) struct Selection {
    is_page: bool,
    /// The wanted fields; of an object's field, those of it that are wanted, or `None` for all of it.
    fields: Option<BTreeMap<String, Option<Vec<String>>>>,
    expansions: Vec<&'static Expansion>,
}

impl Selection {
    /// Whether these parameters are read for a row at all.
    pub(super) fn is_of(row: &RouteRow) -> bool {
        shape_of(row).is_some()
    }

    /// What a request wants; `None` when it wants everything and nothing more.
    ///
    /// # Errors
    /// Every unknown name, with the names there are; an expansion whose permission the caller lacks.
    pub(super) fn read(
        row: &RouteRow,
        request: &HttpRequest,
        caller: &Caller,
    ) -> Result<Option<Self>, Problem> {
        let Some(shape) = shape_of(row) else {
            return Ok(None);
        };
        let parameters = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|_| Problem::of(Code::RequestMalformed, "The query cannot be read."))?;
        let mut faults = Vec::new();
        let mut given = |name: &str| {
            let values: Vec<&str> = parameters
                .iter()
                .filter(|(given, _)| given == name)
                .map(|(_, value)| value.as_str())
                .collect();
            if values.len() > 1 {
                faults.push(fault(name, "The parameter comes twice.".to_owned()));
            }
            let names = values.first().copied().unwrap_or_default().split(',');
            let names: Vec<String> = names
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
            if names.len() > NAMES_MAX {
                faults.push(fault(name, format!("At most {NAMES_MAX} names are taken.")));
            }
            names
        };
        let (fields, expansions) = (given("fields"), given("expand"));
        let selection = Selection {
            is_page: shape.is_page,
            fields: wanted_fields(shape, &fields, &mut faults),
            expansions: wanted_expansions(row, &expansions, &mut faults),
        };
        Refusals::check(faults)?;
        for expansion in &selection.expansions {
            if !caller.may(expansion.permission) {
                let text = format!(
                    "To expand {} needs the permission {}.",
                    expansion.name,
                    expansion.permission.as_str()
                );
                return Err(Problem::at(Code::Forbidden, "?expand", text));
            }
        }
        let wants_all = selection.fields.is_none() && selection.expansions.is_empty();
        Ok((!wants_all).then_some(selection))
    }

    /// The answer with what is wanted.
    pub(super) async fn finish(
        self,
        caller: &Caller,
        response: ServiceResponse<BoxBody>,
    ) -> ServiceResponse<BoxBody> {
        if !response.status().is_success() {
            return response;
        }
        let (request, response) = response.into_parts();
        let is_json = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !is_json {
            let text = "Fields and expansions are for JSON; a table has all its columns.";
            let problem = Problem::of(Code::RequestMalformed, text);
            return ServiceResponse::from_err(problem, request);
        }
        let (mut head, body) = response.into_parts();
        let whole = to_bytes(body)
            .await
            .ok()
            .and_then(|body| serde_json::from_slice::<Value>(&body).ok());
        let Some(mut answer) = whole else {
            return ServiceResponse::from_err(Problem::unavailable(), request);
        };
        self.cut(&mut answer);
        if let Err(problem) = self.expand(caller, &request, &mut answer).await {
            return ServiceResponse::from_err(problem, request);
        }
        head.headers_mut().remove(CONTENT_LENGTH);
        ServiceResponse::new(request, head.set_body(BoxBody::new(answer.to_string())))
    }

    fn cut(&self, answer: &mut Value) {
        let Some(wanted) = &self.fields else { return };
        if !self.is_page {
            return cut_object(answer, wanted);
        }
        let items = answer.get_mut("items").and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            cut_object(item, wanted);
        }
    }

    async fn expand(
        &self,
        caller: &Caller,
        request: &HttpRequest,
        answer: &mut Value,
    ) -> Result<(), Problem> {
        let mut expanded = Map::new();
        for expansion in &self.expansions {
            let value = (expansion.of)(caller.clone(), request.clone()).await?;
            expanded.insert(expansion.name.to_owned(), value);
        }
        if let (false, Value::Object(members)) = (expanded.is_empty(), answer) {
            members.insert("expanded".to_owned(), Value::Object(expanded));
        }
        Ok(())
    }
}

fn wanted_fields(
    shape: &Shape,
    names: &[String],
    faults: &mut Vec<Refusal>,
) -> Option<BTreeMap<String, Option<Vec<String>>>> {
    if names.is_empty() {
        return None;
    }
    let known = shape.names();
    let mut wanted: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for name in names {
        if !known.contains(name) {
            let text = format!("There is no field {name}; there are {}.", known.join(", "));
            faults.push(fault("fields", text));
            continue;
        }
        match name.split_once('.') {
            None => {
                wanted.insert(name.clone(), None);
            }
            Some((above, below)) => {
                let fields = wanted.entry(above.to_owned()).or_insert(Some(Vec::new()));
                if let Some(fields) = fields {
                    fields.push(below.to_owned());
                }
            }
        }
    }
    Some(wanted)
}

fn wanted_expansions(
    row: &RouteRow,
    names: &[String],
    faults: &mut Vec<Refusal>,
) -> Vec<&'static Expansion> {
    let known = expand::of_path(row.path);
    let mut wanted: Vec<&'static Expansion> = Vec::new();
    for name in names {
        match known.iter().find(|expansion| expansion.name == name) {
            Some(expansion) if wanted.iter().any(|other| other.name == name) => {
                let text = format!("{} is named twice.", expansion.name);
                faults.push(fault("expand", text));
            }
            Some(expansion) => wanted.push(expansion),
            None => {
                let names: Vec<&str> = known.iter().map(|expansion| expansion.name).collect();
                let text = match names.as_slice() {
                    [] => "Nothing can be expanded here.".to_owned(),
                    names => format!("Here {} can be expanded.", names.join(", ")),
                };
                faults.push(fault("expand", text));
            }
        }
    }
    wanted
}

fn fault(name: &str, text: String) -> Refusal {
    Refusal::at(Code::RequestMalformed, format!("?{name}"), text)
}

fn cut_object(object: &mut Value, wanted: &BTreeMap<String, Option<Vec<String>>>) {
    let Value::Object(members) = object else {
        return;
    };
    members.retain(|name, _| wanted.contains_key(name));
    for (name, value) in members {
        if let Some(Some(below)) = wanted.get(name) {
            cut_below(value, below);
        }
    }
}

fn cut_below(value: &mut Value, wanted: &[String]) {
    match value {
        Value::Object(members) => members.retain(|name, _| wanted.contains(name)),
        Value::Array(values) => values.iter_mut().for_each(|value| cut_below(value, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What the description says of a row's answer; `None` for what is no GET of a program, and for what answers no JSON.
fn shape_of(row: &RouteRow) -> Option<&'static Shape> {
    static SHAPES: OnceLock<BTreeMap<&'static str, Shape>> = OnceLock::new();
    let is_judged = row.method == Method::GET
        && row.audience == Audience::Programs
        && row.access != Access::Open;
    let shapes = SHAPES.get_or_init(|| {
        let whole = serde_json::to_value(openapi::plain()).unwrap_or_default();
        let shape = |row: RouteRow| Some((row.path, shape_in(&whole, row.path)?));
        super::api::rows()
            .into_iter()
            .filter(|row| row.method == Method::GET)
            .filter_map(shape)
            .collect()
    });
    is_judged.then(|| shapes.get(row.path)).flatten()
}

fn shape_in(whole: &Value, path: &str) -> Option<Shape> {
    let content = &whole["paths"][path]["get"]["responses"]["200"]["content"];
    let schema = content.get("application/json")?.get("schema")?;
    let fields = members_of(whole, schema);
    match (fields.get("items"), fields.get("next")) {
        (Some(items), Some(_)) => Some(Shape {
            is_page: true,
            fields: below(whole, members_of(whole, items)),
        }),
        _ if fields.is_empty() => None,
        _ => Some(Shape {
            is_page: false,
            fields: below(whole, fields),
        }),
    }
}

fn below(whole: &Value, fields: BTreeMap<String, Value>) -> BTreeMap<String, Vec<String>> {
    fields
        .into_iter()
        .map(|(name, schema)| (name, members_of(whole, &schema).into_keys().collect()))
        .collect()
}

/// The members of a schema: its own, those of what it is made of, of what it refers to, or of the items of a list.
fn members_of(whole: &Value, schema: &Value) -> BTreeMap<String, Value> {
    let mut members = BTreeMap::new();
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|text| text.rsplit('/').next())
    {
        return members_of(whole, &whole["components"]["schemas"][name]);
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for schema in schema[part].as_array().into_iter().flatten() {
            members.extend(members_of(whole, schema));
        }
    }
    if let Some(items) = schema.get("items") {
        members.extend(members_of(whole, items));
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        members.insert(name.clone(), schema.clone());
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(path: &str) -> Shape {
        let whole = serde_json::to_value(openapi::plain()).unwrap();
        shape_in(&whole, path).unwrap_or_else(|| panic!("{path} has no shape"))
    }

    fn cut(path: &str, names: &[&str], mut answer: Value) -> Value {
        let shape = shape(path);
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut faults = Vec::new();
        let selection = Selection {
            is_page: shape.is_page,
            fields: wanted_fields(&shape, &names, &mut faults),
            expansions: Vec::new(),
        };
        assert!(faults.is_empty(), "{faults:?}");
        selection.cut(&mut answer);
        answer
    }

    #[test]
    fn what_is_described_can_be_asked_for() {
        let lots = shape("/v1/lots");
        assert!(lots.is_page);
        let names = lots.names();
        for name in ["lot", "numbers", "numbers.stored"] {
            assert!(names.iter().any(|known| known == name), "{names:?}");
        }
        let lot = shape("/v1/lots/{product}/{lot}").names();
        for name in ["product", "unsent", "recalls.market", "numbers.sent"] {
            assert!(lot.iter().any(|known| known == name), "{lot:?}");
        }
        let whole = serde_json::to_value(openapi::plain()).unwrap();
        assert_eq!(shape_in(&whole, "/v1/uploads/{id}/original"), None);
    }

    #[test]
    fn only_what_is_wanted_stays() {
        let page = json!({ "items": [{ "lot": "a", "numbers": { "sent": 1, "stored": 2 }, "name": "x" }], "next": "c1" });
        assert_eq!(
            cut("/v1/lots", &["lot", "numbers.sent"], page),
            json!({ "items": [{ "lot": "a", "numbers": { "sent": 1 } }], "next": "c1" })
        );
        let lot = json!({ "lot": "a", "recalls": [{ "market": "DE", "at": "x" }], "numbers": { "sent": 1 } });
        assert_eq!(
            cut(
                "/v1/lots/{product}/{lot}",
                &["recalls.market", "numbers", "numbers.sent"],
                lot
            ),
            json!({ "recalls": [{ "market": "DE" }], "numbers": { "sent": 1 } })
        );
    }

    #[test]
    fn an_unknown_field_is_told_with_those_there_are() {
        let mut faults = Vec::new();
        let names = ["lot", "colour", "numbers.sent.x"].map(str::to_owned);
        wanted_fields(&shape("/v1/lots"), &names, &mut faults);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].text.contains("numbers.acknowledged"));
    }
}
