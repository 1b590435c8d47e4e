//! Owns `serve`: the token, the limits, and what the person who started it reads.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::error::CliError;
use super::print;
use crate::serve::{BookError, Limits, ServeError, ServeOptions, Token, Told, serve};
use crate::text::visible_text;

/// The variable that holds the token where no file is named.
const TOKEN_VARIABLE: &str = "NSEC_TOKEN";
/// Beyond the time to drain, before the process ends whatever it does.
const BEYOND: Duration = Duration::from_secs(5);

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port to listen on; an address that other hosts reach needs a token. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000", value_parser = address)]
    pub listen: SocketAddr,
    /// File that holds the token which callers must show (Authorization: Bearer TOKEN) [default: NSEC_TOKEN, else none]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Serve an address that other hosts reach without a token: whoever reaches it can use it
    #[arg(long)]
    pub insecure: bool,
    /// Without a token: a name under which browsers may reach this server, besides localhost and plain addresses; may be
    /// repeated
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Take training jobs (POST /v1/train) on the workspace's data
    #[arg(long)]
    pub allow_train: bool,
    /// The model: champion (followed when another run is promoted), a run id, or a run's directory
    #[arg(long, value_name = "RUN|champion|DIR", default_value = "champion")]
    pub model: String,
    /// Threads that a training job uses; their number never changes the model [default: all cores but one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Limits.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// The limits of `serve`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Bytes of a JSON body, unpacked
    #[arg(long, value_name = "BYTES", default_value = "8388608", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub max_body: u64,
    /// Records of a JSON body
    #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_rows: u64,
    /// Bytes of a CSV or NDJSON stream, unpacked
    #[arg(long, value_name = "BYTES", default_value = "17179869184", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_stream: u64,
    /// Bytes on disk (TMPDIR) of an answer whose client sends everything before it reads
    #[arg(long, value_name = "BYTES", default_value = "8589934592", value_parser = clap::value_parser!(u64))]
    pub max_spool: u64,
    /// Streams at once
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub max_streams: u16,
    /// Requests worked on at once; more are answered 503
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_requests: u16,
    /// Open connections; more wait
    #[arg(long, value_name = "N", default_value = "512", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_connections: u16,
    /// For a request that is no stream
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub request_timeout: u32,
    /// For a stream of which no byte moves, and a client that takes none of its answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub idle_timeout: u32,
    /// For the head of a request
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub header_timeout: u32,
    /// For open requests, once the server is asked to end
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub drain_timeout: u32,
}

/// An address, or `localhost`, with a port.
fn address(text: &str) -> Result<SocketAddr, String> {
    let advice = || "give an address and a port: 127.0.0.1:8000, [::1]:8000, 0.0.0.0:8000".to_owned();
    if let Some(port) = text.strip_prefix("localhost:") {
        return port
            .parse()
            .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
            .map_err(|_| advice());
    }
    text.parse().map_err(|_| advice())
}

impl ServeArgs {
    /// How long the end may take once a signal has come.
    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.limits.drain_timeout)) + BEYOND
    }
}

/// Serves until a signal comes.
pub(super) fn run(args: &ServeArgs, context: &Context) -> Result<(), CliError> {
    let threads = available_parallelism().map_or(1, NonZero::get);
    let options = ServeOptions {
        listen: args.listen,
        token: token(args.token_file.as_deref(), context)?,
        insecure: args.insecure,
        allow_hosts: args.allow_host.clone(),
        allow_train: args.allow_train,
        model: args.model.clone(),
        limits: limits(&args.limits),
        threads: args.threads.map_or((threads - 1).max(1), usize::from),
    };
    let tell = |told: Told| print::line_err(&visible_text(&sentence(&told)));
    serve(options, &context.surroundings, &tell, &context.cancel)?;
    // It ends by a signal alone, whose exit code is the command's.
    Err(CliError::Cancelled)
}

fn limits(args: &LimitArgs) -> Limits {
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let count = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Limits {
        body_bytes: count(args.max_body),
        stream_bytes: args.max_stream,
        rows: count(args.max_rows),
        concurrency: usize::from(args.max_requests),
        streams: usize::from(args.max_streams),
        connections: usize::from(args.max_connections),
        request_time: seconds(args.request_timeout),
        idle_time: seconds(args.idle_timeout),
        header_time: seconds(args.header_timeout),
        drain_time: seconds(args.drain_timeout),
        spool_bytes: args.max_spool,
    }
}

/// The token of the file, else of the environment.
fn token(file: Option<&Path>, context: &Context) -> Result<Option<Token>, CliError> {
    let (origin, text) = match file {
        Some(path) => {
            let origin = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| CliError::Usage(format!("--token-file {origin}: {error}")))?;
            if others_may_read(path) {
                let text = format!("warning: {origin} can be read by other users; `chmod 600` keeps the token to you");
                context.progress.line(&visible_text(&text));
            }
            (format!("--token-file {origin}"), text)
        }
        None => match std::env::var(TOKEN_VARIABLE) {
            Ok(text) if !text.trim().is_empty() => (TOKEN_VARIABLE.to_owned(), text),
            Ok(_) | Err(std::env::VarError::NotPresent) => return Ok(None),
            Err(error) => return Err(CliError::Usage(format!("{TOKEN_VARIABLE}: {error}"))),
        },
    };
    let token = Token::parse(&text).map_err(|reason| CliError::Usage(format!("{origin}: the token {reason}")))?;
    Ok(Some(token))
}

fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

fn sentence(told: &Told) -> String {
    match told {
        Told::Listening(address) => {
            let shown = match address.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => format!("every address of this host, port {}", address.port()),
                _ => format!("http://{address}/"),
            };
            format!("serving on {shown} (Ctrl-C ends it)")
        }
        Told::Model(run) => format!("model: run {run}"),
        Told::NoModel { reason, kept: None } => format!("warning: no model yet, requests are answered 503: {reason}"),
        Told::NoModel {
            reason,
            kept: Some(run),
        } => format!("warning: run {run} goes on scoring, the new model cannot be used: {reason}"),
        Told::Warning(text) => format!("warning: {text}"),
        Told::Draining => "ending: open requests are finished first (a second signal ends at once)".to_owned(),
        Told::CutOff => "requests were cut off: the time to drain was over".to_owned(),
    }
}

impl From<ServeError> for CliError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Open(_) | ServeError::Jobs(BookError::Held) => Self::Usage(error.to_string()),
            ServeError::Run(inner) => inner.into(),
            ServeError::Jobs(BookError::Damaged { .. }) => Self::Unreachable(error.to_string()),
            other => Self::failed(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_names_are_not_looked_up() {
        for (text, shown) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("localhost:8000", "127.0.0.1:8000"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), shown);
        }
        for text in [
            "8000",
            "example.org:80",
            ":8000",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:99999",
        ] {
            assert!(address(text).unwrap_err().contains("127.0.0.1:8000"), "{text}");
        }
    }
}
