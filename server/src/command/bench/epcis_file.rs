//! The document of the bench: a lot as a packager reports it to a wholesaler in EPCIS 1.2: packs, cases and pallets
//! commissioned in events of 500, cases of 50, pallets of 40 cases, one shipment; header with sender, receiver, master data
//! and a statement.

use std::io::{self, BufWriter, Write};

use super::pack_file;

/// Packs, cases or pallets in one commissioning event.
const EVENT_PACKS: u64 = 500;
/// Packs in a case.
const CASE_PACKS: u64 = 50;
/// Cases on a pallet.
const PALLET_CASES: u64 = 40;

const BEGIN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda" xmlns:gs1ushc="http://epcis.gs1us.org/hc/ns" schemaVersion="1.2" creationDate="2026-05-04T08:00:00Z">
  <EPCISHeader>
    <sbdh:StandardBusinessDocumentHeader xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
      <sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
      <sbdh:Sender><sbdh:Identifier Authority="SGLN">urn:epc:id:sgln:0952123.00001.0</sbdh:Identifier></sbdh:Sender>
      <sbdh:Receiver><sbdh:Identifier Authority="SGLN">urn:epc:id:sgln:0952124.00001.0</sbdh:Identifier></sbdh:Receiver>
      <sbdh:DocumentIdentification>
        <sbdh:Standard>EPCglobal</sbdh:Standard><sbdh:TypeVersion>1.0</sbdh:TypeVersion><sbdh:InstanceIdentifier>BENCH-1</sbdh:InstanceIdentifier>
        <sbdh:Type>Events</sbdh:Type><sbdh:CreationDateAndTime>2026-05-04T08:00:00Z</sbdh:CreationDateAndTime>
      </sbdh:DocumentIdentification>
    </sbdh:StandardBusinessDocumentHeader>
    <extension><EPCISMasterData><VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtype:EPCClass"><VocabularyElementList>
      <VocabularyElement id="urn:epc:idpat:sgtin:0952123.045432.*"><attribute id="urn:epcglobal:cbv:mda#regulatedProductName">Benchine 10 mg</attribute></VocabularyElement>
    </VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData></extension>
    <gs1ushc:dscsaTransactionStatement><gs1ushc:affirmTransactionStatement>true</gs1ushc:affirmTransactionStatement></gs1ushc:dscsaTransactionStatement>
  </EPCISHeader>
  <EPCISBody>
    <EventList>
"#;
const END: &str = "    </EventList>\n  </EPCISBody>\n</epcis:EPCISDocument>\n";
const TIMES: &str = "        <eventTime>2026-05-04T08:00:00.000Z</eventTime>\n        <eventTimeZoneOffset>+02:00</eventTimeZoneOffset>\n";
const PLACES: &str = "        <readPoint>\n          <id>urn:epc:id:sgln:0952123.00001.7</id>\n        </readPoint>\n";
const SHIPPED: &str = r#"        <bizTransactionList>
          <bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:0952124000012:PO-1</bizTransaction>
          <bizTransaction type="urn:epcglobal:cbv:btt:desadv">urn:epcglobal:cbv:bt:0952123000019:DA-1</bizTransaction>
        </bizTransactionList>
        <extension>
          <sourceList>
            <source type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:sgln:0952123.00001.0</source>
          </sourceList>
          <destinationList>
            <destination type="urn:epcglobal:cbv:sdt:owning_party">urn:epc:id:sgln:0952124.00001.0</destination>
          </destinationList>
        </extension>
"#;

/// What is said of packs that come into being; cases and pallets bear no lot.
const LOT: &str = "        <extension>\n          <ilmd>\n            <cbvmda:lotNumber>BENCH1</cbvmda:lotNumber>\n            <cbvmda:itemExpirationDate>2029-06-30</cbvmda:itemExpirationDate>\n          </ilmd>\n        </extension>\n";

/// Writes the document of this many packs; answers its bytes.
pub(super) fn write(out: impl Write, packs: u64) -> io::Result<u64> {
    let mut document = Document {
        out: BufWriter::with_capacity(256 * 1024, out),
        bytes: 0,
    };
    document.put(BEGIN)?;
    for first in (0..packs).step_by(EVENT_PACKS as usize) {
        document.object("ADD", "commissioning", LOT, |document| {
            (first..packs.min(first + EVENT_PACKS)).try_for_each(|number| document.pack(number))
        })?;
    }
    let cases = packs.div_ceil(CASE_PACKS);
    let pallets = cases.div_ceil(PALLET_CASES);
    for (extension, units) in [(1, cases), (2, pallets)] {
        for first in (0..units).step_by(EVENT_PACKS as usize) {
            document.object("ADD", "commissioning", "", |document| {
                let mut numbers = first..units.min(first + EVENT_PACKS);
                numbers.try_for_each(|number| document.unit(extension, number))
            })?;
        }
    }
    for case in 0..cases {
        let first = case * CASE_PACKS;
        document.aggregation(1, case, |document| {
            (first..packs.min(first + CASE_PACKS)).try_for_each(|number| document.pack(number))
        })?;
    }
    for pallet in 0..pallets {
        let first = pallet * PALLET_CASES;
        document.aggregation(2, pallet, |document| {
            (first..cases.min(first + PALLET_CASES)).try_for_each(|case| document.unit(1, case))
        })?;
    }
    document.object("OBSERVE", "shipping", SHIPPED, |document| {
        (0..pallets).try_for_each(|pallet| document.unit(2, pallet))
    })?;
    document.put(END)?;
    document.out.flush()?;
    Ok(document.bytes)
}

struct Document<W: Write> {
    out: BufWriter<W>,
    bytes: u64,
}

impl<W: Write> Document<W> {
    fn put(&mut self, text: &str) -> io::Result<()> {
        self.bytes += text.len() as u64;
        self.out.write_all(text.as_bytes())
    }

    fn pack(&mut self, number: u64) -> io::Result<()> {
        let serial = pack_file::serial(number)?;
        self.put("          <epc>urn:epc:id:sgtin:0952123.045432.")?;
        self.put(serial.as_str())?;
        self.put("</epc>\n")
    }

    /// A case or pallet, told apart by the extension digit of its SSCC.
    fn unit(&mut self, extension: u8, number: u64) -> io::Result<()> {
        self.put(&format!(
            "          <epc>urn:epc:id:sscc:0952123.{extension}{number:09}</epc>\n"
        ))
    }

    fn object(
        &mut self,
        action: &str,
        step: &str,
        rest: &str,
        epcs: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.put("      <ObjectEvent>\n")?;
        self.put(TIMES)?;
        self.put("        <epcList>\n")?;
        epcs(self)?;
        self.put(&format!(
            "        </epcList>\n        <action>{action}</action>\n        <bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep>\n"
        ))?;
        self.put(PLACES)?;
        self.put(rest)?;
        self.put("      </ObjectEvent>\n")
    }

    fn aggregation(
        &mut self,
        extension: u8,
        number: u64,
        children: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.put("      <AggregationEvent>\n")?;
        self.put(TIMES)?;
        self.put(&format!(
            "        <parentID>urn:epc:id:sscc:0952123.{extension}{number:09}</parentID>\n        <childEPCs>\n"
        ))?;
        children(self)?;
        self.put("        </childEPCs>\n        <action>ADD</action>\n        <bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep>\n")?;
        self.put(PLACES)?;
        self.put("      </AggregationEvent>\n")
    }
}
