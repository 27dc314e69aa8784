//! Whole documents of EPCIS from form to form: what is carried, told, put right and refused.

use super::*;

/// Numbers of our own: two events, master data, a statement in the header, and content of somebody's own.
const DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:1" xmlns:x="https://example.org/x/" xmlns:cbvmda="urn:epcglobal:cbv:mda" schemaVersion="1.2" creationDate="2026-05-04T08:00:00Z">
  <EPCISHeader>
    <sbdh:StandardBusinessDocumentHeader xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"><sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
      <sbdh:Sender><sbdh:Identifier Authority="GS1">4150123000013</sbdh:Identifier></sbdh:Sender><sbdh:Receiver><sbdh:Identifier Authority="GS1">4150123000020</sbdh:Identifier></sbdh:Receiver>
      <sbdh:DocumentIdentification><sbdh:Standard>EPCglobal</sbdh:Standard><sbdh:TypeVersion>1.0</sbdh:TypeVersion><sbdh:InstanceIdentifier>D-1</sbdh:InstanceIdentifier><sbdh:Type>Events</sbdh:Type><sbdh:CreationDateAndTime>2026-05-04T08:00:00Z</sbdh:CreationDateAndTime></sbdh:DocumentIdentification></sbdh:StandardBusinessDocumentHeader>
    <x:statement>kept</x:statement>
  </EPCISHeader>
  <EPCISBody><EventList>
    <ObjectEvent><eventTime>2026-05-04T08:00:00Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:4150123.045678.A1</epc></epcList>
      <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
      <extension><ilmd><cbvmda:lotNumber>L1</cbvmda:lotNumber><cbvmda:itemExpirationDate>2029-01-31</cbvmda:itemExpirationDate></ilmd></extension></ObjectEvent>
    <ObjectEvent><eventTime>2026-05-04T09:00:00Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sscc:4150123.0000000001</epc></epcList>
      <action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep><x:seal>7</x:seal></ObjectEvent>
  </EventList></EPCISBody>
</e:EPCISDocument>
"#;

/// URS-CN-002: a document goes through every form of EPCIS whole, and comes back as it went.
#[test]
fn documents_are_carried_whole() {
    let plain = text(DOCUMENT, Form::Epcis12, Words::default());
    for through in [Form::Epcis20, Form::Epcis20Xml] {
        let there = text(DOCUMENT, through, Words::default());
        assert_eq!(there.not_carried(), [""; 0], "{through:?}");
        assert_eq!(there.findings, [""; 0], "{through:?}");
        for part in ["kept", "A1", "shipping", "D-1", "2029-01-31"] {
            assert!(
                there.documents[0].contains(part),
                "{through:?} lacks {part}"
            );
        }
        let back = text(&there.documents[0], Form::Epcis12, Words::default());
        assert_eq!(back.documents, plain.documents, "{through:?}");
    }
    let amount = plain.outcome.unwrap().amount;
    assert_eq!(amount, Amount::Events { read: 2 });
}

#[test]
fn identifiers_are_spelled_as_asked() {
    let words = |epcs, prefix| Words {
        document: DocumentWords {
            epcs,
            ..DocumentWords::default()
        },
        prefix,
        ..Words::default()
    };
    let links = text(
        DOCUMENT,
        Form::Epcis20,
        words(Some(EpcSpelling::DigitalLink), None),
    );
    let link = "https://id.gs1.org/01/04150123456782/21/A1";
    assert!(links.documents[0].contains(link), "{}", links.documents[0]);
    let back = text(&links.documents[0], Form::Epcis12, words(None, Some(7)));
    assert!(back.documents[0].contains("urn:epc:id:sgtin:4150123.045678.A1"));
    assert!(back.documents[0].contains("urn:epc:id:sscc:4150123.0000000001"));
    let unknown = text(&links.documents[0], Form::Epcis12, Words::default());
    assert!(unknown.documents[0].contains(link));
    let unasked = text(DOCUMENT, Form::Epcis20, words(Some(EpcSpelling::Urn), None));
    assert!(unasked.refused()[0].contains("never guessed"));
    for wrong in [
        with(|_| {}),
        words(None, None).with_fixed(),
        Words {
            correct_only: true,
            ..Words::default()
        },
    ] {
        assert_eq!(text(DOCUMENT, Form::Epcis20, wrong).refused().len(), 1);
    }
    assert_eq!(
        text(
            TABLE,
            Form::Epcis20,
            words(Some(EpcSpelling::DigitalLink), None)
        )
        .refused()
        .len(),
        1
    );
}

impl Words {
    fn with_fixed(mut self) -> Self {
        self.fixed.push((Field::Batch, "L9"));
        self
    }
}

/// What the source gets wrong is told with its line, and what was passed over is among what was not carried.
#[test]
fn what_was_passed_over_is_not_carried() {
    let wrong = DOCUMENT
        .replace("<action>OBSERVE", "<odd/>stray<action>OBSERVE")
        .replace(
            "<epc>urn:epc:id:sscc:4150123.0000000001</epc>",
            "<epc> urn:epc:id:sscc:4150123.0000000001</epc><pack/>",
        );
    let there = text(&wrong, Form::Epcis20, Words::default());
    assert_eq!(
        there.findings,
        ["13 EPC-133!", "13 EPC-138", "14 EPC-138!", "14 EPC-134"]
    );
    assert!(there.not_carried()[0].starts_with("2 errors"));
    let cut = text(&wrong[..wrong.len() - 20], Form::Epcis20, Words::default());
    assert!(matches!(cut.outcome, Err(NotTranslated::Refused(_))));
}

/// URS-CN-002: a partner's dialect is read as it is meant, told as put right, and becomes what the standard has.
#[test]
fn a_dialect_is_put_right() {
    let dialect = |name| Words {
        dialect: packtwin_epcis::dialect::dialect(name),
        ..Words::default()
    };
    let ilmd = "<ilmd><cbvmda:lotNumber>L1</cbvmda:lotNumber><cbvmda:itemExpirationDate>2029-01-31</cbvmda:itemExpirationDate></ilmd>";
    let vendor =
        "<x:objAttributes><x:LOTNO>L1</x:LOTNO><x:DATEX>20290131</x:DATEX></x:objAttributes>";
    let file = DOCUMENT
        .replace("08:00:00Z</eventTime>", "08:00:00</eventTime>")
        .replace(&format!("<extension>{ilmd}</extension>"), vendor);
    assert_ne!(file, DOCUMENT);
    assert!(text(&file, Form::Csv, Words::default()).outcome.is_err());
    let table = text(&file, Form::Csv, dialect("sap"));
    assert!(
        table.documents[0].contains("A1,04150123456782,L1,290131,"),
        "{table:?}"
    );
    let there = text(&file, Form::Epcis20Xml, dialect("sap"));
    assert_eq!(
        there.findings,
        ["10 EPC-101!", "10 EPC-105!", "10 EPC-105!", "10 EPC-139!"]
    );
    for part in ["08:00:00+02:00</eventTime>", ">2029-01-31<", "LOTNO"] {
        assert!(
            there.documents[0].contains(part),
            "{} lacks {part}",
            there.documents[0]
        );
    }
    let lost = text(&file, Form::Epcis20Xml, Words::default());
    assert!(
        lost.not_carried()[0].contains("schema of this form refuses"),
        "{lost:?}"
    );
    assert_eq!(text(TABLE, Form::Csv, dialect("sap")).refused().len(), 1);
}

/// A document that cannot be read on is refused with its code, whatever it was to become; a long road to the fault counts
/// no memory.
#[test]
fn documents_that_cannot_be_read_on_are_refused() {
    let body = |inside: &str| DOCUMENT.replace("<EventList>", &format!("<EventList>{inside}"));
    let deep = format!("<x:a>{}", "<x:b>".repeat(10_000));
    let laughs = DOCUMENT.replacen(
        "<e:EPCISDocument",
        "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><e:EPCISDocument",
        1,
    );
    let json = text(DOCUMENT, Form::Epcis20, Words::default())
        .documents
        .remove(0);
    let nested = json.replace(
        "\"x:seal\": \"7\"",
        &format!("\"x:seal\": {}", "[".repeat(10_000)),
    );
    assert_ne!(nested, json);
    let cases: [(Vec<u8>, &str); 8] = [
        (DOCUMENT.replace("</EventList>", "").into_bytes(), "UPL-048"),
        (DOCUMENT[..DOCUMENT.len() - 40].into(), "UPL-005"),
        (
            body(&format!("<ObjectEvent>{deep}")).into_bytes(),
            "UPL-006",
        ),
        (laughs.into_bytes(), "UPL-006"),
        (DOCUMENT.replace("kept", "&boom;").into_bytes(), "UPL-048"),
        (
            [
                &DOCUMENT.as_bytes()[..900],
                b"\xff\xfe",
                &DOCUMENT.as_bytes()[900..],
            ]
            .concat(),
            "UPL-046",
        ),
        (json[..json.len() - 20].into(), "UPL-005"),
        (nested.into_bytes(), "UPL-006"),
    ];
    for (document, code) in cases {
        for to in [Form::Epcis12, Form::Epcis20, Form::Epcis20Xml] {
            let done = run(&[&document], to, Words::default()).0;
            let Err(NotTranslated::Refused(refusals)) = &done.outcome else {
                panic!("{code}: {:?}", done.outcome);
            };
            let codes: Vec<String> = refusals
                .iter()
                .map(|fault| fault.code.to_string())
                .collect();
            assert_eq!(codes, [code], "{to:?}");
            let on_a_pipe = Words {
                is_final: true,
                ..Words::default()
            };
            let done = run(&[&document], to, on_a_pipe).0;
            assert_eq!((done.refused(), done.documents.len()), (codes, 0), "{to:?}");
        }
    }
}

/// What a repository receives is often wrapped or bare; the document inside is carried, and the wrapping is told.
#[test]
fn wrapped_and_bare_documents_are_carried() {
    let inside = &DOCUMENT[DOCUMENT.find("<e:EPCISDocument").unwrap()..];
    let soap = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{inside}</s:Body></s:Envelope>"
    );
    let begin = inside.find("<ObjectEvent>").unwrap();
    let end = inside.find("</ObjectEvent>").unwrap() + "</ObjectEvent>".len();
    let bare = inside[begin..end]
        .replace("<cbvmda:", "<c:")
        .replace("</cbvmda:", "</c:")
        .replace("<ilmd>", "<ilmd xmlns:c=\"urn:epcglobal:cbv:mda\">");
    let no_namespace = inside
        .replace("e:EPCISDocument", "EPCISDocument")
        .replace(" xmlns:e=\"urn:epcglobal:epcis:xsd:1\"", "");
    for (document, code) in [
        (soap.as_str(), "EPC-130"),
        (&bare, "EPC-130"),
        (&no_namespace, "EPC-131"),
    ] {
        let done = text(document, Form::Epcis20, Words::default());
        assert!(
            done.findings.iter().any(|finding| finding.contains(code)),
            "{code}: {done:?}"
        );
        assert!(done.documents[0].contains("4150123.045678.A1"), "{code}");
    }
}
