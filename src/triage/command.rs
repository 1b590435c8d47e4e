//! Owns the command line that does what was done in the console: it stands beside each decision in the audit log.

use super::event::{Change, EventId};
use super::suppression::SuppressionRule;
use crate::data::RowId;
use crate::text::shell_word;

/// Rows that are named one by one; of more, the ids are given on standard input, and are those of the events beside the line.
const MOST_NAMED: usize = 20;

/// The command line that makes a change to cases of a schema.
pub fn command_line(change: &Change, schema: &str, rows: &[RowId]) -> String {
    let with = |option: &str, value: &str| format!(" {option} {}", shell_word(value));
    let options = match change {
        Change::Undo { undone } => return group_command("undo", *undone),
        Change::Redo { redone } => return group_command("redo", *redone),
        Change::Judge { verdict, reason } => {
            let verdict = verdict.map_or("unreviewed", super::Verdict::name);
            let reason = reason.as_ref().map(|reason| with("--reason", reason));
            format!("{}{}", with("--as", verdict), reason.unwrap_or_default())
        }
        Change::Reason { reason } => with("--reason", reason.as_deref().unwrap_or_default()),
        Change::Note { text } => with("--note", text),
        Change::Tag { tag, on: true } => with("--tag", tag),
        Change::Tag { tag, on: false } => with("--untag", tag),
    };
    let mut line = format!("nsec-tui verdicts set{}{options}", with("--schema", schema));
    if rows.len() > MOST_NAMED {
        line.push_str(" -");
    } else {
        for row in rows {
            line.push_str(&format!(" {row}"));
        }
    }
    line
}

/// The command line that makes a rule for so many days.
pub fn suppress_line(rule: &SuppressionRule, days: u32) -> String {
    format!(
        "nsec-tui verdicts suppress {} --reason {} --days {days} --schema {}",
        shell_word(&rule.condition),
        shell_word(&rule.reason),
        shell_word(&rule.schema)
    )
}

/// The command line that withdraws a rule.
pub fn withdraw_line(rule: EventId) -> String {
    group_command("withdraw", rule)
}

fn group_command(word: &str, group: EventId) -> String {
    format!("nsec-tui verdicts {word} {group}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::Verdict;

    #[test]
    fn a_line_names_few_rows_and_takes_many_from_standard_input() {
        let judge = Change::Judge {
            verdict: Some(Verdict::FalsePositive),
            reason: Some("known good".to_owned()),
        };
        let line = command_line(&judge, "flows", &[RowId(1), RowId(0xab)]);
        assert_eq!(
            line,
            "nsec-tui verdicts set --schema flows --as false_positive --reason 'known good' 0000000000000001 00000000000000ab"
        );
        let many: Vec<RowId> = (0..21).map(RowId).collect();
        assert!(command_line(&judge, "flows", &many).ends_with("'known good' -"));
        let taken_back = Change::Judge {
            verdict: None,
            reason: None,
        };
        let line = command_line(&taken_back, "flows", &[RowId(1)]);
        assert_eq!(
            line,
            "nsec-tui verdicts set --schema flows --as unreviewed 0000000000000001"
        );
    }

    #[test]
    fn what_a_person_typed_is_quoted_for_a_shell() {
        let note = Change::Note {
            text: "asked; rm -rf $HOME 'now'".to_owned(),
        };
        let line = command_line(&note, "s", &[RowId(1)]);
        assert!(line.contains(r"--note 'asked; rm -rf $HOME '\''now'\'''"), "{line}");
    }
}
