//! Answers of the SOAP dialect, with the prefixes that public clients look for (emvs.md 3.2).
//!
//! A pack is `ACTIVE`, `INACTIVE` with a reason, or `UNKNOWN`. What a mismatching pack really is, is not told. A bulk is
//! answered twice: taken, and later pack by pack.

use std::fmt::Write;

use packtwin_core::pack::EffectiveState;
use packtwin_core::product_code::CodingScheme;
use packtwin_core::time::Timestamp;
use packtwin_core::verification::input::InputFault;
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::{Decision, MarketProfile, Outcome, Submitted};
use quick_xml::escape::escape;

use crate::Answered;
use crate::wording::{reason, sentence};

use super::code::{BULK_NONE, BULK_SOME, NOT_READY, SUCCESS, code_of, code_of_fault, level};
use super::process::Process;
use super::request::{Ping, SoapRefused};

/// Writes the answers to one request.
#[derive(Debug, Clone, Copy)]
pub struct Responder<'a> {
    /// The market.
    pub profile: &'a MarketProfile,
    /// The version the client speaks.
    pub interface: SoapInterface,
    /// The process that was asked.
    pub process: Process,
    /// The client's id of the transaction.
    pub client_transaction: &'a str,
    /// Ours.
    pub transaction: &'a str,
    /// When it was answered.
    pub at: Timestamp,
}

/// One pack of a bulk result: its elements with the decision, or the faults that kept it from being looked at.
pub type PackAnswer<'a> = (Result<&'a Submitted, &'a [InputFault]>, Answered<'a>);

/// One operation of a mixed bulk result.
#[derive(Debug, Clone)]
pub struct ItemAnswer<'a> {
    /// What was asked.
    pub process: Process,
    /// The client's id of it.
    pub client_transaction: &'a str,
    /// The pack.
    pub pack: PackAnswer<'a>,
}

impl Responder<'_> {
    /// The answer about one pack.
    pub fn single(&self, submitted: &Submitted, answered: &Answered<'_>) -> String {
        let code = code_of(
            self.profile,
            self.interface,
            answered.operation,
            answered.decision,
        );
        let mut body = String::new();
        push_product(&mut body, submitted);
        self.push_pack(&mut body, &(Ok(submitted), *answered));
        let text = sentence(answered.operation, answered.decision.outcome);
        push_code(&mut body, code, &with_alert(text, answered));
        self.envelope(&body)
    }

    /// The answer to a bulk that was taken; its result is asked for with [`Responder::transaction`].
    pub fn taken(&self) -> String {
        let mut body = String::new();
        push_code(
            &mut body,
            SUCCESS,
            "The request was taken; ask for its result later.",
        );
        self.envelope(&body)
    }

    /// The answer to somebody who asks for a result too early, or for one that does not exist.
    pub fn not_ready(&self) -> String {
        let mut body = String::new();
        push_code(
            &mut body,
            NOT_READY,
            "The result is not available; ask again later.",
        );
        self.envelope(&body)
    }

    /// The answer to a whole that was refused by a decision.
    pub fn whole(&self, answered: &Answered<'_>) -> String {
        let Answered {
            operation,
            decision,
            ..
        } = answered;
        let mut body = String::new();
        let code = code_of(self.profile, self.interface, *operation, decision);
        let text = sentence(*operation, decision.outcome);
        push_code(&mut body, code, &with_alert(text, answered));
        self.envelope(&body)
    }

    /// The result of a homogeneous bulk, pack by pack.
    pub fn bulk(&self, packs: &[PackAnswer<'_>]) -> String {
        let mut body = String::new();
        if let Some(first) = packs
            .iter()
            .find_map(|(submitted, _)| submitted.as_ref().ok())
        {
            push_product(&mut body, first);
        }
        body.push_str("<ns1:Packs>");
        for pack in packs {
            self.push_pack(&mut body, pack);
        }
        body.push_str("</ns1:Packs>");
        self.push_sum(&mut body, packs.iter());
        self.envelope(&body)
    }

    /// The result of a mixed bulk, operation by operation.
    pub fn mixed(&self, items: &[ItemAnswer<'_>]) -> String {
        let mut body = String::from("<ns1:TrxList>");
        for item in items {
            let number = item.process.number().unwrap_or_default();
            let _ = write!(body, "<ns1:TrxItem ns1:reqType=\"{number}\">");
            if let Ok(submitted) = item.pack.0 {
                push_product(&mut body, submitted);
            }
            self.push_pack(&mut body, &item.pack);
            let _ = write!(
                body,
                "<ns1:Transaction><ns1:ClientTrxId>{}</ns1:ClientTrxId></ns1:Transaction></ns1:TrxItem>",
                escape(item.client_transaction)
            );
        }
        body.push_str("</ns1:TrxList>");
        self.push_sum(&mut body, items.iter().map(|item| &item.pack));
        self.envelope(&body)
    }

    fn push_pack(&self, out: &mut String, (submitted, answered): &PackAnswer<'_>) {
        let Answered {
            operation,
            decision,
            ..
        } = answered;
        let serial = match submitted {
            Ok(submitted) => escape(submitted.pack.serial.as_str()).into_owned(),
            Err(_) => String::new(),
        };
        let _ = write!(
            out,
            "<ns1:Pack ns1:sn=\"{serial}\" ns1:state=\"{}\">",
            state_of(decision)
        );
        if let Some(reason) = reason(decision) {
            let _ = write!(out, "<ns1:Reason>{reason}</ns1:Reason>");
        }
        match submitted {
            Ok(_) => {
                let code = code_of(self.profile, self.interface, *operation, decision);
                push_code(
                    out,
                    code,
                    &with_alert(sentence(*operation, decision.outcome), answered),
                );
            }
            Err(faults) => {
                let first = faults.first();
                let text = first.map_or("", |fault| fault.sentence.as_str());
                push_code(out, first.map_or("", code_of_fault), text);
            }
        }
        out.push_str("</ns1:Pack>");
    }

    /// All, some or none of the packs could be processed.
    fn push_sum<'p>(&self, out: &mut String, packs: impl Iterator<Item = &'p PackAnswer<'p>>) {
        let (mut all, mut done) = (0usize, 0usize);
        for (submitted, answered) in packs {
            let Answered {
                operation,
                decision,
                ..
            } = answered;
            let code = code_of(self.profile, self.interface, *operation, decision);
            all += 1;
            done += usize::from(submitted.is_ok() && level(code).is_none());
        }
        let (code, text) = match done {
            done if done == all => (SUCCESS, "All packs were processed."),
            0 => (BULK_NONE, "No pack could be processed."),
            _ => (BULK_SOME, "At least one pack could not be processed."),
        };
        push_code(out, code, text);
    }

    fn envelope(&self, body: &str) -> String {
        let number = self.process.number().unwrap_or_default();
        envelope(
            self.interface,
            &number,
            self.client_transaction,
            self.transaction,
            self.at,
            body,
        )
    }
}

impl SoapRefused {
    /// The answer in the dialect's own shape; without a process number it answers as G110 would.
    pub fn answer(&self, transaction: &str, at: Timestamp) -> String {
        let number = self.process.and_then(Process::number);
        let mut body = String::new();
        push_code(&mut body, self.code, &self.sentence);
        envelope(
            self.interface,
            number.as_deref().unwrap_or("G110"),
            &self.client_transaction,
            transaction,
            at,
            &body,
        )
    }
}

impl Ping {
    /// The answer: the same text.
    pub fn answer(&self) -> String {
        let version = version(self.interface);
        let service = self.service;
        format!(
            "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:ns1=\"urn:types.nmvs.eu:{version}\" xmlns:ns2=\"urn:wsdltypes.nmvs.eu:{version}\"><soap:Body>\
             <ns2:{service}PingResponse><ns1:Output>{}</ns1:Output></ns2:{service}PingResponse></soap:Body></soap:Envelope>",
            escape(&self.input)
        )
    }
}

/// `ACTIVE`, `INACTIVE` or `UNKNOWN`.
pub fn state_of(decision: &Decision) -> &'static str {
    match (decision.effective, decision.outcome) {
        (Some(EffectiveState::Active), _) => "ACTIVE",
        (Some(_), _) => "INACTIVE",
        (None, Outcome::Ok) => "ACTIVE",
        (None, _) => "UNKNOWN",
    }
}

fn with_alert(text: &str, answered: &Answered<'_>) -> String {
    match (answered.decision.alarm.code(), answered.background.alert) {
        (Some(_), Some(id)) => format!("{text} Alert {id}."),
        _ => text.to_owned(),
    }
}

fn push_product(out: &mut String, submitted: &Submitted) {
    let scheme = match submitted.pack.product.scheme() {
        CodingScheme::Gtin => "GTIN",
        CodingScheme::Ppn => "PPN",
    };
    let _ = write!(
        out,
        "<ns1:Product><ns1:ProductCode ns1:scheme=\"{scheme}\">{}</ns1:ProductCode>",
        submitted.pack.product
    );
    if submitted.batch.is_some() || submitted.expiry.is_some() {
        out.push_str("<ns1:Batch>");
        if let Some(batch) = &submitted.batch {
            let _ = write!(out, "<ns1:Id>{}</ns1:Id>", escape(batch.as_str()));
        }
        if let Some(expiry) = &submitted.expiry {
            let _ = write!(out, "<ns1:ExpDate>{expiry}</ns1:ExpDate>");
        }
        out.push_str("</ns1:Batch>");
    }
    out.push_str("</ns1:Product>");
}

fn push_code(out: &mut String, code: &str, text: &str) {
    let _ = write!(
        out,
        "<ns1:ReturnCode ns1:code=\"{}\" ns1:desc=\"{}\"/>",
        escape(code),
        escape(text)
    );
}

fn envelope(
    interface: SoapInterface,
    number: &str,
    client_transaction: &str,
    transaction: &str,
    at: Timestamp,
    body: &str,
) -> String {
    let version = version(interface);
    format!(
        "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:ns1=\"urn:types.nmvs.eu:{version}\" xmlns:ns2=\"urn:wsdltypes.nmvs.eu:{version}\"><soap:Body>\
         <ns2:{number}Response><ns1:Header><ns1:Transaction><ns1:ClientTrxId>{}</ns1:ClientTrxId>\
         <ns1:NMVSTrxId>{}</ns1:NMVSTrxId><ns1:Timestamp>{at}</ns1:Timestamp></ns1:Transaction></ns1:Header>\
         <ns1:Body>{body}</ns1:Body></ns2:{number}Response></soap:Body></soap:Envelope>",
        escape(client_transaction),
        escape(transaction)
    )
}

const fn version(interface: SoapInterface) -> &'static str {
    match interface {
        SoapInterface::V4 => "v4.0",
        SoapInterface::V5 => "v5.0",
    }
}
