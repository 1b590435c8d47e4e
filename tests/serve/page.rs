//! Owns the test of the upload page in a real browser: headless Chromium, driven by its own driver (WebDriver). Where there is
//! none it is skipped, loudly; Debian has both as `chromium` and `chromium-driver`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{Table, Workspace, bundled, repository};
use crate::http::{PATIENCE, Server, read_reply};

/// Where the picture of the README goes, if it is to be made anew.
const PICTURE: &str = "NSEC_TEST_PICTURE";

struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _home: TempDir,
    downloads: TempDir,
}

impl Browser {
    /// Starts one; `None` where there is no Chromium.
    fn start(dark: bool) -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut driver = command.spawn().ok()?;
        let mut port = None;
        let mut lines = BufReader::new(driver.stdout.take()?);
        let mut line = String::new();
        while port.is_none() && lines.read_line(&mut line).ok()? > 0 {
            let rest = line.split("successfully on port ").nth(1);
            port = rest.and_then(|rest| rest.trim().trim_end_matches('.').parse().ok());
            line.clear();
        }
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let (home, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut flags: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1100,900",
        ]
        .map(str::to_owned)
        .to_vec();
        flags.push(format!("--user-data-dir={}", home.path().display()));
        if dark {
            flags.push("--force-dark-mode".to_owned());
            flags.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let options = json!({
            "args": flags,
            "prefs": {"download.default_directory": downloads.path(), "download.prompt_for_download": false},
        });
        let mut browser = Self {
            driver,
            port: port?,
            session: String::new(),
            _home: home,
            downloads,
        };
        let wish = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}});
        let session = browser.call("POST", "", &wish);
        session["sessionId"].as_str()?.clone_into(&mut browser.session);
        Some(browser)
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let session = if self.session.is_empty() {
            String::new()
        } else {
            format!("/{}", self.session)
        };
        let body = if method == "GET" {
            String::new()
        } else {
            body.to_string()
        };
        let head = format!(
            "{method} /session{session}{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let reply = read_reply(stream);
        let value = reply.json()["value"].clone();
        assert_eq!(reply.status, 200, "{path}: {value}");
        value
    }

    #[track_caller]
    fn run(&self, script: &str, arguments: &Value) -> Value {
        self.call("POST", "/execute/sync", &json!({"script": script, "args": arguments}))
    }

    #[track_caller]
    fn text(&self, id: &str) -> String {
        let text = self.run("return document.getElementById(arguments[0]).innerText", &json!([id]));
        text.as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn until(&self, what: &str, condition: &str) {
        let start = Instant::now();
        while self.run(&format!("return {condition}"), &json!([])) != true {
            let page = self.run("return document.body.innerText", &json!([]));
            assert!(start.elapsed() < PATIENCE, "{what}: {page}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Drops a file on the page, as from the desktop.
    #[track_caller]
    fn drop_file(&self, name: &str, text: &str) {
        let script = "const data = new DataTransfer();
            data.items.add(new File([arguments[1]], arguments[0], {type: 'text/csv'}));
            for (const kind of ['dragenter', 'dragover', 'drop']) {
                document.getElementById('drop').dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data}));
            }";
        self.run(script, &json!([name, text]));
    }

    /// Chooses a file, as from the dialog.
    #[track_caller]
    fn choose(&self, path: &Path) {
        let found = self.call("POST", "/element", &json!({"using": "css selector", "value": "#file"}));
        let element = found
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        self.call("POST", &format!("/element/{element}/value"), &json!({"text": path}));
    }

    fn downloaded(&self, name: &str) -> Vec<u8> {
        let path = self.downloads.path().join(name);
        let start = Instant::now();
        while !path.exists() {
            assert!(start.elapsed() < PATIENCE, "{name} was not downloaded");
            std::thread::sleep(Duration::from_millis(50));
        }
        std::fs::read(path).unwrap()
    }

    /// Nothing was blocked by the page's policy, and no script failed.
    #[track_caller]
    fn assert_quiet(&self, expected: &str) {
        let log = self.call("POST", "/se/log", &json!({"type": "browser"}));
        let odd: Vec<&Value> = (log.as_array().unwrap().iter())
            .filter(|entry| entry["level"] == "SEVERE")
            .filter(|entry| expected.is_empty() || !entry["message"].as_str().unwrap().contains(expected))
            .collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", "", &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

#[test]
fn a_file_is_dropped_looked_at_and_downloaded() {
    let Some(browser) = Browser::start(false) else {
        eprintln!(
            "SKIPPED: no chromedriver and Chromium; the upload page was not driven (apt-get install chromium chromium-driver)"
        );
        return;
    };
    let workspace = Workspace::with_champion();
    let server = Server::start(&workspace, &[]);
    browser.call("POST", "/url", &json!({"url": format!("http://{}/", server.address)}));
    browser.until(
        "the model",
        "document.getElementById('model').innerText.includes('logistic regression')",
    );

    // A file with a bad row, and cells that would be markup.
    let mut lines: Vec<String> = bundled(300).lines().map(str::to_owned).collect();
    lines[0].push_str(",<img src=x onerror=alert(1)>");
    for line in &mut lines[1..] {
        line.push_str(",<script>document.title='owned'</script>");
    }
    lines[3] = lines[3].replacen('1', "<b>one</b>", 1);
    let text = lines.join("\n");
    browser.drop_file("flows.csv", &text);
    browser.until("the result", "!document.getElementById('download').disabled");
    let counts = browser.text("counts");
    assert!(
        counts.contains("300 rows") && counts.contains("1 could not be scored"),
        "{counts}"
    );
    let rows = browser.run("return document.querySelectorAll('#rows tr').length", &json!([]));
    assert_eq!(rows, 200);
    let wanted = Table::parse(&server.post("/v1/predict?explain=1000", "text/csv", &text).body);
    let first = browser.run(
        "return [...document.querySelectorAll('#rows tr:first-child td')].map(c => c.textContent)",
        &json!([]),
    );
    let row = &wanted.rows[0];
    let probability: f64 = row["probability"].parse().unwrap();
    let shown = [
        "1",
        &row["classification"],
        &format!("{probability:.4}"),
        &row["risk_level"],
        &row["recommended_action"],
        &row["reasons"],
    ];
    assert_eq!(first, json!(shown));
    let bad = browser.run("return document.querySelector('#rows tr.failed').innerText", &json!([]));
    assert!(bad.as_str().unwrap().contains("line 4"), "{bad}");
    assert_eq!(
        browser.run("return document.title", &json!([])),
        "nsec-tui: score a file"
    );
    assert_eq!(
        browser.run(
            "return document.querySelectorAll('main img, main b:not(#counts b), main script').length",
            &json!([])
        ),
        0
    );
    browser.run("document.getElementById('download').click()", &json!([]));
    assert_eq!(Table::parse(&browser.downloaded("flows.scored.csv")).rows, wanted.rows);
    browser.assert_quiet("");
    if let Some(path) = std::env::var_os(PICTURE) {
        let clean = workspace.write("flows.csv", bundled(300));
        browser.choose(&clean);
        browser.until("the picture", "!document.getElementById('download').disabled && document.getElementById('status').innerText.includes('Done')");
        let picture = browser.call("GET", "/screenshot", &json!({}));
        let bytes = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD
                .decode(picture.as_str().unwrap())
                .unwrap()
        };
        std::fs::write(repository(path.to_str().unwrap()), bytes).unwrap();
    }
}

#[test]
fn what_cannot_be_scored_is_said_and_the_keyboard_is_enough() {
    let Some(browser) = Browser::start(true) else {
        eprintln!(
            "SKIPPED: no chromedriver and Chromium; the upload page was not driven (apt-get install chromium chromium-driver)"
        );
        return;
    };
    let workspace = Workspace::with_champion();
    let token = "0123456789abcdef0123";
    let server = Server::start_with(&workspace, &[], &[("NSEC_TOKEN", token)]);
    browser.call("POST", "/url", &json!({"url": format!("http://{}/", server.address)}));
    browser.until(
        "the field for the token",
        "!document.getElementById('token-row').hidden",
    );
    browser.drop_file("rows.csv", &bundled(5));
    browser.until("the refusal", "!document.getElementById('problem').hidden");
    assert!(
        browser.text("problem-text").contains("token"),
        "{}",
        browser.text("problem-text")
    );
    let focus = browser.run("return document.activeElement.id", &json!([]));
    assert_eq!(focus, "token");
    let field = browser.call("GET", "/element/active", &json!({}));
    let field = field
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    browser.call(
        "POST",
        &format!("/element/{field}/value"),
        &json!({"text": format!("{token}\u{e004}")}),
    );
    browser.until(
        "the model",
        "document.getElementById('model').innerText.includes('logistic')",
    );
    // Tab leads from the token to the file.
    assert_eq!(browser.run("return document.activeElement.id", &json!([])), "file");
    let missing = workspace.write("missing.csv", "a,b\n1,2\n");
    browser.choose(&missing);
    browser.until(
        "the reason",
        "document.getElementById('problem-text').innerText.includes('lacks columns')",
    );
    assert!(
        browser.text("problem-text").contains("lacks columns"),
        "{}",
        browser.text("problem-text")
    );
    let good = workspace.write("good.csv", bundled(5));
    browser.choose(&good);
    browser.until("the result", "!document.getElementById('download').disabled");
    assert!(browser.text("counts").contains("5 rows"));
    assert_eq!(
        browser.run("return document.activeElement.id", &json!([])),
        "result-title"
    );
    browser.assert_quiet("status of 4");
}
