//! Owns what tests of the server start from: the real program on a free port, and a client on a plain socket that can also
//! break the rules.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{PROGRAM, Workspace};

/// How long anything may take before a test calls it hanging. It is no measure of speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a free port. It is killed when the test ends.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    told: Arc<Mutex<Vec<String>>>,
    listener: JoinHandle<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The status and the code of an error; it has the form that all errors have.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        let error = self.json()["error"].clone();
        assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{error}");
        assert_eq!(
            error["request_id"].as_str(),
            self.headers.get("x-request-id").map(String::as_str),
            "{error}"
        );
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}

impl Server {
    /// Starts the program in a workspace and waits until it listens.
    #[track_caller]
    pub(crate) fn start(workspace: &Workspace, arguments: &[&str]) -> Self {
        Self::start_with(workspace, arguments, &[])
    }

    #[track_caller]
    pub(crate) fn start_with(workspace: &Workspace, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        for name in ["NSEC_WORKSPACE", "NSEC_TOKEN", "NO_COLOR"] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied()).current_dir(workspace.root());
        command.arg("--workspace").arg(workspace.root()).arg("serve");
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (heard, listening) = std::sync::mpsc::channel();
        let all = Arc::clone(&told);
        let listener = std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|count| count > 0) {
                if let Some(rest) = line.split("serving on ").nth(1) {
                    let digits = |text: &str| text.trim_end_matches('/').to_owned();
                    let place = rest
                        .split(' ')
                        .next()
                        .map(|url| digits(url.trim_start_matches("http://")));
                    let port = rest
                        .split("port ")
                        .nth(1)
                        .and_then(|p| p.split(' ').next()?.parse::<u16>().ok());
                    let place = place
                        .and_then(|p| p.parse().ok())
                        .or(port.map(|p| SocketAddr::from(([127, 0, 0, 1], p))));
                    let _ = heard.send(place);
                }
                all.lock().unwrap().push(std::mem::take(&mut line));
            }
        });
        let address = match listening.recv_timeout(PATIENCE) {
            Ok(Some(address)) => address,
            other => {
                let _ = child.kill();
                panic!("{other:?}: {:?}", told.lock().unwrap());
            }
        };
        Self {
            child,
            address,
            told,
            listener,
        }
    }

    /// What it said on standard error.
    pub(crate) fn told(&self) -> String {
        self.told.lock().unwrap().concat()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request with a `Content-Length` and reads the answer.
    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.connect();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        // The head with the beginning of the body: nobody is slow in between. A server may refuse before it has read everything.
        let (with_head, rest) = body.split_at(body.len().min(16 << 10));
        let begin = [head.as_bytes(), with_head].concat();
        let _ = stream.write_all(&begin).and_then(|()| stream.write_all(rest));
        read_reply(stream)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Reply {
        self.send("POST", path, &[("Content-Type", content_type)], body.as_ref())
    }

    /// Waits until `asked` holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut asked: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !asked(self) {
            assert!(start.elapsed() < PATIENCE, "{what}: {}", self.told());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end, and for all that it said.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // A program that it left behind could hold its end for ever.
                let gone = Instant::now();
                while !self.listener.is_finished() && gone.elapsed() < PATIENCE {
                    std::thread::sleep(Duration::from_millis(5));
                }
                return status.code();
            }
            assert!(start.elapsed() < PATIENCE, "still runs: {}", self.told());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads an answer to its end: by length, by chunks, or until the connection ends.
#[track_caller]
pub(crate) fn read_reply(stream: TcpStream) -> Reply {
    try_reply(stream).unwrap_or_else(|reason| panic!("{reason}"))
}

/// The same, where an answer may break off.
pub(crate) fn try_reply(stream: TcpStream) -> Result<Reply, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line).map_err(told)?;
        if !line.starts_with("HTTP/1.1 100") {
            break;
        }
        line.clear();
        reader.read_line(&mut line).map_err(told)?;
    }
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .ok_or_else(|| format!("no answer: {line:?}"))?;
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).map_err(told)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding == "chunked")
    {
        loop {
            line.clear();
            reader.read_line(&mut line).map_err(told)?;
            let size =
                usize::from_str_radix(line.trim(), 16).map_err(|_| format!("broke off after {} bytes", body.len()))?;
            let start = body.len();
            body.resize(start + size, 0);
            reader.read_exact(&mut body[start..]).map_err(told)?;
            line.clear();
            reader.read_line(&mut line).map_err(told)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = headers.get("content-length").and_then(|l| l.parse::<usize>().ok()) {
        body.resize(length, 0);
        reader.read_exact(&mut body).map_err(told)?;
    } else {
        reader.read_to_end(&mut body).map_err(told)?;
    }
    Ok(Reply { status, headers, body })
}
