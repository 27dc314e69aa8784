//! One document with much of what EPCIS can say, through every form and back; what a form cannot carry is said.

use super::*;
use crate::cbv::Standard;
use crate::reading::Step;

/// A document with much of what EPCIS 1.2 can say, in numbers of our own.
const DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:x="https://example.org/x/" xmlns:cbvmda="urn:epcglobal:cbv:mda"
    xmlns:us="http://epcis.gs1us.org/hc/ns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
    schemaVersion="1.2" creationDate="2026-05-04T08:00:00Z" x:origin="line 7">
  <EPCISHeader>
    <sbdh:StandardBusinessDocumentHeader xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
      <sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
      <sbdh:Sender><sbdh:Identifier Authority="SGLN">urn:epc:id:sgln:4006381.00001.0</sbdh:Identifier>
        <sbdh:ContactInformation><sbdh:Contact>Desk</sbdh:Contact></sbdh:ContactInformation></sbdh:Sender>
      <sbdh:Receiver><sbdh:Identifier Authority="SGLN">urn:epc:id:sgln:0614141.00002.0</sbdh:Identifier></sbdh:Receiver>
      <sbdh:DocumentIdentification><sbdh:Standard>EPCglobal</sbdh:Standard><sbdh:TypeVersion>1.0</sbdh:TypeVersion>
        <sbdh:InstanceIdentifier>D-17</sbdh:InstanceIdentifier><sbdh:Type>Events</sbdh:Type>
        <sbdh:CreationDateAndTime>2026-05-04T08:00:00Z</sbdh:CreationDateAndTime></sbdh:DocumentIdentification>
    </sbdh:StandardBusinessDocumentHeader>
    <extension><EPCISMasterData><VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass"><VocabularyElementList>
      <VocabularyElement id="urn:epc:idpat:sgtin:4006381.033393.*">
        <attribute id="urn:epcglobal:cbv:mda#regulatedProductName">Exempla &amp; Co 5 mg</attribute>
        <attribute id="https://example.org/x/parts"><x:part x:number="1">a</x:part><x:part>b</x:part></attribute>
        <children><id>urn:epc:idpat:sgtin:4006381.533393.*</id></children>
      </VocabularyElement></VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData></extension>
    <us:dscsaTransactionStatement><us:affirmTransactionStatement>true</us:affirmTransactionStatement></us:dscsaTransactionStatement>
  </EPCISHeader>
  <EPCISBody><EventList>
    <ObjectEvent><eventTime>2026-05-04T10:00:00.1234567+02:00</eventTime><recordTime>2026-05-04T08:00:01Z</recordTime>
      <eventTimeZoneOffset>+02:00</eventTimeZoneOffset>
      <baseExtension><eventID>urn:uuid:0a2c1a52-5a3a-4d0c-9d5e-1f5a7f5a0001</eventID>
        <errorDeclaration><declarationTime>2026-05-05T08:00:00Z</declarationTime><reason>urn:epcglobal:cbv:er:incorrect_data</reason>
          <correctiveEventIDs><correctiveEventID>urn:uuid:0a2c1a52-5a3a-4d0c-9d5e-1f5a7f5a0002</correctiveEventID></correctiveEventIDs>
          <x:by>shift 2</x:by></errorDeclaration></baseExtension>
      <epcList><epc>urn:epc:id:sgtin:4006381.033393.A%2F1</epc><epc>https://id.gs1.org/01/04006381333931/21/A2</epc></epcList>
      <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep><disposition>urn:epcglobal:cbv:disp:active</disposition>
      <readPoint><id>urn:epc:id:sgln:4006381.00001.7</id><x:door>3</x:door></readPoint>
      <bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:4006381000017:PO-1</bizTransaction><bizTransaction>urn:x:free</bizTransaction></bizTransactionList>
      <extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4006381.033393.L1</epcClass><quantity>12.50</quantity><uom>KGM</uom></quantityElement></quantityList>
        <sourceList><source type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:sgln:4006381.00001.0</source></sourceList>
        <ilmd><cbvmda:lotNumber>007</cbvmda:lotNumber><x:tree x:kind="deep"><x:leaf>1</x:leaf><x:leaf>2</x:leaf><bare>3</bare></x:tree>
          <x:count xsi:type="xsd:integer">42</x:count></ilmd></extension>
      <x:note>with &lt;markup&gt;</x:note><x:note>again</x:note></ObjectEvent>
    <AggregationEvent><eventTime>2026-05-04T10:05:00Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>
      <parentID>urn:epc:id:sscc:4006381.0000000017</parentID><childEPCs/><action>DELETE</action></AggregationEvent>
    <extension><TransformationEvent><eventTime>2026-05-04T10:06:00Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>
      <inputEPCList><epc>urn:epc:id:sgtin:4006381.033393.A2</epc></inputEPCList><outputEPCList><epc>urn:epc:id:sgtin:4006381.033393.A3</epc></outputEPCList>
      <ilmd><x:a>1</x:a></ilmd></TransformationEvent></extension>
  </EventList></EPCISBody>
  <x:closing>end</x:closing>
</epcis:EPCISDocument>"#;

const WRITING: Writing = Writing {
    at: Timestamp::from_micros(0),
    epc: EpcFormat::AsWritten,
    cbv: CbvXmlFormat::AsWritten,
};

fn carried(document: &[u8], form: Form) -> (Vec<u8>, Losses) {
    let mut out = Vec::new();
    let mut reader = AnyReader::new(document).unwrap();
    let translated = translate(&mut reader, &mut out, form, WRITING, &mut |finding| {
        panic!("{finding:?}")
    });
    (out, translated.unwrap().losses)
}

fn parts(document: &[u8]) -> (DocumentHead, Vec<Event>, Vec<Element>) {
    let mut reader = AnyReader::new(document).unwrap();
    let (mut head, mut events, mut tail) = (DocumentHead::default(), Vec::new(), Vec::new());
    let (mut event, mut findings) = (Event::default(), Vec::new());
    loop {
        match reader.next(&mut event, &mut findings).unwrap() {
            Step::Head(read) => head = *read,
            Step::Event => events.push(event.clone()),
            Step::Tail(read) => tail = read,
            Step::Complete => return (head, events, tail),
            _ => {}
        }
    }
}

/// What goes through these forms and comes back as XML 1.2 says what it said.
fn check_there_and_back(forms: &[Form]) {
    let mut document = DOCUMENT.as_bytes().to_vec();
    for form in forms.iter().chain(&[Form::Xml1]) {
        let (next, losses) = carried(&document, *form);
        let sentences: Vec<String> = losses.sentences().collect();
        assert!(losses.is_empty(), "{form:?}: {sentences:?}");
        document = next;
    }
    let (mut head, events, tail) = parts(DOCUMENT.as_bytes());
    let (mut last_head, last_events, last_tail) = parts(&document);
    head.namespaces.clear();
    last_head.namespaces.clear();
    assert_eq!(head, last_head, "by {forms:?}");
    assert_eq!(tail, last_tail, "by {forms:?}");
    assert_eq!(events.len(), last_events.len());
    for (event, last) in events.iter().zip(&last_events) {
        assert!(
            event.says_the_same(last),
            "by {forms:?}: {event:#?} {last:#?}"
        );
    }
}

#[test]
fn nothing_is_lost_on_any_way_and_back() {
    check_there_and_back(&[]);
    check_there_and_back(&[Form::Xml2]);
    check_there_and_back(&[Form::Json2]);
    check_there_and_back(&[Form::Xml2, Form::Json2, Form::Xml2]);
}

#[test]
fn the_model_holds_what_the_document_says() {
    let (head, events, tail) = parts(DOCUMENT.as_bytes());
    assert_eq!(
        head.sender().as_deref(),
        Some("urn:epc:id:sgln:4006381.00001.0")
    );
    assert_eq!(head.instance_identifier().as_deref(), Some("D-17"));
    assert!(head.header_element("dscsaTransactionStatement").is_some());
    assert_eq!(tail.len(), 1);
    let [object, aggregation, transformation] = events.as_slice() else {
        panic!("{} events", events.len());
    };
    assert_eq!(object.instances().count(), 2);
    assert!(Standard::BizStep.is(object.biz_step.as_deref(), "commissioning"));
    assert_eq!(object.ilmd.as_ref().unwrap().elements[0].own_text(), "007");
    let line = DOCUMENT
        .lines()
        .position(|line| line.contains("<AggregationEvent>"));
    assert_eq!(Some(aggregation.line as usize), line.map(|line| line + 1));
    assert_eq!(transformation.number, 3);
}

#[test]
fn what_a_form_cannot_carry_is_said() {
    let json = r#"{"@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"x": "https://example.org/x/"}],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-05-04T08:00:00Z", "epcisBody": {"eventList": [
        {"type": "x:OwnEvent", "eventTime": "2026-05-04T08:00:00Z", "eventTimeZoneOffset": "+00:00", "x:a": true},
        {"type": "ObjectEvent", "eventTime": "2026-05-04T08:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
         "epcList": ["urn:x:1"], "disposition": "conformant", "x:n": [1, 2.5, null, {"x:b": false}]}]}}"#;
    let (xml, losses) = carried(json.as_bytes(), Form::Xml1);
    let sentences: Vec<String> = losses.sentences().collect();
    assert!(
        sentences.iter().any(|text| text.contains("OwnEvent")),
        "{sentences:?}"
    );
    assert!(
        sentences
            .iter()
            .any(|text| text.starts_with("Note: conformant")),
        "{sentences:?}"
    );
    let (back, _) = carried(&xml, Form::Json2);
    let (_, events, _) = parts(&back);
    let (_, before, _) = parts(json.as_bytes());
    assert!(events[0].says_the_same(&before[1]), "{:#?}", events[0]);
}

#[test]
fn a_context_behind_the_body_counts() {
    let json = r#"{"type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-05-04T08:00:00Z", "epcisBody": {"eventList": [
        {"type": "ObjectEvent", "eventTime": "2026-05-04T08:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
         "epcList": ["urn:x:1"], "x:a": "1"}]},
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"x": "https://example.org/x/"}]}"#;
    let (_, events, _) = parts(json.as_bytes());
    assert_eq!(
        &*events[0].extensions[0].name.namespace,
        "https://example.org/x/"
    );
    assert_eq!(events[0].line, 2);
}
