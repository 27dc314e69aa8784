//! Road 2, told with the use cases: documents are captured, in order and out of it, right and wrong, and the hierarchy is
//! what all of them say together (URS-AG-001 to URS-AG-005, URS-CN-003).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::aggregation::{container_view, parked_page, tree_page};
use packtwin_app::capture::{begin_capture, capture_event, list_findings, read_events};
use packtwin_app::error::AppError;
use packtwin_app::house::HouseSettings;
use packtwin_app::product::create_product;
use packtwin_app::upload::request_commit;
use packtwin_core::aggregation::{FactKey, Level};
use packtwin_core::code::Code;
use packtwin_core::time::Timestamp;
use packtwin_epcis::query::read_query;
use packtwin_tenants::store::capture::{CaptureRecord, CaptureState, ErrorBehaviour};
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

use ErrorBehaviour::{Proceed, Rollback};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" \
     xmlns:cbvmda=\"urn:epcglobal:cbv:mda\" schemaVersion=\"1.2\" creationDate=\"2026-05-04T08:00:00Z\">\n<EPCISBody><EventList>\n";
const TAIL: &str = "</EventList></EPCISBody></epcis:EPCISDocument>\n";

fn document(events: &[String]) -> String {
    format!("{HEAD}{}{TAIL}", events.concat())
}

fn pack(serial: &str) -> String {
    format!("urn:epc:id:sgtin:4150999.000123.{serial}")
}

fn case(number: u32) -> String {
    format!("urn:epc:id:sscc:4150999.0{number:09}")
}

fn pack_name(serial: &str) -> String {
    format!("(01)04150999001239(21){serial}")
}

fn case_name(number: u32) -> String {
    packtwin_epcis::epc_name::name_of(&case(number))
}

fn list(epcs: &[String]) -> String {
    epcs.iter()
        .map(|epc| format!("<epc>{epc}</epc>\n"))
        .collect()
}

fn times(minute: u32) -> String {
    format!(
        "<eventTime>2026-05-04T08:{minute:02}:00Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>\n"
    )
}

fn commission(minute: u32, epcs: &[String]) -> String {
    format!(
        "<ObjectEvent>{}<epcList>{}</epcList><action>ADD</action>\
         <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep><extension><ilmd>\
         <cbvmda:lotNumber>L1</cbvmda:lotNumber></ilmd></extension></ObjectEvent>\n",
        times(minute),
        list(epcs)
    )
}

fn put(minute: u32, parent: &str, children: &[String]) -> String {
    aggregation(minute, parent, children, "ADD", "packing")
}

fn aggregation(minute: u32, parent: &str, children: &[String], action: &str, step: &str) -> String {
    format!(
        "<AggregationEvent>{}<parentID>{parent}</parentID><childEPCs>{}</childEPCs><action>{action}</action>\
         <bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep></AggregationEvent>\n",
        times(minute),
        list(children)
    )
}

fn observe(minute: u32, step: &str, epcs: &[String]) -> String {
    format!(
        "<ObjectEvent>{}<epcList>{}</epcList><action>OBSERVE</action>\
         <bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep></ObjectEvent>\n",
        times(minute),
        list(epcs)
    )
}

fn tell(check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| check(Story::begin(site, HouseSettings::default())));
}

fn capture(
    story: &Story<'_>,
    document: impl AsRef<[u8]>,
    behaviour: ErrorBehaviour,
) -> CaptureRecord {
    let desk = story.desk();
    let begun = begin_capture(&desk, &mut document.as_ref(), behaviour).unwrap();
    story.work();
    desk.scope()
        .read(|reader| reader.capture_get(begun.id))
        .unwrap()
        .unwrap()
}

fn codes(story: &Story<'_>, capture: &CaptureRecord) -> Vec<&'static str> {
    let findings = list_findings(&story.desk(), capture.id, 0, 1_000).unwrap();
    let mut codes: Vec<&str> = findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    codes.dedup();
    codes
}

fn now() -> Timestamp {
    Timestamp::parse("2027-01-01T00:00:00Z").unwrap()
}

fn parent_of(story: &Story<'_>, name: &str, as_of: Timestamp) -> Option<String> {
    let view = container_view(&story.desk(), name, as_of).unwrap();
    view.around.first().map(|parent| parent.name.clone())
}

fn children(story: &Story<'_>, name: &str) -> Vec<String> {
    let (page, _) = tree_page(&story.desk(), name, now(), None, 100).unwrap();
    page.into_iter().map(|child| child.name).collect()
}

/// URS-AG-001, URS-AG-003: a packager's day, and the hierarchy as of any moment of it.
#[test]
fn a_document_becomes_a_hierarchy() {
    tell(|story| {
        let packs: Vec<String> = (0..6).map(|n| pack(&format!("A{n}"))).collect();
        let text = document(&[
            commission(0, &packs),
            commission(0, &[case(1), case(2), case(9)]),
            put(1, &case(1), &packs[..3]),
            put(1, &case(2), &packs[3..]),
            put(2, &case(9), &[case(1), case(2)]),
            observe(3, "shipping", &[case(9)]),
            observe(4, "receiving", &[case(9)]),
            aggregation(5, &case(9), &[], "DELETE", "unpacking"),
        ]);
        let captured = capture(&story, &text, Rollback);
        assert_eq!(
            captured.state,
            CaptureState::Stored,
            "{:?}",
            codes(&story, &captured)
        );
        assert_eq!(
            (
                captured.sums.events,
                captured.sums.stored,
                captured.sums.parked
            ),
            (8, 8, 0)
        );

        let at = |minute| Timestamp::parse(&format!("2026-05-04T08:{minute:02}:30Z")).unwrap();
        let pallet = container_view(&story.desk(), &case_name(9), at(3)).unwrap();
        assert_eq!(pallet.own.counts, [(Level::Unit, 6), (Level::Container, 2)]);
        assert_eq!(pallet.custody.as_str(), "in_transit");
        assert_eq!(parent_of(&story, &case_name(1), at(2)), Some(case_name(9)));
        assert_eq!(parent_of(&story, &case_name(1), now()), None);
        assert_eq!(
            children(&story, &case_name(1)),
            ["A0", "A1", "A2"].map(pack_name)
        );
        let one = container_view(&story.desk(), &pack_name("A1"), at(3)).unwrap();
        assert_eq!(
            one.goods,
            Some(("04150999001239".to_owned(), "L1".to_owned()))
        );
        assert_eq!(one.inferred_from, Some(case_name(9)));
        let early = Timestamp::parse("2026-05-04T07:00:00Z").unwrap();
        let unborn = container_view(&story.desk(), &pack_name("A1"), early);
        assert!(matches!(unborn, Err(AppError::NotFound)));

        // The same document again, and one of its events in another form: nothing is new.
        let again = capture(&story, &text, Rollback);
        assert_eq!(
            (again.state, again.sums.stored, again.sums.repeated),
            (CaptureState::Stored, 0, 8)
        );
        let json = format!(
            "{{\"type\": \"ObjectEvent\", \"eventTime\": \"2026-05-04T10:03:00+02:00\", \"eventTimeZoneOffset\": \"+02:00\", \
             \"epcList\": [\"{}\"], \"action\": \"OBSERVE\", \"bizStep\": \"shipping\"}}",
            packtwin_epcis::epc_name::link_of_name(&case_name(9))
        );
        let refused = capture_event(&story.desk(), json.as_bytes()).unwrap_err();
        assert!(refused.to_string().contains("captured before"), "{refused}");
    });
}

/// URS-CN-003: the later document comes first and waits; its facts hold once their ground is there.
#[test]
fn documents_out_of_order_end_as_in_order() {
    tell(|story| {
        let packs: Vec<String> = (0..4).map(|n| pack(&format!("B{n}"))).collect();
        let shipping = document(&[
            put(2, &case(21), &packs),
            observe(3, "shipping", &[case(21)]),
        ]);
        let born = document(&[commission(0, &packs), commission(0, &[case(21)])]);
        let first = capture(&story, shipping, Rollback);
        assert_eq!((first.state, first.sums.parked), (CaptureState::Stored, 2));
        assert_eq!(codes(&story, &first), ["EPC-111"]);
        assert_eq!(
            parked_page(&story.desk(), FactKey::FIRST, 10)
                .unwrap()
                .len(),
            2
        );
        let second = capture(&story, born, Rollback);
        assert_eq!(
            (second.state, second.sums.parked),
            (CaptureState::Stored, 0)
        );
        assert_eq!(parked_page(&story.desk(), FactKey::FIRST, 10).unwrap(), []);
        let view = container_view(&story.desk(), &case_name(21), now()).unwrap();
        assert_eq!(
            (view.own.children, view.custody.as_str()),
            (4, "in_transit")
        );
    });
}

/// A contradictory hierarchy, a cycle over two documents, and a parent that was shipped before its child existed: the
/// events are kept, their facts are parked, and each says why.
#[test]
fn what_contradicts_is_parked_with_its_reason() {
    tell(|story| {
        let packs = [pack("C0"), pack("C1")];
        let ground = document(&[
            commission(0, &packs),
            commission(0, &[case(31), case(32)]),
            put(1, &case(31), &packs),
        ]);
        assert_eq!(capture(&story, ground, Rollback).sums.parked, 0);
        let second_parent = capture(
            &story,
            document(&[put(2, &case(32), &packs[..1])]),
            Rollback,
        );
        assert_eq!(codes(&story, &second_parent), ["EPC-110"]);
        assert_eq!(second_parent.state, CaptureState::Stored);
        let into = capture(
            &story,
            document(&[put(3, &case(31), &[case(32)])]),
            Rollback,
        );
        assert_eq!(into.sums.parked, 0);
        let cycle = capture(
            &story,
            document(&[put(4, &case(32), &[case(31)])]),
            Rollback,
        );
        assert_eq!(codes(&story, &cycle), ["AGG-403"]);
        assert_eq!(parent_of(&story, &case_name(31), now()), None);
        let early = [
            observe(5, "shipping", &[case(31)]),
            put(6, &case(31), &[pack("C9")]),
            commission(7, &[pack("C9")]),
        ];
        let early = capture(&story, document(&early), Rollback);
        assert_eq!(codes(&story, &early), ["AGG-402", "EPC-103"]);
        assert_eq!((early.sums.stored, early.sums.parked), (3, 1));
    });
}

/// Bad input: what is wrong with a document rejects it, or is left out, as the caller chose; each finding has its line.
#[test]
fn wrong_documents_are_rejected_or_kept_in_part() {
    tell(|story| {
        let good = commission(0, &[pack("D0")]);
        let no_zone = commission(1, &[pack("D1")]).replace("08:01:00Z", "08:01:00");
        let check = |name: &str, text: Vec<u8>, expected: &str, kept: u64| {
            let before = story
                .site
                .number_as_owner("SELECT count(*) AS number FROM epcis_event");
            let whole = capture(&story, &text, Rollback);
            assert_eq!(whole.state, CaptureState::Rejected, "{name}");
            assert!(
                codes(&story, &whole).contains(&expected),
                "{name}: {:?}",
                codes(&story, &whole)
            );
            let findings = list_findings(&story.desk(), whole.id, 0, 100).unwrap();
            assert!(
                findings
                    .iter()
                    .any(|found| found.code.as_str() == expected && found.line > 0),
                "{name}"
            );
            let count = || {
                story
                    .site
                    .number_as_owner("SELECT count(*) AS number FROM epcis_event")
            };
            assert_eq!(count(), before, "{name}");
            let part = capture(&story, &text, Proceed);
            assert_eq!(part.sums.stored + part.sums.repeated, kept, "{name}");
            let state = match kept {
                0 => CaptureState::Rejected,
                _ => CaptureState::PartlyStored,
            };
            assert_eq!(part.state, state, "{name}");
        };
        check(
            "a time without zone",
            document(&[good.clone(), no_zone]).into_bytes(),
            "EPC-101",
            1,
        );
        let unclosed = format!(
            "{HEAD}{}{}",
            commission(2, &[pack("D2")]),
            "</EventList></EPCISBody>"
        );
        check(
            "an unclosed tag at the end",
            unclosed.into_bytes(),
            "UPL-005",
            1,
        );
        let mut bytes = document(&[
            commission(3, &[pack("D3")]),
            commission(4, &[pack("D\u{1}4")]),
        ])
        .into_bytes();
        let at = bytes.iter().position(|byte| *byte == 1).unwrap();
        bytes[at] = 0xff;
        check("invalid UTF-8", bytes, "UPL-046", 1);
        let deep = format!(
            "{HEAD}<ObjectEvent>{}",
            "<x:a xmlns:x=\"urn:x\">".repeat(10_000)
        );
        check("nested 10,000 deep", deep.into_bytes(), "UPL-006", 0);
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>";
        check("a document type", bomb.as_bytes().to_vec(), "UPL-006", 0);

        let unqualified = document(&[commission(8, &[pack("D8")])])
            .replace("epcis:EPCISDocument", "EPCISDocument")
            .replace(" xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\"", "");
        let tolerated = capture(&story, unqualified, Rollback);
        assert_eq!(
            (tolerated.state, tolerated.sums.stored),
            (CaptureState::Stored, 1)
        );
        assert_eq!(codes(&story, &tolerated), ["EPC-131"]);
    });
}

/// Packs that road 1 stores are ground, whether they come before the events or after.
#[test]
fn packs_of_road_one_are_ground() {
    tell(|story| {
        let desk = story.desk();
        create_product(
            &desk,
            product_code(),
            &master_data("Alderine 10 mg", &["DE"]),
        )
        .unwrap();
        let own = |serial: &str| format!("https://id.gs1.org/01/{}/21/{serial}", product_code());
        let packs = [own("E1"), own("E2")];
        let upload = |lot: &str, serial: &str| {
            let file = serial_csv(
                &product_code(),
                lot,
                "290630",
                [serial.to_owned()].into_iter(),
            );
            let upload = story.receive_and_check(&format!("{lot}.csv"), &file);
            request_commit(&story.desk(), upload, Vec::new()).unwrap();
            story.work();
        };
        upload("L7", "E1");
        let packing = document(&[
            commission(0, &[case(51)]),
            commission(0, &packs[..1]).replace("L1", "L7"),
            put(1, &case(51), &packs),
        ]);
        let captured = capture(&story, packing, Rollback);
        assert_eq!(
            (captured.sums.parked, codes(&story, &captured)),
            (1, vec!["EPC-111"])
        );
        upload("L8", "E2");
        assert_eq!(children(&story, &case_name(51)).len(), 2);
        assert_eq!(parked_page(&story.desk(), FactKey::FIRST, 10).unwrap(), []);
        let name = format!("(01){}(21)E2", product_code());
        let view = container_view(&story.desk(), &name, now()).unwrap();
        assert_eq!(
            view.goods,
            Some((product_code().to_string(), "L8".to_owned()))
        );
    });
}

/// An error declaration takes back what its event told, whenever it comes.
#[test]
fn what_is_declared_wrong_was_never_done() {
    tell(|story| {
        let packing = put(1, &case(61), &[pack("F1")]);
        let declared = packing.replacen(
            "</eventTimeZoneOffset>",
            "</eventTimeZoneOffset><baseExtension><errorDeclaration><declarationTime>2026-05-05T08:00:00Z</declarationTime>\
             <reason>urn:epcglobal:cbv:er:did_not_occur</reason></errorDeclaration></baseExtension>",
            1,
        );
        let ground = [
            commission(0, &[pack("F1")]),
            commission(0, &[case(61), case(62)]),
        ];
        capture(
            &story,
            document(&[ground.concat(), packing.clone()]),
            Rollback,
        );
        assert_eq!(
            parent_of(&story, &pack_name("F1"), now()),
            Some(case_name(61))
        );
        let after = capture(&story, document(std::slice::from_ref(&declared)), Rollback);
        assert_eq!((after.state, after.sums.stored), (CaptureState::Stored, 1));
        assert_eq!(parent_of(&story, &pack_name("F1"), now()), None);

        // Another one is declared wrong before it arrives.
        let other = |text: &str| text.replace(&case(61), &case(62));
        capture(&story, document(&[other(&declared)]), Rollback);
        capture(&story, document(&[other(&packing)]), Rollback);
        assert_eq!(parent_of(&story, &pack_name("F1"), now()), None);
    });
}

/// A capture that was cut off goes on behind its last stretch, and one event has one identifier.
#[test]
fn stretches_and_queries() {
    tell(|story| {
        let events: Vec<String> = (0..1_200)
            .map(|n| commission(n % 60, &[pack(&format!("G{n}"))]))
            .collect();
        let captured = capture(&story, document(&events), Proceed);
        assert_eq!((captured.sums.events, captured.sums.stored), (1_200, 1_200));
        let find = |name: &str, value: &str| {
            let parameters = [(name.to_owned(), vec![value.to_owned()])];
            let query = read_query(&parameters, &[]).unwrap();
            read_events(&story.desk(), &query, None, 0, 2_000)
                .unwrap()
                .events
                .len()
        };
        for (name, value, expected) in [
            ("MATCH_epc", pack("G7").as_str(), 1),
            (
                "MATCH_anyEPC",
                "https://id.gs1.org/01/04150999001239/21/G7",
                1,
            ),
            (
                "MATCH_anyEPC",
                "urn:epc:idpat:sgtin:4150999.000123.*",
                1_200,
            ),
            ("MATCH_parentID", pack("G7").as_str(), 0),
            ("EQ_bizStep", "commissioning", 1_200),
            ("EQ_bizStep", "shipping", 0),
            ("GE_eventTime", "2026-05-04T08:59:00Z", 20),
            ("LT_eventTime", "2026-05-04T08:01:00Z", 20),
            ("EQ_ILMD_urn:epcglobal:cbv:mda#lotNumber", "L1", 1_200),
            ("EXISTS_errorDeclaration", "true", 0),
            ("eventType", "ObjectEvent", 1_200),
        ] {
            assert_eq!(find(name, value), expected, "{name} {value}");
        }
        let query =
            read_query(&[("orderBy".to_owned(), vec!["eventTime".to_owned()])], &[]).unwrap();
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = read_events(&story.desk(), &query, after, seen.len() as u64, 500).unwrap();
            seen.extend(page.events.iter().map(|event| event.no));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 1_200);

        // A worker died behind the first stretch of a like document.
        let others: Vec<String> = (0..700)
            .map(|n| commission(n % 60, &[pack(&format!("K{n}"))]))
            .collect();
        let desk = story.desk();
        let begun = begin_capture(&desk, &mut document(&others).as_bytes(), Proceed).unwrap();
        story.site.execute_as_owner(&format!(
            "UPDATE capture SET sums = '{{\"events\":500,\"stored\":500,\"repeated\":0,\"facts\":500,\"parked\":0,\
             \"findings\":0,\"errors\":0}}' WHERE capture_id = '{}'",
            begun.id
        ));
        story.work();
        let resumed = desk
            .scope()
            .read(|reader| reader.capture_get(begun.id))
            .unwrap()
            .unwrap();
        assert_eq!(
            (resumed.state, resumed.sums.stored),
            (CaptureState::Stored, 700)
        );
        assert_eq!(find("MATCH_epc", &pack("K499")), 0);
        assert_eq!(find("MATCH_epc", &pack("K500")), 1);

        let named = commission(0, &[pack("H1")]).replacen(
            "</eventTimeZoneOffset>",
            "</eventTimeZoneOffset><baseExtension><eventID>urn:uuid:00000000-0000-4000-8000-000000000001</eventID></baseExtension>",
            1,
        );
        assert_eq!(
            capture(&story, document(std::slice::from_ref(&named)), Rollback)
                .sums
                .stored,
            1
        );
        let other = capture(&story, document(&[named.replace("H1", "H2")]), Rollback);
        assert_eq!(other.state, CaptureState::Rejected);
        assert_eq!(codes(&story, &other), [Code::EpcisEventTaken.as_str()]);
    });
}
