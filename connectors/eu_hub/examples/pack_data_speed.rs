//! How fast product pack data is written: `cargo run --release -p packtwin-eu-hub --example pack_data_speed [PACKS]`.

use std::io::{self, Write};
use std::time::Instant;

use packtwin_connector_port::document::{Connector, Envelope};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::environment::Environment;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::{Fact, LotHead, SerialSource};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_eu_hub::{EuHub, HubSettings};

/// Serials of twelve digits, counted up.
struct Counted(u64, u64);

impl SerialSource for Counted {
    fn next_serial(&mut self) -> io::Result<Option<Serial>> {
        if self.0 == self.1 {
            return Ok(None);
        }
        self.0 += 1;
        let mut text = [b'0'; 12];
        let mut rest = self.0;
        for digit in text.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Ok(Serial::from_bytes(&text))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let packs: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(2_000_000), |text| text.parse())?;
    let hub = EuHub::new(HubSettings {
        packs_per_message: packs,
        ..HubSettings::default()
    });
    let fact = Fact::Commissioned {
        lot: LotHead {
            product: ProductCode::parse("04150123456782").map_err(|error| error.to_string())?,
            batch: BatchNumber::parse("LOT1")?,
            expiry: Expiry::parse("281231", 2026)?,
            manufactured: None,
        },
        version: 1,
        markets: vec!["DE".parse()?],
    };
    let envelope = Envelope {
        message_id: "msg_speed".to_owned(),
        event_at: Timestamp::from_micros(1_795_000_000_000_000),
        sender: "OBP-SANDBOX-1".to_owned(),
        release: "1.16".to_owned(),
        environment: Environment::Test,
        callback_url: None,
    };
    for _ in 0..3 {
        let started = Instant::now();
        let written = hub.write(&fact, &mut Counted(0, packs), &envelope, &mut io::sink())?;
        let seconds = started.elapsed().as_secs_f64();
        writeln!(
            io::stdout(),
            "{} packs, {} bytes, {seconds:.3} s, {:.0} MB/s, {:.1} million packs/s",
            written.packs,
            written.bytes,
            written.bytes as f64 / 1e6 / seconds,
            written.packs as f64 / 1e6 / seconds
        )?;
    }
    Ok(())
}
