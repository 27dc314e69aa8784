//! Rows about one pack: decided through each dialect for which the row names something, else directly.

use packtwin_core::pack::PackState;
use packtwin_core::verification::input::{RawElements, read_elements};
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::{
    Alarm, Decision, Delivery, Dialect, Operation, Removal, Request, Scale, Silence, Submitted,
    Undo, Write, decide,
};
use packtwin_emvs::rest::{self, HttpRequest, RestRequest};
use packtwin_emvs::soap::code::PAIRS;
use packtwin_emvs::soap::{self, Form, Process, Responder, SoapBody, SoapCall};
use packtwin_emvs::{Answered, Background};

use super::same_if_given;
use super::scenario::Scenario;
use crate::conformance::Row;
use crate::conformance::corpus::CsvRow;

/// What one dialect made of a scenario.
pub(super) struct Asked {
    word: String,
    state: Option<PackState>,
    alarm: Alarm,
    status: Option<u16>,
    code: String,
    text: String,
    decision: Option<Decision>,
}

pub(super) fn check(row: &CsvRow, result: &mut Row) {
    let scenario = match Scenario::of(row) {
        Ok(scenario) => scenario,
        Err(why) => return result.not_understood(&why),
    };
    let asks_soap = ["soap_op", "soap_code"]
        .iter()
        .any(|column| row.given(column).is_some());
    let asks_rest = row.given("rest_http").is_some();
    if asks_soap {
        match ask_soap(&scenario, row.get("soap_op"), SoapInterface::V5) {
            Ok(asked) => {
                check_meaning(row, "soap", &scenario, &asked, result);
                same_if_given(result, "soap_code", row.get("soap_code"), &asked.code);
                check_alert(row.get("soap_alert"), "soap_alert", asked.alarm, result);
                check_version_4(row, &scenario, &asked, result);
            }
            Err(why) => result.not_understood(&why),
        }
    }
    if asks_rest {
        match ask_rest(&scenario) {
            Ok(asked) => {
                check_meaning(row, "rest", &scenario, &asked, result);
                let status = asked
                    .status
                    .map(|status| status.to_string())
                    .unwrap_or_default();
                same_if_given(result, "rest_http", row.get("rest_http"), &status);
                same_if_given(result, "rest_code", row.get("rest_code"), &asked.code);
                check_alert(row.get("rest_alert"), "rest_alert", asked.alarm, result);
                check_extra(row.get("expect_extra"), &scenario, &asked, result);
            }
            Err(why) => result.not_understood(&why),
        }
    }
    if !asks_soap && !asks_rest {
        match ask_directly(&scenario) {
            Ok(decision) => {
                let asked = Asked::of(&decision, None, String::new(), String::new());
                check_meaning(row, "direct", &scenario, &asked, result);
            }
            Err(why) => result.not_understood(&why),
        }
    }
}

/// The interface before twins: the loud code of the pair stands for both, with the same alert decision.
fn check_version_4(row: &CsvRow, scenario: &Scenario, newer: &Asked, result: &mut Row) {
    match ask_soap(scenario, row.get("soap_op"), SoapInterface::V4) {
        Ok(older) => {
            let mut pairs = PAIRS.into_iter();
            let pair = pairs.find(|pair| pair.quiet == Some(newer.code.as_str()));
            let expected = pair.map_or(newer.code.as_str(), |pair| pair.loud);
            result.same("soap_code of version 4", expected, older.code.as_str());
            result.same("alarm of version 4", newer.alarm, older.alarm);
        }
        Err(why) => result.not_understood(&why),
    }
}

/// Outcome and state: the primary assertions.
fn check_meaning(
    row: &CsvRow,
    dialect: &str,
    scenario: &Scenario,
    asked: &Asked,
    result: &mut Row,
) {
    result.same(
        &format!("{dialect} outcome"),
        row.get("expect_outcome"),
        asked.word.as_str(),
    );
    let expected = match row.get("expect_pack_state") {
        "-" | "" => return,
        "unchanged" => scenario.given_state,
        word => PackState::parse(word),
    };
    result.same(
        &format!("{dialect} state"),
        expected,
        asked.state.or(scenario.given_state),
    );
}

pub(super) fn check_alert(expected: &str, what: &str, alarm: Alarm, result: &mut Row) {
    let actual = alarm.code().map_or("none", |code| code.as_str());
    match expected {
        "" => {}
        "alert raised" => result.same(what, true, actual != "none"),
        expected => result.same(what, expected, actual),
    }
}

fn check_extra(extra: &str, scenario: &Scenario, asked: &Asked, result: &mut Row) {
    for (said, field) in [
        ("isIntermarket=true", "\"isIntermarket\":true"),
        ("canReactivate=true", "\"canReactivate\":true"),
        ("canReactivate=false", "\"canReactivate\":false"),
    ] {
        if extra.contains(said) {
            result.same(said, true, asked.text.contains(field));
        }
    }
    if extra.contains("canReactivateUntil = decommissioning + 240 h") {
        let at = match &scenario.found {
            packtwin_core::verification::Found::Here(holding) => {
                holding.pack.and_then(|pack| pack.last).map(|last| last.at)
            }
            _ => None,
        };
        let until = asked
            .decision
            .as_ref()
            .and_then(|decision| decision.undo)
            .and_then(|undo| undo.until);
        result.same("canReactivateUntil", at.map(|at| at.plus_days(10)), until);
    }
}

/// Asks in the SOAP dialect, with the process number named or the one that belongs to the operation.
pub(super) fn ask_soap(
    scenario: &Scenario,
    named: &str,
    interface: SoapInterface,
) -> Result<Asked, String> {
    let removal = |operation| match operation {
        // A number for an undo of anything does not exist; a client takes that of supply.
        Operation::Undo(Undo::Whatever) => Operation::Undo(Undo::Of(Removal::Supply)),
        other => other,
    };
    let own = Process::Packs {
        operation: removal(scenario.operation),
        entry: scenario.entry,
        form: Form::Single,
    };
    let process = Process::parse(named.split('+').next().unwrap_or_default()).unwrap_or(own);
    let number = process
        .number()
        .ok_or("an operation without process number")?;
    let envelope = envelope(scenario, &number, interface);
    let year = scenario.at.year();
    match soap::read(envelope.as_bytes(), &scenario.profile, year) {
        Err(refused) => Ok(Asked {
            word: "INVALID_INPUT".to_owned(),
            state: scenario.given_state,
            alarm: Alarm::Silent(Silence::NotJudged),
            status: None,
            code: refused.code.to_owned(),
            text: refused.answer("N1", scenario.at),
            decision: None,
        }),
        Ok(SoapCall::Ping(_)) => Err("a ping came of it".to_owned()),
        Ok(SoapCall::Request(request)) => {
            let (
                Process::Packs {
                    operation, entry, ..
                },
                SoapBody::Single { submitted, .. },
            ) = (request.process, &request.body)
            else {
                return Err("a bulk came of it".to_owned());
            };
            let asked = Request {
                entry,
                ..scenario.request(operation, submitted.clone(), Dialect::Soap)
            };
            let decision = scenario.decide(&asked);
            let answered = Answered {
                operation,
                decision: &decision,
                background: Background::default(),
            };
            let responder = Responder {
                profile: &scenario.profile,
                interface: request.interface,
                process: request.process,
                client_transaction: &request.header.client_transaction,
                transaction: "N1",
                at: scenario.at,
            };
            let text = responder.single(submitted, &answered);
            let code = text
                .rsplit_once("ns1:code=\"")
                .and_then(|(_, rest)| rest.split('"').next())
                .unwrap_or_default()
                .to_owned();
            Ok(Asked::of(&decision, None, code, text))
        }
    }
}

/// Asks in the REST dialect.
pub(super) fn ask_rest(scenario: &Scenario) -> Result<Asked, String> {
    let sent = &scenario.sent;
    let scheme = match sent.scheme {
        Some("PPN") => "ppn",
        Some(_) => "gs1",
        None => "none",
    };
    let part = |text: &Option<String>| encoded(text.as_deref().unwrap_or_default());
    let path = format!(
        "/product/{scheme}/{}/pack/{}",
        part(&sent.code),
        part(&sent.serial)
    );
    let mut query = Vec::new();
    for (name, value) in [("batch", &sent.batch), ("expiry", &sent.expiry)] {
        if let Some(value) = value {
            query.push(format!("{name}={}", encoded(value)));
        }
    }
    let headers: Vec<(&str, &str)> = sent
        .entry_header
        .iter()
        .map(|value| ("emvs-data-entry-mode", value.as_str()))
        .collect();
    let body = match scenario.operation {
        Operation::Verify | Operation::Status => String::new(),
        Operation::Remove(removal) => format!("{{\"state\":\"{}\"}}", removal.state().as_str()),
        Operation::Undo(_) => "{\"state\":\"Active\"}".to_owned(),
    };
    let http = HttpRequest {
        method: if body.is_empty() { "GET" } else { "PATCH" },
        path: &path,
        query: &query.join("&"),
        headers: &headers,
        body: body.as_bytes(),
    };
    match rest::read(&http, &scenario.profile, scenario.at.year()) {
        Err(refused) => Ok(Asked {
            word: "INVALID_INPUT".to_owned(),
            state: scenario.given_state,
            alarm: refused.alarm,
            status: Some(refused.status),
            code: refused
                .code
                .map(|code| code.to_string())
                .unwrap_or_default(),
            text: refused.body,
            decision: None,
        }),
        Ok(RestRequest::Single(pack)) => {
            let asked = Request {
                entry: pack.entry,
                ..scenario.request(pack.operation, pack.submitted, Dialect::Rest)
            };
            let decision = scenario.decide(&asked);
            let answer = rest::answer(&Answered {
                operation: asked.operation,
                decision: &decision,
                background: Background::default(),
            });
            let code = answer.code.map(|code| code.to_string()).unwrap_or_default();
            Ok(Asked::of(&decision, Some(answer.status), code, answer.body))
        }
        Ok(other) => Err(format!("{other:?} came of it")),
    }
}

/// Decides without any wire, under the market's own conventions.
pub(super) fn ask_directly(scenario: &Scenario) -> Result<Decision, String> {
    let sent = &scenario.sent;
    let raw = RawElements {
        scheme: sent.scheme.and_then(|scheme| {
            packtwin_core::product_code::CodingScheme::from_name(&scheme.to_lowercase())
        }),
        code: sent.code.as_deref(),
        serial: sent.serial.as_deref(),
        batch: sent.batch.as_deref(),
        expiry: sent.expiry.as_deref(),
    };
    let presence = scenario.profile.batch_and_expiry;
    let submitted = read_elements(&raw, presence, scenario.at.year()).map_err(|faults| {
        faults
            .into_iter()
            .map(|fault| fault.sentence)
            .collect::<String>()
    })?;
    let dialect = scenario.profile.home_dialect;
    Ok(scenario.decide(&scenario.request(scenario.operation, submitted, dialect)))
}

impl Asked {
    fn of(decision: &Decision, status: Option<u16>, code: String, text: String) -> Self {
        Asked {
            word: decision.word().to_owned(),
            state: decision.state,
            alarm: decision.alarm,
            status,
            code,
            text,
            decision: Some(decision.clone()),
        }
    }
}

impl Scenario {
    fn request(&self, operation: Operation, submitted: Submitted, dialect: Dialect) -> Request {
        Request {
            operation,
            submitted,
            entry: self.entry,
            dialect,
            actor: self.actor,
            site: self.site,
            at: self.at,
            scale: Scale::Single,
            delivery: Delivery::Immediate,
        }
    }

    /// Decides, and holds the decision to its own word: what is written is what is said.
    fn decide(&self, request: &Request) -> Decision {
        let decision = decide(&self.profile, request, &self.found, &self.history);
        if let Write::State { to, .. } = decision.write {
            assert_eq!(
                decision.state,
                Some(to),
                "a written state is the state told"
            );
        }
        decision
    }
}

fn envelope(scenario: &Scenario, number: &str, interface: SoapInterface) -> String {
    let version = match interface {
        SoapInterface::V4 => "v4.0",
        SoapInterface::V5 => "v5.0",
    };
    let sent = &scenario.sent;
    let text = |value: &str| {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        value.replace('>', "&gt;").replace('"', "&quot;")
    };
    let element = |name: &str, value: &Option<String>| match value {
        Some(value) => format!("<t:{name}>{}</t:{name}>", text(value)),
        None => String::new(),
    };
    let scheme = sent
        .scheme
        .map(|scheme| format!(" t:scheme=\"{scheme}\""))
        .unwrap_or_default();
    let code = sent.code.as_deref().unwrap_or_default();
    let pack = match &sent.serial {
        Some(serial) => format!("<t:Pack t:sn=\"{}\"/>", text(serial)),
        None => String::new(),
    };
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:u=\"urn:wsdltypes.nmvs.eu:{version}\" \
         xmlns:t=\"urn:types.nmvs.eu:{version}\"><s:Header/><s:Body><u:{number}Request><t:Header><t:Auth><t:ClientLoginId>C\
         </t:ClientLoginId><t:UserId>U</t:UserId><t:Password>P</t:Password></t:Auth><t:UserSoftware t:name=\"N\" \
         t:supplier=\"S\" t:version=\"1\"/><t:Transaction><t:ClientTrxId>T1</t:ClientTrxId><t:Language>eng</t:Language>\
         </t:Transaction></t:Header><t:Body><t:Product><t:ProductCode{scheme}>{code}</t:ProductCode><t:Batch>{}{}</t:Batch>\
         </t:Product>{pack}</t:Body></u:{number}Request></s:Body></s:Envelope>",
        element("Id", &sent.batch),
        element("ExpDate", &sent.expiry),
    )
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    packtwin_core::percent::encode(text, &mut out);
    out
}
