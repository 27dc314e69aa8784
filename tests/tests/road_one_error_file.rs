//! What somebody takes away from a check: the error file of a mixed upload, byte for byte, and what the upload itself says
//! when its columns leave a choice or a lot cannot be told (users.md 3.5 and 5; URS-SN-008).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use packtwin_app::house::HouseSettings;
use packtwin_app::product::{create_product, send_version};
use packtwin_app::upload::{
    Completed, Decision, MappingChoice, UploadDetail, change_decision, findings_page,
    request_commit, write_error_file,
};
use packtwin_core::ids::UploadId;
use packtwin_partner::mapping::{Column, Field, Mapping};
use packtwin_tenants::store::upload::UploadState;
use packtwin_tenants::store::upload_result::UploadLot;
use packtwin_tenants::testing::{TestSite, for_each_engine};
use packtwin_tests::story::{Story, master_data, product_code, serial_csv};

fn tell(check: impl Fn(Story<'_>)) {
    tell_with(&HouseSettings::default(), check);
}

fn tell_with(settings: &HouseSettings, check: impl Fn(Story<'_>)) {
    for_each_engine(|site: &TestSite| {
        let story = Story::begin(site, settings.clone());
        let data = master_data("Alderine 10 mg film-coated tablets", &["DE"]);
        create_product(&story.desk(), product_code(), &data).unwrap();
        send_version(&story.desk(), &product_code(), 1).unwrap();
        story.dispatch_all();
        check(story);
    });
}

fn state(story: &Story<'_>, upload: UploadId) -> (UploadState, UploadDetail) {
    let desk = story.desk();
    let record = desk.scope().read(|reader| reader.upload_get(upload));
    let record = record.unwrap().unwrap();
    (record.state, UploadDetail::from_record(&record))
}

fn lots(story: &Story<'_>, upload: UploadId) -> Vec<UploadLot> {
    let desk = story.desk();
    let lots = desk
        .scope()
        .read(|reader| reader.upload_lots(upload, None, 100));
    lots.unwrap()
}

fn committed(story: &Story<'_>, lot: &str, serial: &str) {
    let rows = std::iter::once(serial.to_owned());
    let upload =
        story.receive_and_check("lot.csv", &serial_csv(&product_code(), lot, "290630", rows));
    request_commit(&story.desk(), upload, Vec::new()).unwrap();
    story.work();
}

fn error_file(story: &Story<'_>, upload: UploadId) -> String {
    let mut file = Vec::new();
    write_error_file(&story.desk(), upload, &mut file).unwrap();
    String::from_utf8(file).unwrap()
}

fn rows_of_findings(story: &Story<'_>, upload: UploadId) -> Vec<u64> {
    let findings = findings_page(&story.desk(), upload, None, 0, 1_000).unwrap();
    findings.iter().map(|finding| finding.row).collect()
}

/// Faults of rows, of lots and of packs that are stored already: each at its row, beside the columns as they were sent.
#[test]
fn the_error_file_of_a_mixed_table() {
    tell(|story| {
        committed(&story, "OLD", "TAKEN");
        let code = product_code();
        let file = format!(
            "Seriennummer;GTIN;Charge;Verfalldatum;Line\r\n\
             A1;{code};GOOD;290630;a\r\n\
             B 1;{code};GOOD;290630;b\r\n\
             C1;04006381333931;ELSE;290630;c\r\n\
             TAKEN;{code};GOOD;290630;d\r\n\
             D1;{code};TWO;290630;e\r\n\
             D2;{code};TWO;290731;f\r\n\
             A1;{code};GOOD;290630;g\r\n"
        );
        let upload = story.receive_and_check("mixed.csv", file.as_bytes());
        let expected = format!(
            "Seriennummer;GTIN;Charge;Verfalldatum;Line;row;code;message;proposal\r\n\
             B 1;{code};GOOD;290630;b;3;UPL-012;\"Row 3: serial contains \"\" \"\", which cannot be printed in a GS1 code. It is \
             a space, position 2 of \"\"B 1\"\".\";\r\n\
             C1;04006381333931;ELSE;290630;c;4;UPL-024;Product 04006381333931 is not known here (1 row of lot ELSE). Add \
             the product, then check the file again.;\r\n\
             TAKEN;{code};GOOD;290630;d;5;UPL-014;Row 5: this serial already exists for this product in lot OLD. It cannot \
             be used again. The product is {code}.;\r\n\
             D1;{code};TWO;290630;e;6;UPL-021;Lot TWO: two expiry dates (290630, 290731) in one file. One lot has one \
             expiry. The second first stands in row 7.;\r\n\
             A1;{code};GOOD;290630;g;8;UPL-013;Rows 2 and 8: the same serial twice in this file. Keep the first, or reject \
             the lot.;keep row 2\r\n"
        );
        assert_eq!(error_file(&story, upload), expected);
    });
}

/// In an EPCIS document a lot is judged when its EPCs are, behind the line where it begins; the ledger still goes by lines.
#[test]
fn the_error_file_of_an_epcis_document() {
    tell(|story| {
        committed(&story, "OLD", "TAKEN");
        let event = |epcs: &str, lot: &str, expiry: &str| {
            format!(
                "<ObjectEvent>\n<eventTime>2026-11-01T00:00:00Z</eventTime>\n<epcList>\n{epcs}</epcList>\n\
                 <action>ADD</action>\n<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>\n<extension><ilmd>\
                 <v:lotNumber>{lot}</v:lotNumber><v:itemExpirationDate>{expiry}</v:itemExpirationDate></ilmd></extension>\n\
                 </ObjectEvent>\n"
            )
        };
        let pack = |serial: &str| format!("<epc>urn:epc:id:sgtin:4150123.045678.{serial}</epc>\n");
        let other = "<epc>urn:epc:id:sgtin:4006381.033393.A1</epc>\n";
        let file = format!(
            "<?xml version=\"1.0\"?>\n<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" \
             xmlns:v=\"urn:epcglobal:cbv:mda\" schemaVersion=\"1.2\" creationDate=\"2026-11-01T00:00:00Z\">\n<EPCISBody>\
             <EventList>\n{}{}{}</EventList></EPCISBody></epcis:EPCISDocument>\n",
            event(&format!("<epc>nothing</epc>\n{}", pack("A1")), "L1", "soon"),
            event(
                &format!("{}{}", pack("TAKEN"), pack("A2")),
                "L2",
                "2029-06-30"
            ),
            event(other, "L3", "2029-06-30"),
        );
        let upload = story.receive_and_check("lots.xml", file.as_bytes());
        let rows = rows_of_findings(&story, upload);
        assert!(rows.is_sorted(), "{rows:?}");
        let expected = "element,row,code,message,proposal\n\
            itemExpirationDate,4,UPL-020,\"Event 1, line 4: expiry \"\"soon\"\" is no date such as 2027-01-31.\",\n\
            epc,7,EPC-104,\"Event 1, line 7: the EPC \"\"nothing\"\" cannot be read: \"\"nothing\"\" does not begin with urn:epc:id:, \
            urn:epc:class: or urn:epc:idpat:.\",\n\
            serial,17,UPL-014,Row 17: this serial already exists for this product in lot OLD. It cannot be used again. The \
            product is 04150123456782.,\n\
            product_code,27,UPL-024,\"Product 04006381333931 is not known here (1 row of lot L3). Add the product, then \
            check the file again.\",\n";
        assert_eq!(error_file(&story, upload), expected);
    });
}

/// What a document holds beside its packs is a warning of the whole file, counted with the other findings.
#[test]
fn what_was_not_taken_is_a_finding() {
    tell(|story| {
        let file = "<?xml version=\"1.0\"?>\n<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:1\" \
            xmlns:v=\"urn:epcglobal:cbv:mda\" schemaVersion=\"1.2\" creationDate=\"2026-11-01T00:00:00Z\"><EPCISBody>\
            <EventList><ObjectEvent><eventTime>2026-11-01T00:00:00Z</eventTime><epcList>\
            <epc>urn:epc:id:sgtin:4150123.045678.N1</epc></epcList><action>ADD</action>\
            <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep><extension><ilmd><v:lotNumber>L1</v:lotNumber>\
            <v:itemExpirationDate>2029-06-30</v:itemExpirationDate></ilmd></extension></ObjectEvent>\
            <AggregationEvent><parentID>x</parentID></AggregationEvent></EventList></EPCISBody></epcis:EPCISDocument>\n";
        let upload = story.receive_and_check("more.xml", file.as_bytes());
        let desk = story.desk();
        let sums = desk.scope().read(|reader| reader.upload_findings(upload));
        let sums = sums.unwrap();
        let counts: Vec<_> = sums
            .iter()
            .map(|sum| (sum.code.as_str(), sum.count))
            .collect();
        assert_eq!(counts, [("UPL-051", 1)]);
        let (_, detail) = state(&story, upload);
        let summary = detail.summary.unwrap();
        assert_eq!((summary.rows_right, summary.rows_wrong), (1, 0));
    });
}

/// Two columns that both say serial, or expiry: nobody but the sender knows which is meant, so the upload waits and names
/// both; with a chosen mapping the same file is right.
#[test]
fn two_columns_with_one_meaning_wait_for_a_choice() {
    tell(|story| {
        let code = product_code();
        let file = format!(
            "SerialNumber;SerialNumber;GTIN;Batch;ExpirationDate\nX1;A1;{code};L1;290630\nX2;A2;{code};L1;290630\n"
        );
        let Completed::Kept(upload) = story.receive("twice.csv", file.as_bytes()) else {
            panic!("the file is new")
        };
        story.work();
        let (waits, detail) = state(&story, upload.id);
        assert_eq!(waits, UploadState::NeedsDecision);
        let told = "Several columns stand for serial: \"SerialNumber\" (column 1), \"SerialNumber\" (column 2). Choose one \
                    in the mapping.";
        assert_eq!(
            detail.refused,
            Some(("UPL-007".to_owned(), told.to_owned()))
        );

        let chosen = Mapping {
            columns: vec![
                (Field::Serial, Column::Number(2)),
                (Field::ProductCode, Column::Heading("GTIN".to_owned())),
                (Field::Batch, Column::Heading("Batch".to_owned())),
                (Field::Expiry, Column::Heading("ExpirationDate".to_owned())),
            ],
            heading: true,
            ..Mapping::default()
        };
        let decision = Decision {
            mapping: MappingChoice::Text(chosen.to_string()),
            accepted: None,
            kept: None,
        };
        change_decision(&story.desk(), upload.id, decision).unwrap();
        story.work();
        let (checked, detail) = state(&story, upload.id);
        assert_eq!((checked, detail.refused), (UploadState::Checked, None));
        assert_eq!(detail.summary.unwrap().rows_right, 2);
    });
}

/// A malformed expiry is what stands against its lot; the product is known, and one wrong row does not make another lot.
#[test]
fn a_lot_is_blocked_by_what_is_wrong_with_it() {
    tell(|story| {
        let code = product_code();
        let file = format!(
            "Seriennummer;GTIN;Charge;Verfalldatum\r\nA1;{code};BAD;never\r\nA2;{code};BAD;soon\r\n\
             B1;4150123456782;MIXED;never\r\nB2;{code};MIXED;290630\r\n"
        );
        let upload = story.receive_and_check("lots.csv", file.as_bytes());
        let lots = lots(&story, upload);
        let told: Vec<_> = lots
            .iter()
            .map(|lot| {
                let known = lot.product.is_some();
                let blocked = lot.blocked_by.join(" ");
                (
                    lot.batch_text.as_str(),
                    known,
                    blocked,
                    lot.rows_right,
                    lot.rows_wrong,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("BAD", true, "UPL-020".to_owned(), 0, 2),
                ("MIXED", true, String::new(), 1, 1),
            ]
        );
    });
}

/// A file of nothing but faults is counted to its end, and as many of them are listed as the house keeps.
#[test]
fn findings_beyond_the_limit_are_counted() {
    let settings = HouseSettings {
        findings_listed_max: 5,
        ..HouseSettings::default()
    };
    tell_with(&settings, |story| {
        let code = product_code();
        let wrong: String = (10..30)
            .map(|n| format!("A {n};{code};L1;290630\r\n"))
            .collect();
        let twice = format!("B1;{code};L1;290630\r\n").repeat(3);
        let file = format!("Seriennummer;GTIN;Charge;Verfalldatum\r\n{wrong}{twice}");
        let upload = story.receive_and_check("wrong.csv", file.as_bytes());
        assert_eq!(rows_of_findings(&story, upload), [2, 3, 4, 5, 6]);
        let desk = story.desk();
        let sums = desk.scope().read(|reader| reader.upload_findings(upload));
        let mut counts: Vec<_> = sums
            .unwrap()
            .into_iter()
            .map(|sum| (sum.code.as_str(), sum.count, sum.examples.len()))
            .collect();
        counts.sort_unstable();
        assert_eq!(counts, [("UPL-012", 20, 10), ("UPL-013", 2, 2)]);
        let (_, detail) = state(&story, upload);
        assert_eq!(detail.summary.unwrap().rows_wrong, 22);
        let told = "17 findings beyond the first 5 are counted and not listed. Correct what is listed and send the file again.";
        assert!(
            detail.notes.contains(&told.to_owned()),
            "{:?}",
            detail.notes
        );
    });
}
