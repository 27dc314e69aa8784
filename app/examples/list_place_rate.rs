//! How long it takes to find a pack's place in a serial list, and with how much memory: `list_place_rate [SERIALS]`.
//!
//! Writes a list of serials of one length into a temporary file, looks for places at its beginning, middle and end, and for
//! one that is not there, and prints one JSON object. Memory is that of the whole process at its highest, Linux only.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on ends, and its figures are its output"
)]

use std::io::{BufWriter, Write};
use std::time::Instant;

use packtwin_app::pack::place_in_list;
use packtwin_core::serial::Serial;

fn main() {
    let serials: u64 = std::env::args()
        .nth(1)
        .map_or(2_000_000, |text| text.parse().unwrap());
    let serial = |number: u64| Serial::parse(&format!("PT{number:018}")).unwrap();
    let file = tempfile::tempfile().unwrap();
    let mut list = BufWriter::new(file);
    for number in 0..serials {
        list.write_all(serial(number).as_bytes()).unwrap();
        list.write_all(b"\n").unwrap();
    }
    let mut file = list.into_inner().unwrap();
    let bytes = file.metadata().unwrap().len();
    let before_kib = peak_kib();
    let mut milliseconds = Vec::new();
    for number in [0, serials / 2, serials - 1, serials] {
        let expected = (number < serials).then_some(number);
        let begun = Instant::now();
        assert_eq!(place_in_list(&mut file, &serial(number)).unwrap(), expected);
        milliseconds.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    println!(
        "{{\"serials\":{serials},\"bytes\":{bytes},\"first_ms\":{:.2},\"middle_ms\":{:.2},\"last_ms\":{:.2},\"absent_ms\":{:.2},\"peak_rss_kib\":{},\"grown_kib\":{}}}",
        milliseconds[0],
        milliseconds[1],
        milliseconds[2],
        milliseconds[3],
        peak_kib(),
        peak_kib() - before_kib,
    );
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}
