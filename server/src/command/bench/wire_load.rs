//! Clients on loopback: each holds one connection, sends a request, waits for its answer, and sends the next.
//!
//! With a rate, requests are due at fixed times and their latency counts from then, so that a slow answer is not forgiven to
//! the ones behind it; without one, each client sends as soon as it can.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Microseconds of one step of the histogram.
const STEP: u64 = 10;
/// Steps of the histogram: one second, and everything above.
const STEPS: usize = 100_001;
/// Bytes of an answer, at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Gives the requests of one client, one after the other, as bytes of HTTP/1.1.
pub(super) trait Requests: Send + 'static {
    /// Writes the next request into an empty buffer.
    fn next(&mut self, request: &mut Vec<u8>);
}

/// How hard is asked.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// How long nothing is counted.
    pub(super) warm_up: Duration,
    /// How long is counted.
    pub(super) counted: Duration,
    /// Requests a second of all clients together.
    pub(super) rate: Option<u64>,
}

/// What was measured.
pub(super) struct Measured {
    latencies: Vec<u64>,
    /// Answers counted.
    pub(super) answers: u64,
    /// Answers with another status than 200 and 204.
    pub(super) errors: u64,
    /// Seconds counted.
    pub(super) seconds: f64,
}

impl Measured {
    fn new() -> Self {
        Measured {
            latencies: vec![0; STEPS],
            answers: 0,
            errors: 0,
            seconds: 0.0,
        }
    }

    /// Answers a second.
    pub(super) fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds
    }

    /// The latency, in milliseconds, that this share of the answers did not exceed.
    pub(super) fn percentile_ms(&self, share: f64) -> f64 {
        let wanted = (self.answers as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (step, count) in self.latencies.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return (step as u64 + 1) as f64 * STEP as f64 / 1000.0;
            }
        }
        0.0
    }

    fn add(&mut self, other: &Measured) {
        for (own, other) in self.latencies.iter_mut().zip(&other.latencies) {
            *own += other;
        }
        self.answers += other.answers;
        self.errors += other.errors;
        self.seconds = self.seconds.max(other.seconds);
    }
}

/// Drives an address with all clients from one thread, and adds up what they measured.
///
/// # Errors
/// A connection could not be made or broke.
pub(super) fn drive<R: Requests>(
    address: SocketAddr,
    clients: Vec<R>,
    pace: Pace,
) -> std::io::Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut running = JoinSet::new();
        let count = clients.len() as u64;
        let began = Instant::now();
        for (number, requests) in clients.into_iter().enumerate() {
            let every = pace
                .rate
                .map(|rate| Duration::from_secs_f64(count as f64 / rate as f64));
            let offset = every.map_or(Duration::ZERO, |every| {
                every.mul_f64(number as f64 / count as f64)
            });
            running.spawn(client(address, requests, pace, began, (every, offset)));
        }
        let mut all = Measured::new();
        while let Some(ended) = running.join_next().await {
            all.add(&ended.map_err(std::io::Error::other)??);
        }
        Ok(all)
    })
}

async fn client<R: Requests>(
    address: SocketAddr,
    mut requests: R,
    pace: Pace,
    began: Instant,
    (every, offset): (Option<Duration>, Duration),
) -> std::io::Result<Measured> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut measured = Measured::new();
    let (mut request, mut answer) = (Vec::with_capacity(1024), Vec::with_capacity(4096));
    let counted_from = began + pace.warm_up;
    let end = counted_from + pace.counted;
    let mut due = began + offset;
    loop {
        if let Some(every) = every {
            tokio::time::sleep_until(due.into()).await;
            due += every;
        }
        let sent = every.map_or_else(Instant::now, |every| due - every);
        if Instant::now() >= end {
            break;
        }
        request.clear();
        requests.next(&mut request);
        stream.write_all(&request).await?;
        let status = read_answer(&mut stream, &mut answer).await?;
        let now = Instant::now();
        if now >= counted_from && now < end {
            let micros = u64::try_from((now - sent).as_micros()).unwrap_or(u64::MAX);
            let step = usize::try_from(micros / STEP).unwrap_or(STEPS);
            measured.latencies[step.min(STEPS - 1)] += 1;
            measured.answers += 1;
            measured.errors += u64::from(status != 200 && status != 204);
        }
    }
    measured.seconds = pace.counted.as_secs_f64();
    Ok(measured)
}

/// Reads one whole answer and gives its status.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> std::io::Result<u16> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 || answer.len() > ANSWER_BYTES_MAX {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&answer[..head]).map_err(std::io::Error::other)?;
        let length = text
            .lines()
            .find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            })
            .unwrap_or(0usize);
        if answer.len() >= head + 4 + length {
            let status = text.get(9..12).and_then(|status| status.parse().ok());
            return Ok(status.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_latency_that_a_share_does_not_exceed() {
        let mut measured = Measured::new();
        for step in 0..1000 {
            measured.latencies[step] = 1;
            measured.answers += 1;
        }
        for (share, expected) in [(0.5, 5.0), (0.95, 9.5), (0.999, 9.99), (1.0, 10.0)] {
            assert!((measured.percentile_ms(share) - expected).abs() < 1e-9);
        }
    }
}
