//! The subtraction of store methods (URS-UR-001, style.md section 11): every public method of `Reader` and `Writer` in the
//! store, minus those shown blind to another tenant, must be nothing.
//!
//! The list of methods is read from the source text, so a new method without a driver fails the first test. A driver is
//! handed a writer and the identifiers of tenant B, calls its one method with them, and answers what came back as text. It is
//! run twice:
//!
//! - in the scope of tenant A, and committed. No row of B may differ afterwards, and the answer may hold none of the marker
//!   texts that stand in every text field of B;
//! - in the scope of tenant B, and rolled back. The answer must be another one: otherwise the driver shows nothing. A method
//!   that takes nothing of an existing row, such as one that makes a new one, says so instead.
//!
//! To add a store file: plant rows of B in a world of its own, write drivers beside [`people`], and add them to [`drivers`].

mod aggregation;
mod capture;
mod people;
mod road;
mod verification;

use std::path::Path;

use packtwin_core::ids::TenantId;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::scope::{Housekeeping, Writer};
use packtwin_tenants::testing::{TestSite, for_each_engine, now};

/// Stands in every text field of tenant B, and nowhere else.
pub const MARKER: &str = "birch-marker";

/// A store method driven with the identifiers of tenant B.
pub struct Driver<W: 'static> {
    /// The method.
    pub method: &'static str,
    /// Calls it and answers what came back.
    pub drive: fn(&mut Writer<'_>, &W) -> String,
    /// Whether B itself must get another answer.
    pub control: Control,
}

/// What B's own answer must be like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Another one than A's.
    Differs,
    /// The same, for a reason told beside the driver.
    Same,
}

/// Writes the drivers of one store file: `method => |writer, theirs| call;`. A method behind `same` has no answer that depends
/// on whose row it is.
#[macro_export]
macro_rules! drivers {
    ($world:ty; $($method:ident $(($same:ident))? => |$writer:ident, $theirs:pat_param| $call:expr;)*) => {
        /// The drivers of this file.
        pub const DRIVERS: &[$crate::Driver<$world>] = &[$($crate::Driver {
            method: stringify!($method),
            drive: {
                fn drive($writer: &mut packtwin_tenants::scope::Writer<'_>, $theirs: &$world) -> String {
                    format!("{:?}", $call)
                }
                drive
            },
            control: $crate::drivers!(@control $($same)?),
        },)*];
    };
    (@control) => { $crate::Control::Differs };
    (@control same) => { $crate::Control::Same };
}

/// Every method that has a driver.
fn drivers() -> Vec<&'static str> {
    let people = people::DRIVERS.iter().map(|driver| driver.method);
    let road = road::DRIVERS.iter().map(|driver| driver.method);
    let aggregation = aggregation::DRIVERS.iter().map(|driver| driver.method);
    let capture = capture::DRIVERS.iter().map(|driver| driver.method);
    let verification = verification::DRIVERS.iter().map(|driver| driver.method);
    people
        .chain(road)
        .chain(aggregation)
        .chain(capture)
        .chain(verification)
        .collect()
}

#[test]
fn every_store_method_has_a_driver() {
    let mut missing = store_methods();
    assert!(missing.len() > 20, "the sources were not read: {missing:?}");
    let mut unknown = drivers();
    unknown.retain(|method| !missing.iter().any(|found| found == method));
    missing.retain(|method| !drivers().contains(&method.as_str()));
    assert_eq!(missing, Vec::<String>::new(), "methods without a driver");
    assert_eq!(unknown, Vec::<&str>::new(), "drivers without a method");
}

#[test]
fn store_methods_of_people_are_blind_to_another_tenant() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        people::plant(site, a, "alder");
        let theirs = people::plant(site, b, MARKER);
        show_blind(site, (a, b), &theirs, people::DRIVERS);
    });
}

#[test]
fn store_methods_of_road_1_are_blind_to_another_tenant() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        let theirs = road::plant(site, b);
        show_blind(site, (a, b), &theirs, road::DRIVERS);
    });
}

#[test]
fn store_methods_of_hierarchies_are_blind_to_another_tenant() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        let theirs = aggregation::plant(site, b);
        show_blind(site, (a, b), &theirs, aggregation::DRIVERS);
    });
}

#[test]
fn store_methods_of_captures_are_blind_to_another_tenant() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        let theirs = capture::plant(site, b);
        show_blind(site, (a, b), &theirs, capture::DRIVERS);
    });
}

#[test]
fn store_methods_of_verification_are_blind_to_another_tenant() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        let theirs = verification::plant(site, b);
        show_blind(site, (a, b), &theirs, verification::DRIVERS);
    });
}

/// Runs the drivers of one store file.
fn show_blind<W>(site: &TestSite, (a, b): (TenantId, TenantId), theirs: &W, drivers: &[Driver<W>]) {
    let before = site.dump_of(b);
    assert!(before.contains(MARKER));
    let run = |tenant, driver: &Driver<W>, keep: bool| {
        let mut answer = String::new();
        let _ =
            site.scope_of(tenant)
                .housekeep(now().plus_days(400), Housekeeping::Sweep, |writer| {
                    answer = (driver.drive)(writer, theirs);
                    if keep { Ok(()) } else { Err(StoreError::Busy) }
                });
        answer
    };
    for driver in drivers {
        let (method, engine) = (driver.method, site.engine_name());
        let as_a = run(a, driver, true);
        assert!(!as_a.contains(MARKER), "{method} on {engine} shows: {as_a}");
        assert!(
            site.dump_of(b) == before,
            "{method} on {engine} changed the other tenant"
        );
        let as_b = run(b, driver, false);
        assert!(
            driver.control == Control::Same || as_a != as_b,
            "the driver of {method} on {engine} shows nothing: {as_a}"
        );
    }
}

/// The public methods of `Reader` and `Writer`, from the source text of the store and of the audit trail.
fn store_methods() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join("audit.rs")];
    let store = std::fs::read_dir(source.join("store")).expect("the store is a folder");
    files.extend(store.map(|entry| entry.expect("a folder is listed").path()));
    files.sort_unstable();
    let methods = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).expect("a source file is text");
        methods_in(&text)
    };
    let mut methods: Vec<String> = files.iter().flat_map(methods).collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// The formatter puts `impl` and its closing brace at the beginning of a line and methods four spaces in.
fn methods_in(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut methods = Vec::new();
    for line in text.lines() {
        if line.starts_with("impl") {
            inside = line.contains(" Reader<") || line.contains(" Writer<");
        } else if line.starts_with('}') {
            inside = false;
        } else if let Some(method) = line.strip_prefix("    pub fn ")
            && inside
        {
            let end = method.find(['(', '<']).unwrap_or(method.len());
            methods.push(method[..end].to_owned());
        }
    }
    methods
}

#[test]
fn methods_are_found_in_the_source_text() {
    let text = "impl Reader<'_> {\n    pub fn a(&self) {}\n    pub(crate) fn b() {}\n    fn c() {}\n}\n\
                pub fn d() {}\nimpl<'a> Writer<'a> {\n    pub fn e<T>(&mut self) {}\n}\nimpl Other {\n    pub fn f() {}\n}\n";
    assert_eq!(methods_in(text), ["a", "e"]);
}
