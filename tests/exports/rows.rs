//! Rows to export: synthetic flows, mail with URLs, and cells that want to break out.

use nsec_tui::artifacts::Timestamp;
use nsec_tui::cancel::CancelToken;
use nsec_tui::data::RowId;
use nsec_tui::export::{ExportHeader, ExportRow, Format, RowError, Summary, write};
use nsec_tui::schema::{Loaded, Schema};
use nsec_tui::synthetic::write_flows;
use nsec_tui::triage::{
    Action, CaseId, CaseState, Change, Event, EventId, Lane, RiskLevel, Score, SuppressionRule, Verdict,
};

pub(crate) fn at(text: &str) -> Timestamp {
    serde_json::from_value(text.into()).unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-27T16:00:00.000Z")
}

pub(crate) fn flow_schema() -> Schema {
    Loaded::read(&crate::common::repository("data_schema/network_flows.yaml"))
        .unwrap()
        .schema
}

/// A schema with what phishing reports have.
pub(crate) fn mail_schema() -> Schema {
    let text = "
name: mail
label: {column: result, malicious: [bad], benign: [good]}
columns:
  - {name: seen, type: timestamp, role: timestamp, nullable: true}
  - {name: URL, type: text, nullable: true}
  - {name: domain, type: text, nullable: true}
  - {name: sender_ip, type: ip, nullable: true}
  - {name: links, type: int, nullable: true}
  - {name: ratio, type: float, nullable: true}
  - {name: seen.before, type: bool, nullable: true}
  - {name: subject, type: text, nullable: true}
  - {name: result, type: category, required: false, allowed: [bad, good]}
";
    Loaded::parse(text, "mail.yaml").unwrap().schema
}

pub(crate) fn mail_header() -> ExportHeader {
    let names = [
        "seen",
        "URL",
        "domain",
        "sender_ip",
        "links",
        "ratio",
        "seen.before",
        "subject",
        "result",
    ];
    header(&names.map(str::to_owned), &mail_schema())
}

pub(crate) fn header(columns: &[String], schema: &Schema) -> ExportHeader {
    ExportHeader {
        file: "batch.csv".to_owned(),
        run: "20261127T080000Z-abcd".to_owned(),
        model: Some("gradient_boosting".to_owned()),
        threshold: Some(0.5),
        analyst: "alice".to_owned(),
        ..ExportHeader::new(columns.to_vec(), schema, now())
    }
}

/// A row nobody has judged.
pub(crate) fn row(schema: &str, id: u64, cells: &[&str], probability: f64) -> ExportRow {
    let flagged = probability >= 0.5;
    let (risk, action) = match probability {
        p if p <= 0.21 => (RiskLevel::Low, Action::Allow),
        p if p <= 0.47 => (RiskLevel::Medium, Action::Allow),
        p if p <= 0.73 => (RiskLevel::High, Action::Investigate),
        _ => (RiskLevel::Critical, Action::Block),
    };
    ExportRow {
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        line: Some(id + 1),
        case: CaseId {
            schema: schema.to_owned(),
            row: RowId(id),
        },
        copies: 1,
        probability,
        confidence: if flagged { probability } else { 1.0 - probability },
        flagged,
        risk,
        action,
        reasons: "links = 9 (+0.75); ratio = 1 (-0.25)".to_owned(),
        run: "20261127T080000Z-abcd".to_owned(),
        state: CaseState::default(),
        suppressed: None,
        events: Vec::new(),
    }
}

/// Things that were said of a row, one after the other; each by somebody who had not seen what the others said.
pub(crate) fn said(row: &mut ExportRow, by: &str, when: &str, change: Change) {
    let id = EventId(uuid::Uuid::from_u128(
        u128::from(row.case.row.0) << 32 | row.events.len() as u128,
    ));
    row.events.push(Event {
        id,
        group: id,
        at: at(when),
        analyst: by.to_owned(),
        case: row.case.clone(),
        change,
        seen: None,
        seen_besides: Vec::new(),
        score: Some(Score {
            run: row.run.clone(),
            probability: row.probability,
            threshold: Some(0.5),
            risk: row.risk,
            flagged: row.flagged,
            file: "batch.csv".to_owned(),
        }),
        lane: Lane::Picked,
        cells: None,
    });
    row.state = CaseState::of(&row.events);
}

pub(crate) fn judged(row: &mut ExportRow, by: &str, when: &str, verdict: Verdict) {
    let reason = Some("phishing".to_owned());
    said(
        row,
        by,
        when,
        Change::Judge {
            verdict: Some(verdict),
            reason,
        },
    );
}

/// Flows as `generate flows` writes them, some judged.
pub(crate) fn flows(rows: u64) -> (ExportHeader, Vec<ExportRow>) {
    let mut text = Vec::new();
    write_flows(rows, 7, &mut text, &CancelToken::new()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let all = reader.records().enumerate().map(|(at, record)| {
        let record = record.unwrap();
        let cells: Vec<&str> = record.iter().collect();
        let mut row = row("network_flows", at as u64, &cells, at as f64 / rows as f64);
        match at % 9 {
            0..5 => judged(&mut row, "alice", "2026-11-27T09:00:00.000Z", Verdict::ALL[at % 9]),
            5 => {
                judged(&mut row, "alice", "2026-11-27T09:00:00.000Z", Verdict::TruePositive);
                judged(&mut row, "bob", "2026-11-27T10:00:00.000Z", Verdict::FalsePositive);
            }
            6 => said(
                &mut row,
                "bob",
                "2026-11-26T10:00:00.000Z",
                Change::Note {
                    text: "ask the owner".to_owned(),
                },
            ),
            _ => {}
        }
        row
    });
    let all = all.collect();
    (header(&columns, &flow_schema()), all)
}

pub(crate) fn rule(condition: &str) -> SuppressionRule {
    SuppressionRule {
        id: EventId(uuid::Uuid::from_u128(1)),
        schema: "mail".to_owned(),
        condition: condition.to_owned(),
        owner: "carol".to_owned(),
        reason: "own scanner".to_owned(),
        made_at: at("2026-11-20T00:00:00.000Z"),
        expires_at: at("2026-12-20T00:00:00.000Z"),
        withdrawn: None,
        hits: 0,
    }
}

/// Cells that want to be more than text, one of them a megabyte.
pub(crate) fn hostile_cells() -> Vec<String> {
    let mut cells: Vec<String> = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "a,b",
        "say \"x\"",
        "two\nlines",
        "cr\rcr",
        "crlf\r\n",
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "\u{202e}evil\u{2066}",
        "a\u{0}b",
        "\u{feff}",
        "| # ` ``` <script>alert(1)</script> ![x](http://evil.example/) [y](javascript:1) &lt; \\",
        "http://evil.example/ www.evil.example mail@evil.example",
        "'] OR [url:value = 'x",
        "\"}\n{\"x\": 1",
        "'already'",
        " padded ",
        "NA",
        "😀é\u{301}",
    ]
    .map(str::to_owned)
    .to_vec();
    cells.push(String::from_utf8_lossy(b"\xff\xfe\x80bad").into_owned());
    cells.push("m".repeat(1 << 20));
    cells
}

/// A row a hostile cell, with that cell wherever text can stand.
pub(crate) fn hostile() -> (ExportHeader, Vec<ExportRow>) {
    let mut header = mail_header();
    header.rules = vec![(rule("subject = '|<b>`x'"), 3)];
    header.columns[7] = "sub|ject`<b>\n=1".to_owned();
    let rows = hostile_cells().into_iter().enumerate().map(|(at, cell)| {
        let seen = "2026-11-27T08:00:00Z";
        let cells = [seen, &cell, &cell, &cell, &cell, &cell, &cell, &cell, "bad"];
        let mut row = row("mail", at as u64, &cells, 0.9);
        row.reasons = format!("subject = {cell} (+1.00)");
        said(
            &mut row,
            &cell,
            "2026-11-27T09:00:00.000Z",
            Change::Note { text: cell.clone() },
        );
        said(
            &mut row,
            &cell,
            "2026-11-27T09:00:00.000Z",
            Change::Tag {
                tag: cell.clone(),
                on: true,
            },
        );
        let reason = Some(cell.clone());
        let verdict = Some(Verdict::TruePositive);
        said(
            &mut row,
            &cell,
            "2026-11-27T09:00:00.000Z",
            Change::Judge { verdict, reason },
        );
        row.suppressed = (at % 3 == 0).then(|| cell.clone());
        // One URL in every third row, so that there are indicators among hostile cells.
        if at % 3 == 1 {
            row.cells[1] = format!("http://evil.example/{at}?q='a'");
        }
        row
    });
    (header, rows.collect())
}

pub(crate) fn export(format: Format, header: &ExportHeader, rows: &[ExportRow]) -> (Vec<u8>, Summary) {
    let mut out = Vec::new();
    let mut rows = rows.iter().cloned().map(Ok::<_, RowError>);
    let summary = write(format, header, &mut rows, &mut out).unwrap();
    assert_eq!(summary.bytes, out.len() as u64);
    (out, summary)
}

pub(crate) fn documents(format: Format, header: &ExportHeader, rows: &[ExportRow]) -> Vec<serde_json::Value> {
    let text = String::from_utf8(export(format, header, rows).0).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
