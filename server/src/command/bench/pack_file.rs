//! The file of the bench: packs of a few products and lots, as a packager exports them.

use std::io::{self, BufWriter, Write};

use packtwin_core::check_digit::gs1_check_digit;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;

use crate::command::Failure;

/// Products of the manufacturer.
const PRODUCTS: u64 = 3;
/// Packs of a lot, where nobody says otherwise.
const LOT_PACKS: u64 = 200_000;
pub(super) const EXPIRY: &str = "290630";
const MANUFACTURED: &str = "260615";

/// A lot of the file.
pub(super) struct BenchLot {
    pub(super) product: ProductCode,
    pub(super) batch: String,
    pub(super) packs: u64,
}

/// The lots of `packs` packs: as many as asked for, else one for every 200,000.
pub(super) fn lots(packs: u64, wanted: Option<u64>) -> Result<Vec<BenchLot>, Failure> {
    let count = wanted.unwrap_or(packs.div_ceil(LOT_PACKS)).clamp(1, packs);
    let products = products()?;
    (0..count)
        .map(|number| {
            // Shares differ by one at most and add up to the whole.
            let packs = packs * (number + 1) / count - packs * number / count;
            Ok(BenchLot {
                product: products[(number % PRODUCTS) as usize],
                batch: format!("BENCH{number:04}"),
                packs,
            })
        })
        .collect()
}

/// The product codes.
pub(super) fn products() -> Result<Vec<ProductCode>, Failure> {
    (0..PRODUCTS)
        .map(|number| {
            let body = format!("0952123454{number:03}");
            let digit = gs1_check_digit(body.as_bytes())
                .ok_or_else(|| Failure::found("a product code of the bench has no check digit"))?;
            ProductCode::parse(&format!("{body}{digit}"))
                .map_err(|error| Failure::found(error.to_string()))
        })
        .collect()
}

/// Writes the file; answers its bytes.
pub(super) fn write(out: impl Write, lots: &[BenchLot]) -> io::Result<u64> {
    let mut out = Counting {
        out: BufWriter::with_capacity(256 * 1024, out),
        bytes: 0,
    };
    out.write_all(b"SerialNumber;GTIN;Batch;ExpirationDate;ManufacturingDate\r\n")?;
    let mut number = 0;
    for lot in lots {
        let rest = format!(";{};{};{EXPIRY};{MANUFACTURED}\r\n", lot.product, lot.batch);
        for _ in 0..lot.packs {
            out.write_all(&serial_text(number))?;
            out.write_all(rest.as_bytes())?;
            number += 1;
        }
    }
    out.flush()?;
    Ok(out.bytes)
}

/// The serial of a pack by its number.
pub(super) fn serial(number: u64) -> io::Result<Serial> {
    Serial::from_bytes(&serial_text(number))
        .ok_or_else(|| io::Error::other("a serial of the bench is outside set 82"))
}

/// Twelve characters in base 32 that look random and never repeat: every step is a permutation of 60 bits.
fn serial_text(number: u64) -> [u8; 12] {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const BITS: u64 = (1 << 60) - 1;
    let mut bits = number.wrapping_add(0x5851_F42D_4C95_7F2D) & BITS;
    for factor in [
        0x9E37_79B9_7F4A_7C15u64,
        0xBF58_476D_1CE4_E5B9,
        0x94D0_49BB_1331_11EB,
    ] {
        bits = bits.wrapping_mul(factor) & BITS;
        bits ^= bits >> 31;
    }
    let mut text = [0; 12];
    for place in &mut text {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    text
}

struct Counting<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn lots_share_all_packs_and_no_serial_comes_twice() {
        for (packs, wanted, count) in [(10, Some(3), 3), (1_000_000, None, 5), (2, Some(9), 2)] {
            let lots = lots(packs, wanted).unwrap();
            assert_eq!(
                (lots.len(), lots.iter().map(|lot| lot.packs).sum::<u64>()),
                (count, packs)
            );
        }
        let seen: HashSet<_> = (0..50_000).map(serial_text).collect();
        assert_eq!(seen.len(), 50_000);
    }
}
