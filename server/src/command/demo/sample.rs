//! The invented data of the demo: product codes, serials, and the files a newcomer can upload.

use std::fs;
use std::path::Path;

use packtwin_core::check_digit::gs1_check_digit;
use packtwin_core::product_code::ProductCode;

use crate::command::Failure;

/// A file without findings.
pub(super) const RIGHT_FILE: &str = "sample-lot.csv";
/// A file with findings, some of which have a proposal.
pub(super) const WRONG_FILE: &str = "sample-lot-with-findings.csv";

/// Numbers of the products under GS1's prefix for examples.
pub(super) const ALDER: [u32; 3] = [101, 102, 103];
pub(super) const BIRCH: [u32; 2] = [201, 202];

/// The GTIN of a sandbox product.
pub(super) fn product_code(number: u32) -> Result<ProductCode, Failure> {
    let body = format!("0952123455{number:03}");
    let digit = gs1_check_digit(body.as_bytes())
        .ok_or_else(|| Failure::found("a sandbox product has no check digit"))?;
    ProductCode::parse(&format!("{body}{digit}")).map_err(|error| Failure::found(error.to_string()))
}

/// A serial file as a packager exports it.
pub(super) fn file(code: &ProductCode, batch: &str, expiry: &str, packs: u64) -> String {
    let mut text = String::from("SerialNumber;GTIN;Batch;ExpirationDate;ManufacturingDate\r\n");
    for number in 0..packs {
        let serial = serial(batch, number);
        text.push_str(&format!("{serial};{code};{batch};{expiry};260615\r\n"));
    }
    text
}

/// Twelve characters that differ for every pack of the sandbox: four of the batch, eight of the number.
fn serial(batch: &str, number: u64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    // An odd factor makes a permutation of 40 bits: scattered, and none twice.
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & ((1 << 40) - 1);
    let mut text: String = batch.chars().chain("XXXX".chars()).take(4).collect();
    for _ in 0..8 {
        text.push(char::from(ALPHABET[(bits & 31) as usize]));
        bits >>= 5;
    }
    text
}

/// Writes the files to upload.
pub(super) fn write_files(folder: &Path) -> Result<(), Failure> {
    let code = product_code(ALDER[0])?;
    fs::write(
        folder.join(RIGHT_FILE),
        file(&code, "A103SAMPLE", "290930", 5_000),
    )?;
    fs::write(folder.join(WRONG_FILE), with_findings(&code))?;
    Ok(())
}

/// A file in which a spreadsheet and a tired hand left their traces: a serial twice, one that lost its digits, one with a
/// character no serial has.
pub(super) fn with_findings(code: &ProductCode) -> String {
    let batch = "A104FINDINGS";
    let mut text = file(code, batch, "291031", 200);
    for serial in [serial(batch, 7).as_str(), "1.23E+13", "A104 BLANK 1"] {
        text.push_str(&format!("{serial};{code};{batch};291031;260615\r\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn sandbox_serials_never_repeat() {
        let serials: HashSet<String> = (0..20_000).map(|number| serial("A101", number)).collect();
        assert_eq!(serials.len(), 20_000);
    }
}
