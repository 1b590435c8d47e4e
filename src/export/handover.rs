//! Owns the hand-over of a shift: the page that a colleague reads who takes over. Rows are counted as they come; a page is written
//! at the end.

mod markdown;
mod tally;

use std::io::Write;

use markdown::code;
use tally::{Listed, Tally};

use super::error::ExportError;
use super::row::{ExportHeader, ExportRow, Summary};
use super::write::Sink;
use crate::triage::{RiskLevel, SuppressionRule, Verdict};

pub(super) struct HandoverSink<'a, W: Write> {
    header: &'a ExportHeader,
    out: W,
    tally: Tally,
}

impl<'a, W: Write> HandoverSink<'a, W> {
    pub(super) fn new(header: &'a ExportHeader, out: W) -> Self {
        let from = header.shift_from.unwrap_or_else(|| header.made_at.midnight());
        Self {
            header,
            out,
            tally: Tally::new(from, header.made_at),
        }
    }
}

impl<W: Write> Sink for HandoverSink<'_, W> {
    fn row(&mut self, row: &ExportRow, _: &mut Summary) -> Result<(), ExportError> {
        self.tally.add(row);
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &mut Summary) -> Result<(), ExportError> {
        let mut page = String::new();
        head(&mut page, self.header, &self.tally);
        // Without the scored file only cases with a verdict are known, of which everything is judged.
        let is_whole = !self.header.file.is_empty();
        if is_whole {
            progress(&mut page, &self.tally);
        } else {
            line(
                &mut page,
                "\nCases with a verdict alone; `--scored FILE` counts those that nobody has looked at.",
            );
        }
        verdicts(&mut page, &self.tally);
        shift(&mut page, &self.tally);
        listed(
            &mut page,
            "Open conflicts",
            &self.tally.conflicts,
            "Nobody contradicts anybody.",
        );
        listed(
            &mut page,
            "Tagged and noted",
            &self.tally.marked,
            "No case has a tag or a note.",
        );
        if is_whole {
            let none = "Every critical case has a verdict or is suppressed.";
            listed(&mut page, "Critical and not reviewed", &self.tally.critical, none);
        }
        suppression(&mut page, self.header, &self.tally);
        self.out.write_all(page.as_bytes())?;
        Ok(())
    }
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

fn heading(page: &mut String, text: &str) {
    line(page, &format!("\n## {text}\n"));
}

fn table(page: &mut String, names: &[&str]) {
    line(page, &format!("| {} |", names.join(" | ")));
    line(page, &format!("|{}", "---|".repeat(names.len())));
}

fn head(page: &mut String, header: &ExportHeader, tally: &Tally) {
    let about = if header.file.is_empty() {
        &header.scope
    } else {
        &header.file
    };
    line(page, &format!("# Hand-over: {}\n", code(about)));
    table(page, &["what", ""]);
    let model = header
        .model
        .as_ref()
        .map(|model| format!(", {}", code(model)))
        .unwrap_or_default();
    let threshold = header
        .threshold
        .map_or("not known".to_owned(), |t| format!("flagged from {t:.4} on"));
    let lines = [
        ("made by", code(&header.analyst)),
        ("made at", header.made_at.to_string()),
        ("shift since", tally.from.to_string()),
        ("schema", code(&header.schema)),
        ("scored by", format!("{}{model}", code(&header.run))),
        ("threshold", threshold),
        ("holds", code(&header.scope)),
    ];
    for (name, value) in lines {
        line(page, &format!("| {name} | {value} |"));
    }
}

fn percent(part: u64, of: u64) -> String {
    if of == 0 {
        return "–".to_owned();
    }
    format!("{:.1} %", 100.0 * part as f64 / of as f64)
}

fn progress(page: &mut String, tally: &Tally) {
    heading(page, "How the work stands");
    table(page, &["cases", "all", "with a verdict", "share"]);
    let mut add = |name: &str, (judged, of): (u64, u64)| {
        line(page, &format!("| {name} | {of} | {judged} | {} |", percent(judged, of)));
    };
    add("all", tally.all);
    add("flagged", tally.flagged);
    for level in RiskLevel::ALL.into_iter().rev() {
        add(level.name(), tally.by_risk[level as usize]);
    }
    let (cases, rows) = (tally.all.1, tally.rows);
    line(
        page,
        &format!("\nRows: {rows}, cases: {cases}; rows that are identical are one case."),
    );
}

fn verdicts(page: &mut String, tally: &Tally) {
    line(page, "");
    table(page, &["verdict", "this shift", "ever"]);
    for (at, verdict) in Verdict::ALL.into_iter().enumerate() {
        let (now, ever) = (tally.shift[at], tally.ever[at]);
        line(page, &format!("| {} | {now} | {ever} |", verdict.words()));
    }
}

fn shift(page: &mut String, tally: &Tally) {
    heading(page, "The shift");
    let (right, wrong) = tally.flagged_shift;
    if right + wrong == 0 {
        line(
            page,
            "No flagged case was found to be a true or a false positive in this shift, so there is no precision.",
        );
    } else {
        let share = percent(right, right + wrong);
        let of = format!("{right} true and {wrong} false positives among flagged cases");
        line(page, &format!("Precision {share}: {of}."));
    }
    let (malicious, drawn) = tally.audited;
    if drawn > 0 {
        let share = percent(malicious, drawn);
        line(
            page,
            &format!("Random audit, ever: of {drawn} cases drawn by lot, {malicious} were malicious ({share})."),
        );
    }
    if tally.analysts.is_empty() {
        return;
    }
    page.push('\n');
    let words: Vec<&str> = Verdict::ALL.into_iter().map(Verdict::words).collect();
    table(page, &[&["analyst"], words.as_slice()].concat());
    for (analyst, counts) in &tally.analysts {
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        line(page, &format!("| {} | {} |", code(analyst), counts.join(" | ")));
    }
}

fn listed(page: &mut String, title: &str, list: &Listed, none: &str) {
    heading(page, &format!("{title}: {}", list.count));
    if list.count == 0 {
        return line(page, none);
    }
    table(
        page,
        &["case", "rows", "risk", "probability", "verdict", "what is said of it"],
    );
    for case in &list.cases {
        let said: Vec<&str> = case.said.iter().map(String::as_str).collect();
        let cells = [
            format!("`{}`", case.row),
            case.copies.to_string(),
            case.risk.name().to_owned(),
            format!("{:.4}", case.probability),
            case.verdict.clone(),
            if said.is_empty() {
                "–".to_owned()
            } else {
                said.join("; ")
            },
        ];
        line(page, &format!("| {} |", cells.join(" | ")));
    }
    let more = list.count - list.cases.len() as u64;
    if more > 0 {
        line(page, &format!("\nand {more} more."));
    }
}

fn suppression(page: &mut String, header: &ExportHeader, tally: &Tally) {
    heading(page, &format!("Suppression rules: {}", header.rules.len()));
    let (cases, rows) = tally.suppressed;
    if header.rules.is_empty() {
        return line(page, "No rule holds.");
    }
    let counts = format!("Rows here that they suppress: {rows}, cases: {cases}.");
    line(
        page,
        &format!("{counts} Suppressed rows are exported like all others.\n"),
    );
    table(page, &["condition", "rows here", "owner", "reason", "holds until"]);
    for (rule, rows) in &header.rules {
        line(page, &rule_line(rule, *rows, header));
    }
}

fn rule_line(rule: &SuppressionRule, rows: u64, header: &ExportHeader) -> String {
    let until = if rule.holds_at(header.made_at) {
        rule.expires_at.to_string()
    } else {
        format!("{} (holds no more)", rule.expires_at)
    };
    let (condition, owner, reason) = (code(&rule.condition), code(&rule.owner), code(&rule.reason));
    format!("| {condition} | {rows} | {owner} | {reason} | {until} |")
}
