//! What holds for any identifier, tried on invented ones: what is written is read again, every single wrong digit is found,
//! and no text whatever makes a reader fall over.

use chrono::{Datelike, NaiveDate};
use proptest::prelude::*;

use crate::application_identifier;
use crate::batch_number::BatchNumber;
use crate::check_digit::{NumericKey, gs1_check_digit};
use crate::company_prefix::{PrefixLength, Published};
use crate::date::{DateFormat, parse_written};
use crate::digital_link::{CANONICAL_STEM, DigitalLink};
use crate::element_string::{Element, ElementString, Level, ScanData, ScanElements};
use crate::epc::{Epc, EpcKey, read_lgtin, read_sgtin};
use crate::expiry::Expiry;
use crate::gln::Gln;
use crate::gtin::Gtin;
use crate::iso15434::{DataIdentifier, Message, write_format06};
use crate::national_code::{Aic, NationalNumber, NationalScheme, Ndc};
use crate::ppn::Ppn;
use crate::product_code::ProductCode;
use crate::pzn::Pzn;
use crate::russian_sgtin::RussianSgtin;
use crate::serial::Serial;
use crate::sscc::Sscc;

/// One to twenty characters of set 82.
const TEXT: &str = r#"[0-9A-Za-z!"%&'()*+,\-./:;<=>?_]{1,20}"#;

fn gtins() -> impl Strategy<Value = Gtin> {
    "[0-8][1-9][0-9]{11}".prop_map(|body| Gtin::from_body(body.as_bytes()).unwrap())
}

fn keys(length: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[1-9][0-9]{{{}}}", length - 2))
        .unwrap()
        .prop_map(|body| {
            let check = gs1_check_digit(body.as_bytes()).unwrap();
            format!("{body}{check}")
        })
}

fn prefix_lengths() -> impl Strategy<Value = PrefixLength> {
    (6usize..=12).prop_map(|digits| PrefixLength::new(digits).unwrap())
}

/// A pack's elements in any order.
fn packs() -> impl Strategy<Value = ElementString<'static>> {
    let days = (2000i32..=2049, 1u32..=12, 0u32..=28)
        .prop_map(|(y, m, d)| format!("{:02}{m:02}{d:02}", y % 100));
    (gtins(), TEXT, TEXT, days, TEXT).prop_flat_map(|(gtin, batch, serial, expiry, number)| {
        let values = [
            ("01", gtin.to_string()),
            ("10", batch),
            ("21", serial),
            ("17", expiry),
            ("710", number),
        ];
        Just(values.to_vec()).prop_shuffle().prop_map(|values| {
            let element = |(code, value): (&str, String)| Element {
                ai: application_identifier::find(code).unwrap(),
                value: value.into(),
            };
            ElementString::new(
                values.into_iter().map(element).collect(),
                Level::Associations,
            )
            .unwrap()
        })
    })
}

fn pzns() -> impl Strategy<Value = Pzn> {
    "[0-9]{7}".prop_filter_map("some sums have no check digit", |body| {
        (0..10).find_map(|check| Pzn::parse(&format!("{body}{check}")).ok())
    })
}

proptest! {
    /// URS-MD-002.
    #[test]
    fn every_single_wrong_digit_is_found(key in keys(18), place in 0usize..18, shift in 1u8..10) {
        let mut wrong = key.clone().into_bytes();
        wrong[place] = b'0' + (wrong[place] - b'0' + shift) % 10;
        prop_assert_eq!(NumericKey::Sscc.check(&key), Ok(()));
        prop_assert!(NumericKey::Sscc.check(std::str::from_utf8(&wrong).unwrap()).is_err());
    }

    /// URS-MD-002.
    #[test]
    fn every_single_wrong_digit_of_a_ppn_is_found(pzn in pzns(), place in 0usize..12, shift in 1u8..10) {
        let ppn = pzn.to_ppn();
        let mut wrong = ppn.as_str().to_owned().into_bytes();
        wrong[place] = b'0' + (wrong[place] - b'0' + shift) % 10;
        prop_assert!(Ppn::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
    }

    #[test]
    fn one_pzn_is_one_product(pzn in pzns()) {
        prop_assert_eq!(Ppn::parse(pzn.to_ppn().as_str()).unwrap().pzn(), Some(pzn));
        prop_assert_eq!(Pzn::from_ntin(&pzn.to_ntin()), Ok(pzn));
        let identity = |code: &str| ProductCode::parse(code).unwrap().identity();
        prop_assert_eq!(identity(pzn.to_ntin().as_str()), identity(pzn.to_ppn().as_str()));
    }

    #[test]
    fn element_strings_are_read_as_written(pack in packs()) {
        let bracketed = pack.to_bracketed();
        prop_assert_eq!(ElementString::parse_bracketed(&bracketed, Level::Associations), Ok(pack.clone()));
        let unbracketed = pack.to_unbracketed();
        prop_assert_eq!(ElementString::parse_unbracketed(&unbracketed, Level::Associations), Ok(pack.clone()));
        let scan = format!("]d2{unbracketed}");
        let strict = ScanData::parse(&scan, Level::Associations).unwrap();
        prop_assert_eq!(strict.elements(), Some(&pack));
        let lenient = ScanElements::read(&scan);
        prop_assert!(lenient.faults.is_empty() && lenient.notes.is_empty());
        prop_assert_eq!(&lenient.elements, &pack);
    }

    #[test]
    fn digital_links_are_read_as_written(pack in packs()) {
        let link = pack.to_digital_link(CANONICAL_STEM).unwrap();
        let read = DigitalLink::parse(&link, Level::Associations).unwrap();
        prop_assert_eq!(read.elements().elements().len(), pack.elements().len());
        for element in pack.elements() {
            prop_assert_eq!(read.elements().value(element.ai.code()), Some(element.value.as_ref()));
        }
        prop_assert_eq!(read.elements().to_digital_link(read.stem()).unwrap(), link);
    }

    #[test]
    fn epcs_are_read_as_written(gtin in gtins(), text in TEXT, length in prefix_lengths()) {
        let (serial, batch) = (Serial::parse(&text).unwrap(), BatchNumber::parse(&text).unwrap());
        let pack = Epc::sgtin(&gtin, &serial, length);
        prop_assert_eq!(Epc::parse(&pack.to_string()), Ok(pack.clone()));
        prop_assert_eq!(pack.key(), EpcKey::Sgtin(gtin, serial));
        prop_assert_eq!(read_sgtin(&pack.to_string()), Some((gtin, serial, length)));
        let class = Epc::lgtin(&gtin, &batch, length).to_string();
        prop_assert_eq!(Epc::parse(&class).unwrap().key(), EpcKey::Lgtin(gtin, batch));
        prop_assert_eq!(read_lgtin(&class), Some((gtin, batch, length)));
    }

    #[test]
    fn epcs_of_units_and_places_are_read_as_written(
        sscc in keys(18), gln in keys(13), extension in TEXT, length in prefix_lengths()
    ) {
        let (sscc, gln) = (Sscc::parse(&sscc).unwrap(), Gln::parse(&gln).unwrap());
        prop_assert_eq!(Epc::parse(&Epc::sscc(&sscc, length).to_string()).unwrap().key(), EpcKey::Sscc(sscc));
        let place = Epc::sgln(&gln, Some(&extension), length).unwrap();
        prop_assert_eq!(Epc::parse(&place.to_string()), Ok(place));
    }

    #[test]
    fn messages_are_read_as_written(pzn in pzns(), batch in TEXT, serial in TEXT) {
        let ppn = pzn.to_ppn().to_string();
        let text = write_format06(&[
            (DataIdentifier::PPN, &ppn), (DataIdentifier::BATCH, &batch), (DataIdentifier::SERIAL, &serial),
        ]);
        let message = Message::parse(&text).unwrap();
        prop_assert_eq!(message.value(DataIdentifier::SERIAL), Some(serial.as_str()));
        prop_assert_eq!(message.value(DataIdentifier::BATCH), Some(batch.as_str()));
    }

    #[test]
    fn expiry_dates_are_read_as_written(days in 0i64..36_524, back in 0i32..50) {
        let day = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Duration::days(days);
        let expiry = Expiry::from_date(day);
        prop_assert_eq!(Expiry::parse(expiry.raw(), day.year() - back), Ok(expiry));
        prop_assert_eq!(Expiry::parse(expiry.raw(), day.year() + back.min(49)), Ok(expiry));
    }

    #[test]
    fn national_codes_are_read_as_written(ndc in "[0-9]{4}-[0-9]{4}-[0-9]{2}", cn in "[0-9]{6}", aic in "0[0-9]{7}") {
        let ndc = Ndc::parse(&ndc).unwrap();
        prop_assert_eq!(Ndc::from_gtin(&ndc.to_gtin(0).unwrap(), ndc.format()), Some(ndc));
        let cn = NationalNumber::parse(NationalScheme::SpanishCn, &cn).unwrap();
        prop_assert_eq!(NationalNumber::from_gtin(&cn.to_gtin()), Some(cn));
        let aic = (0..10).find_map(|check| Aic::parse(&format!("{aic}{check}")).ok()).unwrap();
        prop_assert_eq!(Aic::parse_base32(&aic.to_base32()), Ok(aic));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ANYTHING) {
        read_as_everything(&text);
    }

    #[test]
    fn anything_behind_a_known_beginning_is_read_or_refused(
        start in prop::sample::select(BEGINNINGS), text in ANYTHING
    ) {
        read_as_everything(&format!("{start}{text}"));
    }

    /// Where the strict reader accepts, the lenient one reads the same.
    #[test]
    fn the_lenient_reader_is_never_stricter(text in "[0-9A\u{1d}]{0,40}") {
        if let Ok(elements) = ElementString::parse_unbracketed(&text, Level::Structure) {
            let lenient = ScanElements::read(&text);
            prop_assert!(lenient.faults.is_empty());
            prop_assert_eq!(lenient.elements, elements);
        }
    }
}

/// Mostly what scanners send, with characters of every width and the control characters among them.
const ANYTHING: &str = "([0-9A-Za-z()/.%?=&+\\\\\\]\\-]|[\u{1d}\u{1e}\u{4}\r]|[é１€🜁]|\\PC){0,40}";

const BEGINNINGS: &[&str] = &[
    "(01)",
    "01",
    "]d2",
    "]d2010",
    "]d2423",
    "]d28010",
    "]d28030",
    "]d28110",
    "]E0",
    "[)>\u{1e}06\u{1d}",
    "9N",
    "11",
    "PZN-",
    "https://x/01/",
    "https://x/01/04006381333931?17=",
    "https://x/01/%00",
    "https://x/01/04006381333931/10/%",
    "urn:epc:id:sgtin:",
    "urn:epc:id:sgtin:0614141.112345.",
    "urn:epc:id:itip:0614141.112345.",
    "urn:epc:id:cpi:0614141.",
    "urn:epc:idpat:grai:",
    "urn:epc:class:lgtin:0614141.1",
];

/// Every reader must come back; what some accept must be printed again.
fn read_as_everything(text: &str) {
    for level in [Level::Structure, Level::Content, Level::Associations] {
        for elements in [
            ElementString::parse_bracketed(text, level),
            ElementString::parse_unbracketed(text, level),
        ] {
            let faults = elements
                .map(|elements| drop((elements.to_bracketed(), elements.to_digital_link("x"))))
                .err();
            faults
                .iter()
                .flatten()
                .for_each(|fault| drop((fault.to_string(), fault.code(), fault.advice())));
        }
        drop((
            ScanData::parse(text, level),
            DigitalLink::parse(text, level),
        ));
    }
    drop((ScanElements::read(text), Message::read(text)));
    if let Ok(epc) = Epc::parse(text) {
        assert_eq!(Epc::parse(&epc.to_string()).as_ref(), Ok(&epc), "{text:?}");
    }
    assert_eq!(
        read_sgtin(text).is_some(),
        Epc::parse(text).is_ok_and(|epc| matches!(epc.key(), EpcKey::Sgtin(..)))
    );
    drop((
        ProductCode::parse(text),
        Pzn::parse(text),
        Pzn::parse_printed(text),
        Pzn::parse_code39(text),
    ));
    drop((
        Sscc::parse(text),
        Gln::parse(text),
        RussianSgtin::parse(text),
        Ndc::parse(text),
        Published::parse(text),
    ));
    drop((
        Aic::parse(text),
        Aic::parse_base32(text),
        Expiry::parse(text, 2026),
        BatchNumber::parse(text),
    ));
    drop(parse_written(text, DateFormat::DdMmYyyy, 2026));
    drop(NationalNumber::parse(NationalScheme::FrenchCip, text));
}
