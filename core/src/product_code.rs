//! The product code of a pack (Delegated Regulation (EU) 2016/161, Article 4(b)(i)): a GTIN or a PPN.
//!
//! The code as printed is part of the canonical key of a pack. Two codes can name one product: the NTIN and the PPN of one
//! PZN are the same product, and a serial number must be unique over both. [`ProductCode::identity`] says so.

use std::fmt;

use crate::gtin::{Gtin, GtinError};
use crate::ppn::{PRA_PZN, Ppn, PpnError};
use crate::pzn::{NTIN_PREFIX, Pzn, PznError};

/// The scheme in which a product code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodingScheme {
    /// GS1: a GTIN, national NTINs included.
    Gtin,
    /// IFA: a PPN.
    Ppn,
}

/// A product code as printed on the pack.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProductCode {
    /// A GTIN of 14 digits.
    Gtin(Gtin),
    /// A PPN.
    Ppn(Ppn),
}

/// Why a text is not a product code: what is wrong with it under each scheme it could belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductCodeError {
    /// The text as given.
    pub value: String,
    /// One fault for each scheme the text could belong to by its shape, the likelier first; never empty.
    pub faults: Vec<ProductCodeFault>,
}

/// The fault of a product code under one scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductCodeFault {
    /// Read as a GTIN.
    #[error(transparent)]
    Gtin(GtinError),
    /// Read as a PPN.
    #[error(transparent)]
    Ppn(PpnError),
}

impl CodingScheme {
    /// The name used in files, interfaces and the database: `gtin` or `ppn`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gtin => "gtin",
            Self::Ppn => "ppn",
        }
    }

    /// The scheme of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Gtin, Self::Ppn]
            .into_iter()
            .find(|scheme| scheme.as_str() == name)
    }
}

impl fmt::Display for CodingScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl ProductCode {
    /// Reads a GTIN or a PPN, recognised by shape.
    ///
    /// Twelve digits are read as a PPN if they satisfy its check digits and begin with 11, else as GTIN-12. Both can be
    /// true of one text; then the PPN wins, since its two check digits and the one inside are the stronger evidence.
    pub fn parse(text: &str) -> Result<Self, ProductCodeError> {
        let looks_like_ppn = text.starts_with(PRA_PZN) && text.len() == 12
            || text.bytes().any(|byte| byte.is_ascii_uppercase());
        let mut faults = Vec::new();
        if looks_like_ppn {
            match Ppn::parse(text) {
                Ok(ppn) => return Ok(Self::Ppn(ppn)),
                Err(error) => faults.push(ProductCodeFault::Ppn(error)),
            }
        }
        match Gtin::parse(text) {
            Ok(gtin) => return Ok(Self::Gtin(gtin)),
            Err(error) => faults.push(ProductCodeFault::Gtin(error)),
        }
        Err(ProductCodeError {
            value: text.to_owned(),
            faults,
        })
    }

    /// Reads a product code of a known scheme.
    pub fn parse_as(scheme: CodingScheme, text: &str) -> Result<Self, ProductCodeError> {
        let read = match scheme {
            CodingScheme::Gtin => Gtin::parse(text)
                .map(Self::Gtin)
                .map_err(ProductCodeFault::Gtin),
            CodingScheme::Ppn => Ppn::parse(text)
                .map(Self::Ppn)
                .map_err(ProductCodeFault::Ppn),
        };
        read.map_err(|fault| ProductCodeError {
            value: text.to_owned(),
            faults: vec![fault],
        })
    }

    /// The scheme of this code.
    pub fn scheme(&self) -> CodingScheme {
        match self {
            Self::Gtin(_) => CodingScheme::Gtin,
            Self::Ppn(_) => CodingScheme::Ppn,
        }
    }

    /// The 14 digits of the GTIN, or the PPN.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Gtin(gtin) => gtin.as_str(),
            Self::Ppn(ppn) => ppn.as_str(),
        }
    }

    /// The German PZN inside; `None` if there is none, or if an NTIN carries a wrong one.
    pub fn pzn(&self) -> Option<Pzn> {
        match self {
            Self::Gtin(gtin) => Pzn::from_ntin(gtin).ok(),
            Self::Ppn(ppn) => ppn.pzn(),
        }
    }

    /// What is wrong with the national number inside, although the code around it is right.
    ///
    /// Such a pack is still looked up when it is scanned; product data with such a code is refused.
    pub fn national_fault(&self) -> Option<PznError> {
        match self {
            Self::Gtin(gtin) if gtin.as_str().starts_with(NTIN_PREFIX) => {
                Pzn::from_ntin(gtin).err()
            }
            Self::Gtin(_) | Self::Ppn(_) => None,
        }
    }

    /// The identity of the product, equal for every code that names it: `PZN:12345678`, `GTIN:…`, or `PPN:…` of another
    /// agency.
    pub fn identity(&self) -> String {
        match (self.pzn(), self) {
            (Some(pzn), _) => format!("PZN:{pzn}"),
            (None, Self::Gtin(gtin)) => format!("GTIN:{gtin}"),
            (None, Self::Ppn(ppn)) => format!("PPN:{ppn}"),
        }
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProductCode({} {})", self.scheme(), self.as_str())
    }
}

impl std::str::FromStr for ProductCode {
    type Err = ProductCodeError;

    fn from_str(text: &str) -> Result<Self, ProductCodeError> {
        Self::parse(text)
    }
}

impl From<Gtin> for ProductCode {
    fn from(gtin: Gtin) -> Self {
        Self::Gtin(gtin)
    }
}

impl From<Ppn> for ProductCode {
    fn from(ppn: Ppn) -> Self {
        Self::Ppn(ppn)
    }
}

impl ProductCodeFault {
    /// The stable code under which this fault is reported.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gtin(error) => error.code(),
            Self::Ppn(error) => error.code(),
        }
    }
}

impl fmt::Display for ProductCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let joint = if index == 0 { "" } else { "; " };
            write!(f, "{joint}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ProductCodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &str), &[&str]>) {
        match (ProductCode::parse(text), expected) {
            (Ok(code), Ok((canonical, identity))) => {
                assert_eq!(
                    (code.as_str(), code.identity().as_str()),
                    (canonical, identity),
                    "{text:?}"
                );
                assert_eq!(
                    ProductCode::parse_as(code.scheme(), code.as_str()),
                    Ok(code)
                );
            }
            (Err(error), Err(expected)) => {
                let codes: Vec<_> = error.faults.iter().map(ProductCodeFault::code).collect();
                assert_eq!(codes, expected, "{text:?}");
            }
            (actual, expected) => panic!("{text:?}: {actual:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn ntin_and_ppn_of_one_pzn_are_one_product() {
        check("110375286414", Ok(("110375286414", "PZN:03752864")));
        check("04150037528643", Ok(("04150037528643", "PZN:03752864")));
        check("4150037528643", Ok(("04150037528643", "PZN:03752864")));
        check(
            "4006381333931",
            Ok(("04006381333931", "GTIN:04006381333931")),
        );
    }

    #[test]
    fn twelve_digits_are_judged_under_both_schemes() {
        check(
            "614141000036",
            Ok(("00614141000036", "GTIN:00614141000036")),
        );
        check(
            "110375286415",
            Err(&["ppn_check_digits", "gtin_check_digit"]),
        );
        check("12345", Err(&["gtin_length"]));
        check("", Err(&["gtin_length"]));
    }

    #[test]
    fn a_wrong_inner_number_is_told_but_still_a_code() {
        let code = ProductCode::parse("04150037528650").unwrap();
        assert_eq!(code.pzn(), None);
        assert_eq!(code.national_fault().unwrap().code(), "pzn_check_digit");
        assert_eq!(code.identity(), "GTIN:04150037528650");
        assert_eq!(
            ProductCode::parse("4006381333931")
                .unwrap()
                .national_fault(),
            None
        );
    }
}
