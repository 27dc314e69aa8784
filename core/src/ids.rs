//! The register of identifiers that Packtwin itself gives out.
//!
//! Two kinds of the same shape are different types. What a person or a partner may see is a public id: a prefix that
//! names the kind and 128 random bits in Crockford's base 32, so that it can be neither guessed nor counted. Numbers
//! inside one tenant (products, lots, loads) are small integers that never leave the database without their tenant.

use std::fmt;
use std::str::FromStr;

/// Crockford's base 32 in lower case: no `i`, `l`, `o` and `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in groups of five.
const TEXT_LENGTH: usize = 26;

/// Why a text is no identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an identifier of this kind looks like {prefix}_ and 26 letters and digits")]
pub struct PublicIdError {
    prefix: &'static str,
}

fn encode(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for place in (0..TEXT_LENGTH).rev() {
        let index = (bits >> (place * 5)) & 31;
        fmt::Write::write_char(f, char::from(ALPHABET[index as usize]))?;
    }
    Ok(())
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != TEXT_LENGTH || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0u128, |bits, byte| {
        let index = ALPHABET.iter().position(|&known| known == byte)?;
        Some((bits << 5) | index as u128)
    })
}

/// Declares one kind of public identifier.
macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            /// What the text form begins with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an identifier from 128 bits that the caller drew from a secure generator.
            pub const fn from_random(bits: u128) -> Self {
                $name(bits)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                encode(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = PublicIdError;

            fn from_str(text: &str) -> Result<Self, PublicIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map($name)
                    .ok_or(PublicIdError { prefix: $prefix })
            }
        }
    };
}

public_id!(/// A person who signs in.
    UserId, "usr");
public_id!(/// One sign-in of one person, revocable.
    SessionId, "ses");
public_id!(/// A key of a machine that calls the API.
    ApiKeyId, "key");
public_id!(/// One received file.
    UploadId, "upl");
public_id!(/// A column template.
    MappingId, "map");
public_id!(/// A long task.
    JobId, "job");
public_id!(/// One document to or from a far side.
    MessageId, "msg");
public_id!(/// An address that wants to be told of events.
    WebhookId, "whk");
public_id!(/// One event on its way to one webhook.
    DeliveryId, "dlv");
public_id!(/// One EPCIS document that was handed over to be captured.
    CaptureId, "cap");
public_id!(/// A business that verifies packs, at one or many premises.
    OrganisationId, "org");
public_id!(/// One place from which packs are verified.
    PremisesId, "prm");
public_id!(/// A key of the software at one place.
    PremisesKeyId, "pvk");
public_id!(/// One letter by mail.
    LetterId, "ltr");

/// Declares one small number that counts inside a tenant.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(pub i32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number!(/// A customer of the site. Its number never appears in an address.
    TenantId);
number!(/// A product within its tenant.
    ProductNo);
number!(/// A lot within its product.
    LotNo);
number!(/// A load within its product: the packs that one upload brought into one lot.
    LoadNo);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_survives_the_text_form() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = UploadId::from_random(bits);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn another_kind_and_a_text_too_large_are_refused() {
        let upload = UploadId::from_random(7).to_string();
        assert!(upload.parse::<JobId>().is_err());
        assert!(
            "upl_8zzzzzzzzzzzzzzzzzzzzzzzzz"
                .parse::<UploadId>()
                .is_err()
        );
        assert!("upl_".parse::<UploadId>().is_err());
    }
}
