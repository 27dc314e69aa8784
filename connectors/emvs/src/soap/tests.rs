//! Envelopes as public clients send them, and the answers they get.

use packtwin_core::pack::{EffectiveState, PackState};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::market_profile::SoapInterface;
use packtwin_core::verification::{
    Alarm, AlertCode, Decision, EntryMode, Operation, Outcome, Removal, Silence, Undo, profile,
};

use super::*;
use crate::{Answered, Background};

const PRODUCT: &str = "<t:Product><t:ProductCode t:scheme=\"GTIN\">04006381333931</t:ProductCode><t:NHRN>7</t:NHRN>\
                       <t:Batch><t:Id>L&amp;1</t:Id><t:ExpDate>280200</t:ExpDate></t:Batch></t:Product>";

fn envelope(version: &str, request: &str, body: &str) -> String {
    format!(
        "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:u=\"urn:wsdltypes.nmvs.eu:{version}\" \
         xmlns:t=\"urn:types.nmvs.eu:{version}\"><soap:Header/><soap:Body><u:{request}><t:Header><t:Auth>\
         <t:ClientLoginId>C</t:ClientLoginId><t:UserId>U</t:UserId><t:Password>secret</t:Password></t:Auth>\
         <t:UserSoftware t:name=\"N\" t:supplier=\"S\" t:version=\"1\"/><t:Transaction><t:ClientTrxId>T1</t:ClientTrxId>\
         <t:Language>eng</t:Language></t:Transaction></t:Header><t:Body>{body}</t:Body></u:{request}></soap:Body></soap:Envelope>"
    )
}

fn parse(text: &str) -> Result<SoapRequest, Box<SoapRefused>> {
    let eu = profile("EU").unwrap().with("bulk_packs_max", "3").unwrap();
    match read(text.as_bytes(), &eu, 2026)? {
        SoapCall::Request(request) => Ok(*request),
        SoapCall::Ping(ping) => panic!("{ping:?}"),
    }
}

fn code(text: &str) -> &'static str {
    parse(text).unwrap_err().code
}

#[test]
fn one_pack_is_read() {
    let body =
        format!("{PRODUCT}<t:Pack t:sn=\"A&quot;1\"/><t:RefClientTrxId>T0</t:RefClientTrxId>");
    let request = parse(&envelope("v5.0", "G123Request", &body)).unwrap();
    assert_eq!(request.interface, SoapInterface::V5);
    let expected = Process::Packs {
        operation: Operation::Undo(Undo::Of(Removal::Supply)),
        entry: EntryMode::Manual,
        form: Form::Single,
    };
    assert_eq!(request.process, expected);
    assert_eq!(request.header.client_transaction, "T1");
    assert_eq!(request.header.software, ["N", "S", "1"]);
    assert!(!format!("{request:?}").contains("secret"));
    let SoapBody::Single { submitted, undoes } = request.body else {
        panic!("one pack");
    };
    assert_eq!(submitted.pack.serial.as_str(), "A\"1");
    assert_eq!(submitted.batch.unwrap().as_str(), "L&1");
    assert_eq!(undoes.as_deref(), Some("T0"));
}

/// URS-VF-014.
#[test]
fn many_packs_are_read() {
    let packs = "<t:Packs><t:Pack t:sn=\"A\"/><t:Pack t:sn=\"B\"/><t:Pack t:sn=\"C D\"/></t:Packs>";
    let request = parse(&envelope(
        "v4.0",
        "G125Request",
        &format!("{PRODUCT}{packs}"),
    ))
    .unwrap();
    assert_eq!(request.interface, SoapInterface::V4);
    let SoapBody::Bulk { packs, .. } = request.body else {
        panic!("many packs");
    };
    assert_eq!(
        packs.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, true, false]
    );
    let item = |name: &str, number: &str| {
        format!(
            "<t:TrxItem><t:{name} t:reqType=\"{number}\">{PRODUCT}<t:Pack t:sn=\"A\"/><t:Transaction>\
             <t:ClientTrxId>I1</t:ClientTrxId><t:Language>eng</t:Language></t:Transaction></t:{name}></t:TrxItem>"
        )
    };
    let list = |items: &str| {
        envelope(
            "v5.0",
            "G195Request",
            &format!("<t:TrxList>{items}</t:TrxList>"),
        )
    };
    let two = item("Item", "G110") + &item("ItemUndo", "G121");
    let SoapBody::Mixed(items) = parse(&list(&two)).unwrap().body else {
        panic!("mixed");
    };
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].client_transaction, "I1");
    assert!(items[1].submitted.is_ok());
    assert_eq!(code(&list(&item("Item", "G125"))), "NMVS_TE_XM_02");
    assert_eq!(code(&list("")), "NMVS_TE_XM_02");
    let reference = envelope("v5.0", "G188Request", "<t:RefNMVSTrxId>R1</t:RefNMVSTrxId>");
    assert_eq!(
        parse(&reference).unwrap().body,
        SoapBody::Reference("R1".to_owned())
    );
}

#[test]
fn what_is_wrong_has_its_code() {
    let single = |body: &str| envelope("v5.0", "G110Request", body);
    let pack = "<t:Pack t:sn=\"A\"/>";
    let product = |from: &str, to: &str| single(&(PRODUCT.replace(from, to) + pack));
    for (text, expected) in [
        (single(&format!("{PRODUCT}{pack}{pack}")), "NMVS_TE_XM_02"),
        (single(PRODUCT), "NMVS_TE_XM_02"),
        (
            single(&format!("{PRODUCT}<t:Pack t:sn=\"A\"/><t:Extra/>")),
            "NMVS_TE_XM_02",
        ),
        (product("04006381333931", "04006381333932"), "NMVS_FE_GR_01"),
        (product("280200", "281300"), "NMVS_FE_LOT_07"),
        (product("L&amp;1", ""), "NMVS_TE_XM_02"),
        (product("GTIN", "EAN"), "NMVS_TE_XM_02"),
        (
            envelope("v9.0", "G110Request", &format!("{PRODUCT}{pack}")),
            "NMVS_TE_XM_02",
        ),
        (
            envelope("v5.0", "G131Request", &format!("{PRODUCT}{pack}")),
            "NMVS_TE_XM_02",
        ),
        (
            envelope("v5.0", "G125Request", &format!("{PRODUCT}<t:Packs/>")),
            "NMVS_TE_XM_02",
        ),
        (
            envelope(
                "v5.0",
                "G125Request",
                &format!("{PRODUCT}<t:Packs>{}</t:Packs>", pack.repeat(4)),
            ),
            "NMVS_TE_XM_02",
        ),
        ("<a><b></a>".to_owned(), "NMVS_TE_XM_02"),
        (
            "<soap:Envelope xmlns:soap=\"x\"><b></soap:Envelope>".to_owned(),
            "NMVS_TE_XM_02",
        ),
        (
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>".to_owned(),
            "NMVS_TE_XM_01",
        ),
        (String::new(), "NMVS_TE_XM_01"),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
    let refused = parse(&single(PRODUCT)).unwrap_err();
    let answer = refused.answer("N1", Timestamp::from_micros(0));
    assert!(answer.contains("<ns2:G110Response>") && answer.contains("<ns1:ClientTrxId>T1<"));
    assert!(answer.contains("ns1:code=\"NMVS_TE_XM_02\""), "{answer}");
}

#[test]
fn a_ping_is_answered_with_its_text() {
    let text = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:u=\"urn:wsdltypes.nmvs.eu:v5.0\" \
                xmlns:t=\"urn:types.nmvs.eu:v5.0\"><s:Body><u:BulkPingRequest><t:Input>Bulk &amp; OK</t:Input>\
                </u:BulkPingRequest></s:Body></s:Envelope>";
    let SoapCall::Ping(ping) = read(text.as_bytes(), profile("EU").unwrap(), 2026).unwrap() else {
        panic!("a ping");
    };
    assert!(
        ping.answer()
            .contains("<ns2:BulkPingResponse><ns1:Output>Bulk &amp; OK</ns1:Output>")
    );
}

#[test]
fn answers_have_the_shape_clients_look_for() {
    let body = format!("{PRODUCT}<t:Pack t:sn=\"A\"/>");
    let request = parse(&envelope("v5.0", "G120Request", &body)).unwrap();
    let SoapBody::Single { submitted, .. } = &request.body else {
        panic!("one pack");
    };
    let tolerated = Decision {
        state: Some(PackState::Supplied),
        effective: Some(EffectiveState::Pack(PackState::Supplied)),
        ..Decision::of_request(
            Outcome::RepeatTolerated,
            Alarm::Silent(Silence::ToleratedRepeat),
        )
    };
    let supply = Operation::Remove(Removal::Supply);
    let answered = |decision| Answered {
        operation: supply,
        decision,
        background: Background::default(),
    };
    let responder = |interface| Responder {
        profile: profile("EU").unwrap(),
        interface,
        process: request.process,
        client_transaction: "T<1",
        transaction: "N1",
        at: Timestamp::parse("2027-01-01T08:00:00Z").unwrap(),
    };
    let text = responder(SoapInterface::V5).single(submitted, &answered(&tolerated));
    assert_eq!(
        text,
        "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:ns1=\"urn:types.nmvs.eu:v5.0\" \
         xmlns:ns2=\"urn:wsdltypes.nmvs.eu:v5.0\"><soap:Body><ns2:G120Response><ns1:Header><ns1:Transaction>\
         <ns1:ClientTrxId>T&lt;1</ns1:ClientTrxId><ns1:NMVSTrxId>N1</ns1:NMVSTrxId>\
         <ns1:Timestamp>2027-01-01T08:00:00.000Z</ns1:Timestamp></ns1:Transaction></ns1:Header><ns1:Body><ns1:Product>\
         <ns1:ProductCode ns1:scheme=\"GTIN\">04006381333931</ns1:ProductCode><ns1:Batch><ns1:Id>L&amp;1</ns1:Id>\
         <ns1:ExpDate>280200</ns1:ExpDate></ns1:Batch></ns1:Product><ns1:Pack ns1:sn=\"A\" ns1:state=\"INACTIVE\">\
         <ns1:Reason>Pack supplied</ns1:Reason><ns1:ReturnCode ns1:code=\"NMVS_NC_PCK_30\" ns1:desc=\"The pack was booked \
         out here before; nothing changed.\"/></ns1:Pack><ns1:ReturnCode ns1:code=\"NMVS_NC_PCK_30\" ns1:desc=\"The pack was \
         booked out here before; nothing changed.\"/></ns1:Body></ns2:G120Response></soap:Body></soap:Envelope>"
    );
    let old = responder(SoapInterface::V4).single(submitted, &answered(&tolerated));
    assert!(old.contains("urn:types.nmvs.eu:v4.0") && old.contains("NMVS_NC_PCK_22"));
    let unknown = Decision::of_request(Outcome::SerialUnknown, Alarm::Raise(AlertCode::A3));
    let packs: Vec<PackAnswer<'_>> = vec![(Ok(submitted), answered(&unknown))];
    let bulk = responder(SoapInterface::V5).bulk(&packs);
    assert!(
        bulk.contains("ns1:state=\"UNKNOWN\"") && bulk.contains("NMVS_NC_PCK_17"),
        "{bulk}"
    );
    let item = ItemAnswer {
        process: request.process,
        client_transaction: "I1",
        pack: packs[0],
    };
    let mixed = responder(SoapInterface::V5).mixed(&[item]);
    assert!(
        mixed.contains("<ns1:TrxItem ns1:reqType=\"G120\">") && mixed.contains("NMVS_NC_PC_02")
    );
    assert!(
        responder(SoapInterface::V5)
            .taken()
            .contains("NMVS_SUCCESS")
    );
    assert!(
        responder(SoapInterface::V5)
            .not_ready()
            .contains("NMVS_FE_TX_02")
    );
}
