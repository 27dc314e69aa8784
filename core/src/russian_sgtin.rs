//! The pack identifier of the Russian system MDLP: GTIN and serial number run together, 27 characters.
//!
//! MDLP documents carry the 14 digits of the GTIN and exactly 13 letters and digits of serial without a separator. The
//! symbol on the pack keeps them apart as (01) and (21), and adds the key (91) and the verification code (92), which are no
//! part of the identifier and are never repaired.

use std::fmt;

use crate::gtin::{Gtin, GtinError};
use crate::serial::Serial;
use crate::serial_rules::{MDLP_SERIAL_LENGTH, SerialRule};

const GTIN_LENGTH: usize = 14;

/// A pack identifier of 27 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RussianSgtin {
    gtin: Gtin,
    serial: Serial,
}

/// Why a text is no pack identifier of MDLP.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RussianSgtinError {
    /// 27 characters.
    #[error("pack identifier has {length} characters, expected 27")]
    Length {
        /// Characters found.
        length: usize,
    },
    /// The first 14 characters.
    #[error("pack identifier begins with no GTIN: {0}")]
    Gtin(GtinError),
    /// The last 13 characters.
    #[error("serial number of a pack identifier is not 13 letters and digits")]
    Serial,
}

impl RussianSgtin {
    /// Joins GTIN and serial; `None` unless the serial has exactly 13 letters and digits.
    pub fn new(gtin: Gtin, serial: Serial) -> Option<Self> {
        SerialRule::Mdlp
            .accepts(serial.as_str())
            .then_some(Self { gtin, serial })
    }

    /// Reads 27 characters.
    pub fn parse(text: &str) -> Result<Self, Vec<RussianSgtinError>> {
        let length = text.chars().count();
        let parts = text
            .split_at_checked(GTIN_LENGTH)
            .filter(|_| length == GTIN_LENGTH + MDLP_SERIAL_LENGTH);
        let (gtin, serial) = parts.ok_or_else(|| vec![RussianSgtinError::Length { length }])?;
        let serial = Serial::parse(serial)
            .ok()
            .filter(|serial| SerialRule::Mdlp.accepts(serial.as_str()));
        match (Gtin::parse(gtin), serial) {
            (Ok(gtin), Some(serial)) => Ok(Self { gtin, serial }),
            (gtin, serial) => {
                let of_gtin = gtin.err().map(RussianSgtinError::Gtin);
                let of_serial = serial.is_none().then_some(RussianSgtinError::Serial);
                Err(of_gtin.into_iter().chain(of_serial).collect())
            }
        }
    }

    /// The product.
    pub fn gtin(&self) -> Gtin {
        self.gtin
    }

    /// The serial number.
    pub fn serial(&self) -> Serial {
        self.serial
    }
}

impl fmt::Display for RussianSgtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.gtin, self.serial)
    }
}

impl fmt::Debug for RussianSgtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RussianSgtin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), usize>) {
        let actual = RussianSgtin::parse(text);
        assert_eq!(
            actual.as_ref().map(|_| ()).map_err(Vec::len),
            expected,
            "{text:?}"
        );
        if let Ok(identifier) = actual {
            assert_eq!(identifier.to_string(), text);
            assert_eq!(
                RussianSgtin::new(identifier.gtin(), identifier.serial()),
                Some(identifier)
            );
        }
    }

    #[test]
    fn accepted_and_refused() {
        check("04006381333931ABCdef1234567", Ok(()));
        check("04006381333931ABCdef123456", Err(1));
        check("04006381333931ABCdef123456é", Err(1));
        check("04006381333932ABCdef123456-", Err(2));
        check("", Err(1));
    }
}
