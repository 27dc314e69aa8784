//! Stopwatches and what the system says of this process.

use std::time::{Duration, Instant};

/// The parts of a run, in order, with their times.
#[derive(Default)]
pub(super) struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    /// Does a part, tells how long it took, and remembers it.
    pub(super) fn time<T, E>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let value = work()?;
        let taken = started.elapsed();
        eprintln!("  {name:<10} {:>9.3} s", taken.as_secs_f64());
        self.0.push((name, taken));
        Ok(value)
    }

    /// All parts together, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.0.iter().map(|(_, taken)| taken.as_secs_f64()).sum()
    }

    /// Each part's seconds under its name.
    pub(super) fn to_json(&self) -> serde_json::Value {
        self.0
            .iter()
            .map(|(name, taken)| ((*name).to_owned(), rounded(taken.as_secs_f64()).into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Peak resident memory of this process in MiB (`VmHWM`); `None` where the system does not tell.
pub(super) fn peak_rss_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(rounded(kib / 1024.0))
}

/// Seconds this thread really ran on a core, which a busy machine does not stretch; `None` where the system does not tell.
pub(super) fn on_core_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// Three places are more than a repeated run agrees on.
pub(super) fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}
