//! The mechanism behind the table of routes: what a row is, and how rows become resources of the web framework.
//!
//! A row names method, path, who may, and handler. The router, the API description and the test that every address
//! refuses a stranger are all driven from the rows; nothing is mounted beside them. The check of who may stands around the
//! handler (see [`super::gate`]), so that no handler can forget it (ATK-027).

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, Resource, web};

use packtwin_core::role::Permission;

use super::gate::gate;
use super::problem::Problem;

/// Who may call an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone: health, version, sign-in, the stylesheet.
    Open,
    /// Anyone whom the site recognises.
    Known,
    /// Whoever has this permission.
    Needs(Permission),
    /// The software of premises, with a key of theirs; whether the key counts is looked at where the request is recorded.
    Premises,
}

/// Whether an address answers programs or people. A person who is not signed in is sent to the sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// JSON under `/v1` and `/health`.
    Programs,
    /// HTML pages and their forms.
    People,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub struct RouteRow {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for what varies.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// Who is answered.
    pub audience: Audience,
    /// The handler behind the gate, for this method.
    pub handler: fn(Method) -> actix_web::Route,
}

/// Declares a table of routes.
#[macro_export]
macro_rules! routes {
    ($name:ident for $audience:ident { $($method:ident $path:literal $access:expr => $($handler:ident)::+;)* }) => {
        /// The rows of this table.
        pub fn $name() -> Vec<$crate::http::route::RouteRow> {
            vec![$($crate::http::route::RouteRow {
                method: actix_web::http::Method::$method,
                path: $path,
                access: $access,
                audience: $crate::http::route::Audience::$audience,
                handler: |method| actix_web::web::method(method).to($($handler)::+),
            },)*]
        }
    };
}

/// Mounts every row. What answers GET answers HEAD alike, without the body (RFC 9110, section 9.3.2); a known path with
/// another method answers 405 and the methods it takes.
pub fn mount(rows: &[RouteRow], service: &mut web::ServiceConfig) {
    for path in paths_in_order(rows) {
        let mut resource: Resource = web::resource(path);
        let mut methods = Vec::new();
        for row in rows.iter().filter(|row| row.path == path) {
            for method in answered(&row.method) {
                let row = row.clone();
                let handler = (row.handler)(method.clone());
                let gated = from_fn(move |request, next| gate(row.clone(), request, next));
                resource = resource.route(handler.wrap(gated));
                methods.push(method.to_string());
            }
        }
        let methods = methods.join(", ");
        let other = move |_: HttpRequest| {
            let problem = Problem::method_not_allowed(&methods);
            async move { Err::<actix_web::HttpResponse, Problem>(problem) }
        };
        service.service(resource.default_service(web::route().to(other)));
    }
}

fn answered(method: &Method) -> Vec<Method> {
    match *method {
        Method::GET => vec![Method::GET, Method::HEAD],
        _ => vec![method.clone()],
    }
}

/// Each path once. `/uploads/{id}:commit` comes before `/uploads/{id}`, which would swallow it.
fn paths_in_order(rows: &[RouteRow]) -> Vec<&'static str> {
    let mut paths: Vec<&'static str> = rows.iter().map(|row| row.path).collect();
    paths.sort_by_key(|path| (!path.contains("}:"), path.contains('{'), *path));
    paths.dedup();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrow_path_comes_before_the_wide_one() {
        let row = |path| RouteRow {
            method: Method::GET,
            path,
            access: Access::Open,
            audience: Audience::Programs,
            handler: web::method,
        };
        let rows = ["/a/{id}", "/a/new", "/a/{id}:go", "/a/new"].map(row);
        assert_eq!(paths_in_order(&rows), ["/a/{id}:go", "/a/new", "/a/{id}"]);
    }
}
