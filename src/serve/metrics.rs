//! Owns the numbers under `/metrics`, in the text form that Prometheus reads.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::route::{ROUTES, Route};

/// Upper ends of the histogram's buckets, in microseconds.
const BUCKETS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000, 500_000, 2_500_000, 10_000_000,
];

/// Every status this server answers with; the last stands for any other.
const CODES: [u16; 19] = [
    200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 415, 422, 429, 503, 0,
];

/// Counters of one route.
#[derive(Debug, Default)]
struct OfRoute {
    codes: [AtomicU64; CODES.len()],
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

/// Everything that is counted while the server runs.
#[derive(Debug)]
pub(super) struct Metrics {
    started: Instant,
    routes: [OfRoute; ROUTES.len()],
    in_flight: AtomicI64,
    rows: AtomicU64,
    flagged: AtomicU64,
    failed_rows: AtomicU64,
    any_model: AtomicBool,
    reloads: AtomicU64,
    reload_failures: AtomicU64,
}

/// What the numbers are told with: things that are asked for and not counted.
pub(super) struct Facts<'a> {
    /// Run and family of the model that scores.
    pub(super) model: Option<(&'a str, &'a str)>,
    /// Whether the champion cannot be loaded, and an older one scores in its place.
    pub(super) stale: bool,
    /// Streams that are open.
    pub(super) streams: usize,
    /// Training jobs that wait or run.
    pub(super) jobs: usize,
}

/// A request that is being answered.
pub(super) struct InFlight<'a>(&'a Metrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            routes: std::array::from_fn(|_| OfRoute::default()),
            in_flight: AtomicI64::new(0),
            rows: AtomicU64::new(0),
            flagged: AtomicU64::new(0),
            failed_rows: AtomicU64::new(0),
            any_model: AtomicBool::new(false),
            reloads: AtomicU64::new(0),
            reload_failures: AtomicU64::new(0),
        }
    }

    /// Counts a request while the answer lives.
    pub(super) fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// A request was answered (of a stream: its answer began).
    pub(super) fn answered(&self, route: Route, status: u16, took: Duration) {
        let of_route = &self.routes[route as usize];
        let code = CODES.iter().position(|code| *code == status).unwrap_or(CODES.len() - 1);
        of_route.codes[code].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|end| micros <= *end).unwrap_or(BUCKETS.len());
        of_route.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        of_route.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Rows were scored, flagged, or could not be scored.
    pub(super) fn scored(&self, rows: u64, flagged: u64, failed: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.flagged.fetch_add(flagged, Ordering::Relaxed);
        self.failed_rows.fetch_add(failed, Ordering::Relaxed);
    }

    /// Whether no model was loaded before; from now on one was.
    pub(super) fn is_first_model(&self) -> bool {
        !self.any_model.swap(true, Ordering::Relaxed)
    }

    /// Another model was loaded, or could not be.
    pub(super) fn reloaded(&self, well: bool) {
        let counter = if well { &self.reloads } else { &self.reload_failures };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The text of `/metrics`.
    pub(super) fn text(&self, facts: &Facts<'_>) -> String {
        let mut text = String::with_capacity(8 << 10);
        self.push_requests(&mut text);
        self.push_durations(&mut text);
        let counter = |text: &mut String, name: &str, help: &str, value: u64| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
        };
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        counter(
            &mut text,
            "nsec_rows_scored_total",
            "Rows that were scored.",
            load(&self.rows),
        );
        counter(
            &mut text,
            "nsec_rows_flagged_total",
            "Rows at or above the threshold.",
            load(&self.flagged),
        );
        counter(
            &mut text,
            "nsec_rows_failed_total",
            "Rows that could not be scored.",
            load(&self.failed_rows),
        );
        counter(
            &mut text,
            "nsec_model_reloads_total",
            "Models loaded after the first.",
            load(&self.reloads),
        );
        counter(
            &mut text,
            "nsec_model_reload_failures_total",
            "Models that could not be loaded.",
            load(&self.reload_failures),
        );
        let mut gauge = |name: &str, help: &str, value: String| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        };
        let in_flight = self.in_flight.load(Ordering::Relaxed).max(0);
        gauge(
            "nsec_http_requests_in_flight",
            "Requests being answered.",
            in_flight.to_string(),
        );
        gauge("nsec_streams_open", "Streams being scored.", facts.streams.to_string());
        gauge(
            "nsec_training_jobs",
            "Training jobs that wait or run.",
            facts.jobs.to_string(),
        );
        gauge(
            "nsec_model_stale",
            "1 while the named model cannot be loaded and the last good one scores.",
            u8::from(facts.stale).to_string(),
        );
        gauge(
            "nsec_uptime_seconds",
            "Since the server started.",
            format!("{:.3}", self.started.elapsed().as_secs_f64()),
        );
        if let Some((run, name)) = facts.model {
            gauge_with_labels(&mut text, run, name);
        }
        text
    }

    fn push_requests(&self, text: &mut String) {
        text.push_str(
            "# HELP nsec_http_requests_total Requests by route and status.\n# TYPE nsec_http_requests_total counter\n",
        );
        for (route, counters) in ROUTES.iter().zip(&self.routes) {
            for (code, count) in CODES.iter().zip(&counters.codes) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let code = if *code == 0 {
                        "other".to_owned()
                    } else {
                        code.to_string()
                    };
                    let route = route.label();
                    let _ = writeln!(
                        text,
                        "nsec_http_requests_total{{route=\"{route}\",code=\"{code}\"}} {count}"
                    );
                }
            }
        }
    }

    fn push_durations(&self, text: &mut String) {
        const NAME: &str = "nsec_http_request_duration_seconds";
        let _ = writeln!(
            text,
            "# HELP {NAME} From a request's head to its answer.\n# TYPE {NAME} histogram"
        );
        for (route, counters) in ROUTES.iter().zip(&self.routes) {
            let counts = counters.buckets.each_ref().map(|count| count.load(Ordering::Relaxed));
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            let route = route.label();
            let mut sum = 0;
            for (end, count) in BUCKETS.iter().zip(counts) {
                sum += count;
                let end = *end as f64 / 1e6;
                let _ = writeln!(text, "{NAME}_bucket{{route=\"{route}\",le=\"{end}\"}} {sum}");
            }
            let _ = writeln!(text, "{NAME}_bucket{{route=\"{route}\",le=\"+Inf\"}} {total}");
            let seconds = counters.micros.load(Ordering::Relaxed) as f64 / 1e6;
            let _ = writeln!(text, "{NAME}_sum{{route=\"{route}\"}} {seconds}");
            let _ = writeln!(text, "{NAME}_count{{route=\"{route}\"}} {total}");
        }
    }
}

fn gauge_with_labels(text: &mut String, run: &str, name: &str) {
    let safe = |label: &str| label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let _ = writeln!(
        text,
        "# HELP nsec_model_info The model that scores.\n# TYPE nsec_model_info gauge\n\
         nsec_model_info{{run=\"{}\",model=\"{}\"}} 1",
        safe(run),
        safe(name)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::new();
        metrics.answered(Route::Predict, 200, Duration::from_micros(90));
        metrics.answered(Route::Predict, 200, Duration::from_micros(300));
        metrics.answered(Route::Predict, 422, Duration::from_secs(60));
        metrics.answered(Route::Other, 418, Duration::ZERO);
        metrics.scored(7, 3, 1);
        let guard = metrics.enter();
        let facts = Facts {
            model: Some(("20260101T000000Z-ab\"c", "boosting")),
            stale: true,
            streams: 2,
            jobs: 1,
        };
        let text = metrics.text(&facts);
        drop(guard);
        for line in [
            "nsec_http_requests_total{route=\"/v1/predict\",code=\"200\"} 2",
            "nsec_http_requests_total{route=\"/v1/predict\",code=\"422\"} 1",
            "nsec_http_requests_total{route=\"other\",code=\"other\"} 1",
            "nsec_http_request_duration_seconds_bucket{route=\"/v1/predict\",le=\"0.0001\"} 1",
            "nsec_http_request_duration_seconds_bucket{route=\"/v1/predict\",le=\"0.0005\"} 2",
            "nsec_http_request_duration_seconds_bucket{route=\"/v1/predict\",le=\"10\"} 2",
            "nsec_http_request_duration_seconds_bucket{route=\"/v1/predict\",le=\"+Inf\"} 3",
            "nsec_http_request_duration_seconds_count{route=\"/v1/predict\"} 3",
            "nsec_rows_scored_total 7",
            "nsec_rows_flagged_total 3",
            "nsec_rows_failed_total 1",
            "nsec_http_requests_in_flight 1",
            "nsec_model_stale 1",
            "nsec_streams_open 2",
            "nsec_model_info{run=\"20260101T000000Z-ab\\\"c\",model=\"boosting\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(metrics.text(&facts).contains("nsec_http_requests_in_flight 0\n"));
    }
}
