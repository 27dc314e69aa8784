//! Rows about many packs: what refuses the whole, and each pack's own answer, in both dialects.

use packtwin_core::pack::{PackKey, PackState};
use packtwin_core::verification::many::check_bulk;
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::{
    Alarm, Decision, Delivery, Dialect, EntryMode, Found, Holding, KnownPack, Operation, Outcome,
    Request, Scale, Silence, Submitted, decide,
};
use packtwin_emvs::rest::{self, HttpRequest, OperationCode, RestRequest};
use packtwin_emvs::soap::code::code_of;
use packtwin_emvs::soap::{self, Process, Responder, SoapBody, SoapCall};
use packtwin_emvs::{Answered, Background};

use super::same_if_given;
use super::scenario::{Scenario, operation_of};
use super::single::check_alert;
use super::words::{number_near, value_behind, words};
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let name = row.get("operation");
    let word = name
        .trim_start_matches("MIXED_")
        .trim_start_matches("BULK_");
    let operation = match word {
        "RESULT" => Operation::Verify,
        word => match operation_of(word) {
            Some(operation) => operation,
            None => return result.not_understood(&format!("operation {name}")),
        },
    };
    // What varies is the request as a whole, not its elements.
    let scenario = match Scenario::of_bulk(row, operation) {
        Ok(scenario) => scenario,
        Err(why) => return result.not_understood(&why),
    };
    if word == "RESULT" {
        return not_ready(row, &scenario, result);
    }
    let states = packs(row, &scenario);
    let variation = row.get("input_variation");
    if variation.contains("twice")
        || variation.contains("count")
        || variation.contains("more packs")
        || variation.contains("empty")
    {
        return whole(row, operation, &scenario, result);
    }
    each(row, operation, &scenario, &states, result);
}

impl Scenario {
    fn of_bulk(row: &CsvRow, operation: Operation) -> Result<Self, String> {
        let plain = row.replacing("input_variation", "exact");
        Scenario::of_operation(&plain, operation)
    }
}

/// A result that is asked for before it is there.
fn not_ready(row: &CsvRow, scenario: &Scenario, result: &mut Row) {
    let decision = Decision::of_request(Outcome::NotReady, Alarm::Silent(Silence::NotJudged));
    result.same("outcome", row.get("expect_outcome"), decision.word());
    let operation = Operation::Verify;
    let code = code_of(&scenario.profile, SoapInterface::V5, operation, &decision);
    same_if_given(result, "soap_code", row.get("soap_code"), code);
    let status = rest::response::status(operation, &decision).to_string();
    same_if_given(result, "rest_http", row.get("rest_http"), &status);
    let process = Process::parse(row.get("soap_op")).unwrap_or(Process::BulkResult);
    let responder = Responder {
        profile: &scenario.profile,
        interface: SoapInterface::V5,
        process,
        client_transaction: "T1",
        transaction: "N1",
        at: scenario.at,
    };
    result.same("soap answer", true, responder.not_ready().contains(code));
}

/// A bulk that is refused as a whole.
fn whole(row: &CsvRow, operation: Operation, scenario: &Scenario, result: &mut Row) {
    let variation = row.get("input_variation");
    let profile = &scenario.profile;
    let (decision, status, code) = if variation.contains("more packs") {
        // The largest request is not written out; the rule counts before it looks.
        let count = profile.bulk_packs_max + 1;
        match check_bulk(profile, count, &[], None) {
            Ok(()) => return result.same("refused", true, false),
            Err(decision) => {
                let answer = rest::response::whole_refused(operation, &decision);
                (*decision, answer.status, answer.code)
            }
        }
    } else {
        let (serials, stated) = match variation {
            text if text.contains("twice") => (vec!["A1", "A2", "A1"], 3),
            text if text.contains("empty") => (Vec::new(), 0),
            text => {
                let sent = value_behind(text, &["count"]).and(number_near(text, "supplied"));
                let sent = usize::try_from(sent.unwrap_or(9)).unwrap_or(9);
                let stated = number_near(text, "count").unwrap_or(10);
                let names = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"];
                let names = names.into_iter().cycle().take(sent.min(9)).collect();
                (names, usize::try_from(stated).unwrap_or(10))
            }
        };
        match submit(operation, scenario, &serials, Some(stated)) {
            Ok(_) => return result.same("refused", true, false),
            Err(answer) => {
                let decision = check_bulk(
                    profile,
                    serials.len(),
                    &keys(&serials, scenario),
                    Some(stated),
                );
                let Err(decision) = decision else {
                    return result.same("refused by the rule", true, false);
                };
                result.same("alarm of the answer", decision.alarm, answer.alarm);
                (*decision, answer.status, answer.code)
            }
        }
    };
    result.same("outcome", row.get("expect_outcome"), decision.word());
    same_if_given(
        result,
        "rest_http",
        row.get("rest_http"),
        &status.to_string(),
    );
    let code = code.map(|code| code.to_string()).unwrap_or_default();
    same_if_given(result, "rest_code", row.get("rest_code"), &code);
    check_alert(row.get("rest_alert"), "rest_alert", decision.alarm, result);
    let soap = code_of(profile, SoapInterface::V5, operation, &decision);
    same_if_given(result, "soap_code", row.get("soap_code"), soap);
}

/// A bulk that is taken, and each pack's answer.
fn each(
    row: &CsvRow,
    operation: Operation,
    scenario: &Scenario,
    states: &[Option<PackState>],
    result: &mut Row,
) {
    let serials: Vec<String> = (1..=states.len())
        .map(|number| format!("A{number}"))
        .collect();
    let names: Vec<&str> = serials.iter().map(String::as_str).collect();
    let taken = match submit(operation, scenario, &names, Some(names.len())) {
        Ok(taken) => taken,
        Err(answer) => return result.not_understood(&answer.body),
    };
    let outcome = row.get("expect_outcome");
    let accepted = rest::accepted(operation, "/product/packs/r1", "", "");
    if outcome.starts_with("ACCEPTED") {
        result.same("submitted", 202, accepted.status);
    }
    for dialect in [Dialect::Soap, Dialect::Rest] {
        let decisions: Vec<Decision> = taken
            .iter()
            .zip(states)
            .map(|(submitted, state)| decide_one(scenario, operation, submitted, *state, dialect))
            .collect();
        if let Some(word) = outcome.strip_suffix(" per pack") {
            for decision in &decisions {
                result.same("outcome per pack", word, decision.word());
            }
        }
        let (column, codes, submit_code): (&str, Vec<String>, String) = match dialect {
            Dialect::Soap => {
                let of = |decision: &Decision| {
                    code_of(&scenario.profile, SoapInterface::V5, operation, decision).to_owned()
                };
                let taken =
                    Decision::of_request(Outcome::Accepted, Alarm::Silent(Silence::NothingWrong));
                ("soap", decisions.iter().map(of).collect(), of(&taken))
            }
            Dialect::Rest => {
                let of = |decision: &Decision| {
                    let code = OperationCode::of(operation, decision);
                    code.map(|code| code.to_string()).unwrap_or_default()
                };
                let submitted = accepted
                    .code
                    .map(|code| code.to_string())
                    .unwrap_or_default();
                ("rest", decisions.iter().map(of).collect(), submitted)
            }
        };
        check_codes(
            row.get(&format!("{column}_code")),
            column,
            &submit_code,
            &codes,
            result,
        );
        check_alerts(
            row.get(&format!("{column}_alert")),
            column,
            &decisions,
            result,
        );
        if dialect == Dialect::Rest {
            let statuses = format!("{}+200", accepted.status);
            same_if_given(result, "rest_http", row.get("rest_http"), &statuses);
        }
    }
    check_soap_result(row, operation, scenario, &taken, result);
}

/// The homogeneous bulk as a SOAP client writes it is read as the same packs, and its result holds every serial.
fn check_soap_result(
    row: &CsvRow,
    operation: Operation,
    scenario: &Scenario,
    taken: &[Submitted],
    result: &mut Row,
) {
    let numbers: Vec<&str> = row.get("soap_op").split('+').collect();
    let [submit, pick_up] = numbers.as_slice() else {
        return;
    };
    let packs: String = taken
        .iter()
        .map(|submitted| format!("<t:Pack t:sn=\"{}\"/>", submitted.pack.serial))
        .collect();
    let sent = &scenario.sent;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:u=\"urn:wsdltypes.nmvs.eu:v5.0\" \
         xmlns:t=\"urn:types.nmvs.eu:v5.0\"><s:Header/><s:Body><u:{submit}Request><t:Header><t:Auth><t:ClientLoginId>C\
         </t:ClientLoginId><t:UserId>U</t:UserId><t:Password>P</t:Password></t:Auth><t:UserSoftware t:name=\"N\" \
         t:supplier=\"S\" t:version=\"1\"/><t:Transaction><t:ClientTrxId>T1</t:ClientTrxId><t:Language>eng</t:Language>\
         </t:Transaction></t:Header><t:Body><t:Product><t:ProductCode t:scheme=\"GTIN\">{}</t:ProductCode><t:Batch><t:Id>{}\
         </t:Id><t:ExpDate>{}</t:ExpDate></t:Batch></t:Product><t:Packs>{packs}</t:Packs></t:Body></u:{submit}Request>\
         </s:Body></s:Envelope>",
        text(&sent.code),
        text(&sent.batch),
        text(&sent.expiry)
    );
    let read = soap::read(envelope.as_bytes(), &scenario.profile, scenario.at.year());
    let Ok(SoapCall::Request(request)) = read else {
        return result.not_understood("the SOAP bulk was refused");
    };
    let SoapBody::Bulk { packs, .. } = &request.body else {
        return result.not_understood("the SOAP bulk is no bulk");
    };
    let same = packs.iter().flatten().eq(taken.iter());
    result.same("SOAP and REST read the same packs", true, same);
    let decisions: Vec<Decision> = taken
        .iter()
        .map(|submitted| {
            decide_one(
                scenario,
                operation,
                submitted,
                scenario.given_state,
                Dialect::Soap,
            )
        })
        .collect();
    let answers: Vec<_> = taken
        .iter()
        .zip(&decisions)
        .map(|(submitted, decision)| {
            let background = Background::default();
            (
                Ok(submitted),
                Answered {
                    operation,
                    decision,
                    background,
                },
            )
        })
        .collect();
    let responder = Responder {
        profile: &scenario.profile,
        interface: request.interface,
        process: Process::parse(pick_up).unwrap_or(Process::BulkResult),
        client_transaction: "T1",
        transaction: "N1",
        at: scenario.at,
    };
    let answer = responder.bulk(&answers);
    for submitted in taken {
        let serial = format!("ns1:sn=\"{}\"", submitted.pack.serial);
        result.same(
            "the result holds every serial",
            true,
            answer.contains(&serial),
        );
    }
}

fn decide_one(
    scenario: &Scenario,
    operation: Operation,
    submitted: &Submitted,
    state: Option<PackState>,
    dialect: Dialect,
) -> Decision {
    let with_state = |holding: &Holding| {
        let pack = holding.batch.and_then(|batch| {
            state.map(|state| KnownPack {
                batch,
                state,
                last: holding.pack.and_then(|pack| pack.last),
            })
        });
        Holding {
            pack,
            ..holding.clone()
        }
    };
    let found = match &scenario.found {
        Found::Here(holding) => Found::Here(with_state(holding)),
        other => other.clone(),
    };
    let request = Request {
        operation,
        submitted: submitted.clone(),
        entry: EntryMode::Scan,
        dialect,
        actor: scenario.actor,
        site: scenario.site,
        at: scenario.at,
        scale: Scale::Bulk,
        delivery: Delivery::Immediate,
    };
    decide(&scenario.profile, &request, &found, &scenario.history)
}

/// Sends a bulk as a REST client does.
fn submit(
    operation: Operation,
    scenario: &Scenario,
    serials: &[&str],
    stated: Option<usize>,
) -> Result<Vec<Submitted>, Box<rest::RestAnswer>> {
    let sent = &scenario.sent;
    let packs: Vec<serde_json::Value> = serials
        .iter()
        .map(|serial| {
            serde_json::json!({
                "productCode": sent.code, "serialNumber": serial, "batchId": sent.batch, "expiryDate": sent.expiry,
            })
        })
        .collect();
    let mut body = serde_json::json!({ "packs": packs });
    if let Some(stated) = stated {
        body["numberOfPacks"] = stated.into();
    }
    match operation {
        Operation::Verify | Operation::Status => {}
        Operation::Remove(removal) => body["state"] = removal.state().as_str().into(),
        Operation::Undo(_) => body["state"] = "Active".into(),
    }
    let body = body.to_string();
    let http = HttpRequest {
        method: "POST",
        path: "/product/packs",
        query: "",
        headers: &[("emvs-data-entry-mode", "non-manual")],
        body: body.as_bytes(),
    };
    match rest::read(&http, &scenario.profile, scenario.at.year())? {
        RestRequest::Bulk(bulk) => Ok(bulk.packs.into_iter().flatten().collect()),
        RestRequest::Single(_) | RestRequest::BulkResult { .. } => Ok(Vec::new()),
    }
}

fn keys(serials: &[&str], scenario: &Scenario) -> Vec<PackKey> {
    let code = scenario
        .sent
        .code
        .as_deref()
        .and_then(|code| code.parse().ok());
    let key = |serial: &&str| {
        Some(PackKey {
            product: code?,
            serial: serial.parse().ok()?,
        })
    };
    serials.iter().filter_map(key).collect()
}

/// The states of the packs a row lists, or the one it gives, three times.
fn packs(row: &CsvRow, scenario: &Scenario) -> Vec<Option<PackState>> {
    match row.get("given_history").split_once("serials:") {
        Some((_, list)) => words(list).into_iter().map(PackState::parse).collect(),
        None => vec![scenario.given_state; 3],
    }
}

/// Codes in the order submit, then packs; or one code that every pack has.
fn check_codes(expected: &str, column: &str, submit: &str, packs: &[String], result: &mut Row) {
    let is_code = |word: &&str| {
        word.starts_with("NMVS_")
            || (word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let codes: Vec<&str> = words(expected).into_iter().filter(is_code).collect();
    match codes.as_slice() {
        [] => {}
        [all] if expected.contains("per pack") => {
            for code in packs {
                result.same(&format!("{column}_code per pack"), *all, code.as_str());
            }
        }
        [first, rest @ ..] => {
            result.same(&format!("{column}_code of the whole"), *first, submit);
            let packs: Vec<&str> = packs.iter().map(String::as_str).collect();
            result.same(&format!("{column}_code of the packs"), rest.to_vec(), packs);
        }
    }
}

/// `none`, or an alert for the n-th pack.
fn check_alerts(expected: &str, column: &str, decisions: &[Decision], result: &mut Row) {
    let what = format!("{column}_alert");
    let alerts: Vec<Option<&str>> = decisions
        .iter()
        .map(|decision| decision.alarm.code().map(|code| code.as_str()))
        .collect();
    if expected.is_empty() {
        return;
    }
    let mut wanted = vec![None; alerts.len()];
    for part in expected
        .split([';', '|', ','])
        .filter(|part| !part.contains("none"))
    {
        let ordinals = ["first", "second", "third", "fourth", "fifth"];
        let place = ordinals.iter().position(|ordinal| part.contains(ordinal));
        let code = words(part).into_iter().next();
        match place.and_then(|place| wanted.get_mut(place)) {
            Some(slot) => *slot = code,
            None => return result.not_understood(&format!("{what} {expected}")),
        }
    }
    result.same(&what, wanted, alerts);
}
