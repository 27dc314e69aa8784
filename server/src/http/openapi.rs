//! The description of the API, made from the handlers themselves and completed from the table of routes: what each call
//! needs, and that every refusal is a problem document.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use actix_web::HttpResponse;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder};

use super::api::{Described, rows};
use super::expand;
use super::problem::{FaultBody, PROBLEM_JSON, ProblemBody};
use super::route::{Access, RouteRow};
use super::selection::Selection;

const SCHEME: &str = "key";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Packtwin",
        description = "The digital twin of every medicine pack."
    ),
    components(schemas(ProblemBody, FaultBody))
)]
struct Frame;

/// The description of every row of the table.
pub fn description() -> utoipa::openapi::OpenApi {
    let mut whole = plain();
    let components = whole.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("pt_<environment>_…")
        .build();
    components.add_security_scheme(SCHEME, SecurityScheme::Http(bearer));
    for row in rows() {
        if let Some(operation) = whole
            .paths
            .paths
            .get_mut(row.path)
            .and_then(|item| operation(item, &row))
        {
            complete(operation, &row);
        }
    }
    whole
}

/// The description as the handlers give it.
pub(super) fn plain() -> utoipa::openapi::OpenApi {
    let mut whole = Frame::openapi();
    whole.merge(Described::openapi());
    whole
}

/// The operation of a path that a row's method means.
fn operation<'a>(item: &'a mut PathItem, row: &RouteRow) -> Option<&'a mut Operation> {
    match row.method.as_str() {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        "HEAD" => item.head.as_mut(),
        _ => None,
    }
}

/// Whether the handler of a row reads a query at all.
pub(super) fn reads_query(row: &RouteRow) -> bool {
    static READERS: OnceLock<BTreeSet<(String, &'static str)>> = OnceLock::new();
    let readers = READERS.get_or_init(|| {
        let mut paths = Described::openapi().paths.paths;
        rows()
            .into_iter()
            .filter(|row| {
                paths
                    .get_mut(row.path)
                    .and_then(|item| operation(item, row))
                    .is_some_and(|operation| takes_query(operation))
            })
            .map(|row| (row.method.to_string(), row.path))
            .collect()
    });
    readers.contains(&(row.method.to_string(), row.path))
}

fn takes_query(operation: &Operation) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .any(|parameter| parameter.parameter_in == ParameterIn::Query)
}

fn complete(operation: &mut Operation, row: &RouteRow) {
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemBody")))
        .build();
    let refused = ResponseBuilder::new()
        .description("Refused, with every fault")
        .content(PROBLEM_JSON, problem)
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(refused));
    let told = match row.access {
        Access::Open => return,
        Access::Known => "Needs any valid key.".to_owned(),
        Access::Needs(permission) => {
            format!("Needs a key with the scope `{}`.", permission.as_str())
        }
        Access::Premises => "Needs a premises key, `pv_<environment>_…`.".to_owned(),
    };
    if Selection::is_of(row) {
        let parameters = operation.parameters.get_or_insert_default();
        parameters.push(list_parameter("fields", FIELDS.to_owned()));
        let names: Vec<&str> = expand::of_path(row.path)
            .iter()
            .map(|expansion| expansion.name)
            .collect();
        if !names.is_empty() {
            let told = format!("{EXPAND} {}.", names.join(", "));
            parameters.push(list_parameter("expand", told));
        }
    }
    operation.security = Some(vec![SecurityRequirement::new::<_, [String; 0], String>(
        SCHEME,
        [],
    )]);
    let before = operation
        .description
        .take()
        .map(|text| format!("{text}\n\n"))
        .unwrap_or_default();
    operation.description = Some(before + &told);
}

/// What is told of `fields`.
const FIELDS: &str =
    "The fields wanted, with commas between; a field of a field with a dot. JSON only.";
/// What is told of `expand`, before the names.
const EXPAND: &str = "What is brought along under `expanded`, with commas between; each needs its own scope. There are:";

/// A parameter that is a list with commas.
fn list_parameter(name: &str, told: String) -> RefOr<Parameter> {
    let text = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(told))
        .schema(Some(text));
    RefOr::T(parameter.build())
}

/// The description of this API, OpenAPI 3.1.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "me", responses((status = 200, description = "OpenAPI 3.1")))]
pub async fn show() -> HttpResponse {
    HttpResponse::Ok().json(description())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every registered route is described, and nothing is described that is not there.
    #[test]
    fn description_and_table_are_the_same_list() {
        let table: BTreeSet<String> = rows()
            .iter()
            .map(|row| format!("{} {}", row.method, row.path))
            .collect();
        assert_eq!(table.len(), rows().len(), "a row is there twice");
        let json = serde_json::to_value(description()).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in json["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                described.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        assert_eq!(described, table);
    }

    #[test]
    fn every_call_that_needs_a_key_says_so() {
        let json = serde_json::to_value(description()).unwrap();
        for row in rows() {
            let operation = &json["paths"][row.path][row.method.as_str().to_lowercase()];
            assert_eq!(
                operation["security"].is_array(),
                row.access != Access::Open,
                "{}",
                row.path
            );
            assert!(
                operation["responses"]["default"].is_object(),
                "{}",
                row.path
            );
        }
    }

    /// A schema that is named and not defined makes the document useless for generators.
    #[test]
    fn every_reference_is_defined() {
        let json = serde_json::to_value(description()).unwrap();
        let text = json.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(json["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
