//! The hub's copy of a product version: the question and the answer, for the drift panel (users.md 3.2).

use std::io::{self, BufRead};

use packtwin_connector_port::document::Envelope;
use packtwin_core::product::{Address, Company, MarketEntry, MasterData, ProductVersion};
use packtwin_core::product_code::ProductCode;

use crate::cursor::{Cursor, Element};
use crate::document_tree::{self, Node, Traced, message};
use crate::product_master_data::{self, product_code};
use crate::reading::{self, ReadError, parsed, release_of, required};
use crate::release::Release;

/// What the hub holds of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductCopy {
    /// The version it holds.
    Held(Box<ProductVersion>),
    /// It holds no such product or version.
    NotHeld,
}

/// Asks for the hub's copy of a version.
///
/// # Errors
/// The envelope's release is unknown, or writing bytes failed.
pub fn write_product_query(
    code: &ProductCode,
    version: u32,
    envelope: &Envelope,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let release = Release::parse(&envelope.release)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the hub release is unknown"))?;
    let wanted = Traced::copied(
        "version",
        version.to_string(),
        "the version to compare with ours",
    );
    let content = Node::group(
        "ProductQuery",
        vec![product_code(code), Node::text("Version", wanted)],
    );
    document_tree::write(&message(envelope, content), release, &mut [].iter(), out).map(drop)
}

/// Reads the answer to [`write_product_query`].
///
/// # Errors
/// The answer cannot be read, or answers something else.
pub fn read_product(status: u16, body: &[u8]) -> Result<ProductCopy, ReadError> {
    let (mut cursor, root) = Cursor::open(body)?;
    release_of(&cursor, &root, "HubReply")?;
    let mut copy = None;
    while let Some(child) = cursor.child()? {
        match (child.name.as_str(), status) {
            ("ProductCopy", 200) => copy = Some(held_version(&mut cursor)?),
            ("NotReceived", 404) => {
                copy = Some(ProductCopy::NotHeld);
                cursor.skip()?;
            }
            _ => cursor.skip()?,
        }
    }
    cursor.finish()?;
    copy.ok_or_else(|| {
        ReadError::NotOurs(format!(
            "it holds no copy of a product (HTTP status {status})"
        ))
    })
}

fn held_version<R: BufRead>(cursor: &mut Cursor<R>) -> Result<ProductCopy, ReadError> {
    let mut held = None;
    while let Some(child) = cursor.child()? {
        if child.name == product_master_data::NAME {
            held = Some(version_from(cursor)?);
        } else {
            cursor.skip()?;
        }
    }
    required(product_master_data::NAME, held).map(|version| ProductCopy::Held(Box::new(version)))
}

/// The version in the master data element the walk stands in.
pub(crate) fn version_from<R: BufRead>(
    cursor: &mut Cursor<R>,
) -> Result<ProductVersion, ReadError> {
    let mut code = None;
    let mut version = None;
    let mut data = MasterData {
        name: String::new(),
        common_name: None,
        form: String::new(),
        strength: String::new(),
        pack_type: String::new(),
        pack_size: 0,
        atc_codes: Vec::new(),
        manufacturer: Company::default(),
        markets: Vec::new(),
    };
    while let Some(field) = cursor.child()? {
        match field.name.as_str() {
            "ProductCode" => {
                let text = cursor.text()?;
                code = Some(reading::product_code(&field, text.trim())?);
            }
            "Version" => version = Some(parsed("Version", cursor.text()?.trim().parse())?),
            "Name" => data.name = cursor.text()?,
            "CommonName" => data.common_name = Some(cursor.text()?),
            "Form" => data.form = cursor.text()?,
            "Strength" => data.strength = cursor.text()?,
            "PackType" => data.pack_type = cursor.text()?,
            "PackSize" => data.pack_size = parsed("PackSize", cursor.text()?.trim().parse())?,
            "AtcCode" => data.atc_codes.push(cursor.text()?),
            "Manufacturer" => data.manufacturer = company_from(cursor)?,
            "Market" => data.markets.push(market_from(cursor, &field)?),
            _ => cursor.skip()?,
        }
    }
    Ok(ProductVersion {
        code: required("ProductCode", code)?,
        version: required("Version", version)?,
        data,
    })
}

fn market_from<R: BufRead>(
    cursor: &mut Cursor<R>,
    element: &Element,
) -> Result<MarketEntry, ReadError> {
    let mut entry = MarketEntry {
        market: parsed(
            "Market/@code",
            element.attribute("code").unwrap_or_default().parse(),
        )?,
        national_code: None,
        holder: Company::default(),
        wholesalers: Vec::new(),
    };
    while let Some(field) = cursor.child()? {
        match field.name.as_str() {
            "NationalCode" => entry.national_code = Some(cursor.text()?),
            "Holder" => entry.holder = company_from(cursor)?,
            "Wholesaler" => entry.wholesalers.push(company_from(cursor)?),
            _ => cursor.skip()?,
        }
    }
    Ok(entry)
}

fn company_from<R: BufRead>(cursor: &mut Cursor<R>) -> Result<Company, ReadError> {
    let mut company = Company::default();
    while let Some(field) = cursor.child()? {
        match field.name.as_str() {
            "Id" => company.id = Some(cursor.text()?),
            "Name" => company.name = cursor.text()?,
            "Address" => company.address = address_from(cursor)?,
            _ => cursor.skip()?,
        }
    }
    Ok(company)
}

fn address_from<R: BufRead>(cursor: &mut Cursor<R>) -> Result<Address, ReadError> {
    let mut address = Address::default();
    while let Some(field) = cursor.child()? {
        let text = Some(cursor.text()?);
        match field.name.as_str() {
            "Street" => address.street = text,
            "Street2" => address.street2 = text,
            "PostalCode" => address.postal_code = text,
            "City" => address.city = text,
            "Country" => address.country = text,
            _ => {}
        }
    }
    Ok(address)
}
