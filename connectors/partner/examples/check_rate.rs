//! How fast serial files are checked: makes a file of N packs, reads it, and prints rows, MB/s and peak memory.
//!
//! `cargo run --release -p packtwin-partner --example check_rate -- 5000000 [csv|quoted|crooked|xlsx]`

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::time::Instant;

use packtwin_connector_port::serial_file::{LotIndex, ReadSettings, SeenLot, SerialFileSink, Stop};
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::expiry::Expiry;
use packtwin_core::fact::LotHead;
use packtwin_core::finding::Finding;
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::time::Timestamp;
use packtwin_partner::serial_csv::{HEADING, SerialWorkbookWriter};
use packtwin_partner::{Mapping, read, recognise};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let packs: u64 = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let form = arguments.next().unwrap_or_else(|| "csv".to_owned());
    let mut file = tempfile::tempfile()?;
    write_packs(&mut file, &form, packs)?;
    let bytes = file.stream_position()?;
    file.rewind()?;
    // The second reading is of a warm file: what is measured is the check and not the disk.
    io::copy(&mut file, &mut io::sink())?;

    let at = Timestamp::parse("2026-01-01T00:00:00Z").ok_or("a time")?;
    let started = Instant::now();
    let on_core = on_core_seconds()?;
    let recognised = recognise(&mut file)?;
    let mapping = Mapping::for_file(&recognised, at);
    let mut counted = Counted::default();
    let summary = read(
        &mut file,
        &recognised,
        &mapping,
        &ReadSettings::new(at),
        &mut counted,
    )?;
    let seconds = started.elapsed().as_secs_f64();
    let on_core = on_core_seconds()? - on_core;
    writeln!(
        io::stdout(),
        "{form}: {} rows, {} lots, {} findings, {bytes} bytes in {seconds:.3} s: {:.0} MB/s; in {on_core:.3} s on its core: {:.0} MB/s, {:.2} M rows/s; {}",
        summary.rows_with_serial,
        summary.lots,
        counted.findings,
        bytes as f64 / seconds / 1e6,
        bytes as f64 / on_core / 1e6,
        summary.rows as f64 / on_core / 1e6,
        peak_memory()?
    )?;
    Ok(())
}

/// Packs of ten lots, one after the other, with serials of twelve characters.
fn write_packs(file: &mut File, form: &str, packs: u64) -> Result<(), Box<dyn Error>> {
    let lots = lots()?;
    let per_lot = packs.div_ceil(lots.len() as u64);
    if form == "xlsx" {
        let mut writer = SerialWorkbookWriter::new()?;
        for number in 0..packs {
            writer.pack(&lots[(number / per_lot) as usize], &serial(number)?)?;
        }
        writer.finish(&mut *file)?;
        file.seek(io::SeekFrom::End(0))?;
        return Ok(());
    }
    let mut out = BufWriter::new(&mut *file);
    let quote = if form == "quoted" { "\"" } else { "" };
    let between = format!("{quote},{quote}");
    writeln!(
        out,
        "{quote}{}{quote}{}",
        HEADING.join(&between),
        if form == "crooked" { ",Counter" } else { "" }
    )?;
    for number in 0..packs {
        let lot = &lots[(number / per_lot) as usize];
        let (serial, manufactured) = (serial(number)?, "250115");
        let cells = [
            serial.as_str(),
            lot.product.as_str(),
            lot.batch.as_str(),
            lot.expiry.as_str(),
            manufactured,
        ];
        match form {
            // A column that differs in every row takes every row the long way.
            "crooked" => writeln!(out, "{},{number}", cells.join(","))?,
            _ => writeln!(out, "{quote}{}{quote}", cells.join(&between))?,
        }
    }
    out.flush()?;
    Ok(())
}

fn lots() -> Result<Vec<LotHead>, Box<dyn Error>> {
    (0..10)
        .map(|number| {
            Ok(LotHead {
                product: ProductCode::parse("09521234543213")?,
                batch: BatchNumber::parse(&format!("LOT{number:03}"))?,
                expiry: Expiry::parse("290131", 2026)?,
                manufactured: Some(Expiry::parse("250115", 2026)?.last_day()),
            })
        })
        .collect()
}

/// Twelve characters that look random and never repeat: a number multiplied modulo a power of two, in base 32.
fn serial(number: u64) -> Result<Serial, Box<dyn Error>> {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPRSTUVWXZ";
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 60) - 1);
    let mut text = [0; 12];
    for place in &mut text {
        *place = ALPHABET[(mixed % 32) as usize];
        mixed /= 32;
    }
    Serial::from_bytes(&text).ok_or_else(|| "no serial".into())
}

#[derive(Default)]
struct Counted {
    lots: u32,
    rows: u64,
    findings: u64,
}

impl SerialFileSink for Counted {
    fn lot(&mut self, _: SeenLot) -> Result<LotIndex, Stop> {
        self.lots += 1;
        Ok(LotIndex(self.lots - 1))
    }

    fn row(&mut self, row: u64, _: LotIndex, serial: Option<Serial>) -> Result<(), Stop> {
        self.rows += std::hint::black_box(row.min(1) + u64::from(serial.is_some())) / 2;
        Ok(())
    }

    fn finding(&mut self, _: Finding) -> Result<(), Stop> {
        self.findings += 1;
        Ok(())
    }

    fn progress(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }
}

/// Time this thread really ran, which a busy machine does not stretch (Linux).
fn on_core_seconds() -> Result<f64, Box<dyn Error>> {
    let mut text = String::new();
    File::open("/proc/self/schedstat")?.read_to_string(&mut text)?;
    let nanoseconds: f64 = text.split(' ').next().ok_or("no figure")?.parse()?;
    Ok(nanoseconds / 1e9)
}

fn peak_memory() -> io::Result<String> {
    let mut status = String::new();
    File::open("/proc/self/status")?.read_to_string(&mut status)?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    Ok(line.unwrap_or("peak memory unknown").replace('\t', " "))
}
