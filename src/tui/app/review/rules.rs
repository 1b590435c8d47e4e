//! Owns suppression rules in the console: their list, a new one with what it would have hidden, and withdrawing one.

use super::ReviewPanel;
use super::dialogs::Dialog;
use crate::text::grouped;
use crate::tui::app::layer::{Caution, Confirm, Field, FieldValue, Form, Layer, Picker, PickerItem, Purpose};
use crate::tui::app::line_editor::LineEditor;
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::worker::{Job, Reply, Report, ReviewJob, RuleLine, SuppressionRule, Ticket, WhatIf};

use super::jobs::Origin;

/// Days that a rule holds at most: ten years.
const MOST_DAYS: u32 = 3_650;

/// A rule that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWish {
    condition: String,
    reason: String,
    days: u32,
}

/// What is being done about rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    List,
    Add,
    Withdraw,
}

/// Rules as they were read last, and what is on its way.
#[derive(Debug, Default)]
pub(super) struct Rules {
    list: Vec<RuleLine>,
    doing: Option<(Ticket, Doing)>,
    weighing: Option<(Ticket, RuleWish)>,
}

fn form(wish: &RuleWish, days: &str, problem: Option<(&'static str, String)>) -> Form {
    let text = |text: &str| FieldValue::Text(LineEditor::new(text));
    let field = |name, label, help, value| Field {
        name,
        label,
        help,
        value,
        error: problem
            .as_ref()
            .filter(|(of, _)| *of == name)
            .map(|(_, why)| why.clone()),
    };
    Form {
        title: "suppress cases".to_owned(),
        notes: vec![
            "Suppressed cases leave the queues; they are counted and exported as such, and nothing is dropped."
                .to_owned(),
        ],
        fields: vec![
            field(
                "condition",
                "condition",
                "as filters are written: service = 'dns' and port < 1024",
                text(&wish.condition),
            ),
            field(
                "reason",
                "reason",
                "why nobody needs to look at them",
                text(&wish.reason),
            ),
            field("days", "days", "how long it holds, 1 to 3650", text(days)),
        ],
        cursor: 0,
        check: Some(check),
    }
}

fn check(fields: &[Field]) -> Vec<(&'static str, String)> {
    let line = |name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field.map_or("", |field| field.value.text()).trim()
    };
    let mut wrong = Vec::new();
    if line("condition").is_empty() {
        wrong.push(("condition", "which cases? a condition such as port = 53".to_owned()));
    }
    if line("reason").is_empty() {
        wrong.push(("reason", "whoever meets the rule later needs to know why".to_owned()));
    }
    if !line("days")
        .parse()
        .is_ok_and(|days: u32| (1..=MOST_DAYS).contains(&days))
    {
        wrong.push(("days", format!("whole days from 1 to {MOST_DAYS}")));
    }
    wrong
}

/// The day of an RFC 3339 time.
fn day(time: impl ToString) -> String {
    time.to_string().chars().take(10).collect()
}

fn item((rule, rows): &RuleLine) -> PickerItem {
    let state = match &rule.withdrawn {
        Some((at, by)) => format!("withdrawn {} by {by}", day(at)),
        None => format!("until {}", day(rule.expires_at)),
    };
    let about = format!(
        "{} ({}); {} rows here, {} in all files",
        rule.reason,
        rule.owner,
        grouped(*rows),
        grouped(rule.hits)
    );
    PickerItem {
        label: rule.condition.clone(),
        about,
        aside: state,
        group: "rules".to_owned(),
    }
}

/// What a rule would have hidden, before it is kept.
fn question(wish: &RuleWish, found: &WhatIf, again: bool) -> Caution {
    let count = |n: u64, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{} {many}", grouped(n)),
    };
    let days = count(u64::from(wish.days), "day", "days");
    let (true_positives, judged) = (found.true_positives, grouped(found.judged));
    let hidden = count(true_positives, "true positive", "true positives");
    let mut caution = Caution {
        question: format!("Suppress cases with {} for {days}?", wish.condition),
        careful: true_positives > 0,
        ..Caution::default()
    };
    if again {
        caution.question = format!("Hide them all the same, although {hidden} would not have been seen?");
    }
    let now = count(found.rows_now, "row", "rows");
    caution.consequences.push(format!("{now} of this file meet it now."));
    if found.judged == 0 {
        let text = "No judged case meets it, so nobody can tell what it would have hidden.";
        caution.consequences.push(text.to_owned());
    } else if true_positives > 0 {
        caution
            .warnings
            .push(format!("It would have hidden {hidden} of {judged} judged."));
    } else {
        let text = format!("It would have hidden no true positive of {judged} judged.");
        caution.consequences.push(text);
    }
    if found.benign > 0 {
        let benign = count(found.benign, "benign case", "benign cases");
        caution
            .consequences
            .push(format!("It would have saved looking at {benign}."));
    }
    caution
}

impl ReviewPanel {
    pub(super) fn ask_for_rules(&mut self, shared: &mut Shared) {
        let ticket = shared.submit(Job::Review(ReviewJob::Rules));
        self.dialogs.rules.doing = Some((ticket, Doing::List));
    }

    fn list_rules(&self, shared: &mut Shared) {
        let new = PickerItem {
            label: "new rule".to_owned(),
            about: "from the filters that are on, or typed".to_owned(),
            ..PickerItem::default()
        };
        let rules = self.dialogs.rules.list.iter().map(item);
        let picker = Picker::new("suppression rules", std::iter::once(new).chain(rules).collect());
        shared.open(Layer::picker(Panel::Review, Purpose::Dialog(Dialog::Rules), picker));
    }

    /// A rule of the list was chosen, or a new one.
    pub(super) fn rule_chosen(&self, shared: &mut Shared, item: usize) {
        let Some(place) = item.checked_sub(1) else {
            return self.ask_for_new_rule(shared);
        };
        let Some((rule, _)) = self.dialogs.rules.list.get(place) else {
            return;
        };
        if let Some((at, by)) = &rule.withdrawn {
            return shared.say(format!("{by} withdrew it on {}", day(at)));
        }
        let SuppressionRule { owner, reason, .. } = rule;
        let confirm = Confirm {
            question: format!("Withdraw the rule {}?", rule.condition),
            consequences: vec![
                format!("{owner} made it on {}: {reason}.", day(rule.made_at)),
                "Its cases are in the queues again. The rule stays in the history.".to_owned(),
            ],
        };
        let purpose = Purpose::Dialog(Dialog::Withdraw(rule.id));
        shared.open(Layer::confirm(Panel::Review, purpose, confirm));
    }

    fn ask_for_new_rule(&self, shared: &mut Shared) {
        let days = self.file.opened().map_or(30, |file| file.suppression_days);
        let filters = self.wanted().filters;
        let condition = match filters.as_slice() {
            [one] => one.clone(),
            several => several
                .iter()
                .map(|filter| format!("({filter})"))
                .collect::<Vec<_>>()
                .join(" and "),
        };
        let wish = RuleWish {
            condition,
            reason: String::new(),
            days,
        };
        Self::open_new_rule(shared, &wish, None);
    }

    fn open_new_rule(shared: &mut Shared, wish: &RuleWish, problem: Option<(&'static str, String)>) {
        let form = form(wish, &wish.days.to_string(), problem);
        shared.open(Layer::form(Panel::Review, Purpose::Dialog(Dialog::NewRule), form));
    }

    pub(super) fn new_rule_answered(&mut self, shared: &mut Shared, values: &[(&'static str, FieldValue)]) {
        let line = |name: &str| {
            let value = values.iter().find(|(field, _)| *field == name);
            value.map_or("", |(_, value)| value.text()).trim().to_owned()
        };
        let wish = RuleWish {
            condition: line("condition"),
            reason: line("reason"),
            days: line("days").parse().unwrap_or(1),
        };
        let job = ReviewJob::WhatIf {
            condition: wish.condition.clone(),
        };
        self.dialogs.rules.weighing = Some((shared.submit(Job::Review(job)), wish));
    }

    /// Yes to keeping a rule; one that would have hidden true positives is asked about twice.
    pub(super) fn keep_rule(&mut self, shared: &mut Shared, wish: RuleWish, found: Option<WhatIf>) {
        if let Some(found) = found.filter(|found| found.true_positives > 0) {
            let caution = question(&wish, &found, true);
            let purpose = Purpose::Dialog(Dialog::KeepRule(wish, None));
            return shared.open(Layer::caution(Panel::Review, purpose, caution));
        }
        let job = ReviewJob::AddRule {
            condition: wish.condition,
            reason: wish.reason,
            days: wish.days,
        };
        self.dialogs.rules.doing = Some((shared.submit(Job::Review(job)), Doing::Add));
    }

    pub(super) fn withdraw_rule(&mut self, shared: &mut Shared, rule: crate::worker::EventId) {
        let ticket = shared.submit(Job::Review(ReviewJob::WithdrawRule { rule }));
        self.dialogs.rules.doing = Some((ticket, Doing::Withdraw));
    }

    /// Takes news about rules; whether they were.
    pub(super) fn rules_news(&mut self, shared: &mut Shared, ticket: Ticket, report: &Report) -> bool {
        if self
            .dialogs
            .rules
            .weighing
            .as_ref()
            .is_some_and(|(of, _)| *of == ticket)
        {
            self.weighed(shared, report);
            return true;
        }
        let Some((_, doing)) = self.dialogs.rules.doing.filter(|(of, _)| *of == ticket) else {
            return false;
        };
        match report {
            Report::Done(reply) => {
                if let Reply::Rules(list) = &**reply {
                    self.dialogs.rules.list.clone_from(list);
                    self.rules_came(shared, doing);
                }
            }
            Report::Failed(failure) => {
                let what = match doing {
                    Doing::List => "the rules cannot be read",
                    Doing::Add => "NOT kept, there is no new rule",
                    Doing::Withdraw => "NOT withdrawn, the rule still holds",
                };
                shared.complain(format!("{what}: {}", failure.message));
            }
            Report::Cancelled => {}
            _ => return true,
        }
        self.dialogs.rules.doing = None;
        true
    }

    fn rules_came(&mut self, shared: &mut Shared, doing: Doing) {
        match doing {
            Doing::List => return self.list_rules(shared),
            Doing::Add => shared.say("the rule is kept; its cases have left the queues"),
            Doing::Withdraw => shared.say("the rule is withdrawn; its cases are in the queues again"),
        }
        if self.file.opened().is_some() {
            let keep = self.window.current().map(|row| row.row);
            let wanted = self.wanted();
            self.arrange(shared, wanted, keep, Origin::Key);
        }
    }

    fn weighed(&mut self, shared: &mut Shared, report: &Report) {
        if !matches!(report, Report::Done(_) | Report::Failed(_) | Report::Cancelled) {
            return;
        }
        let Some((_, wish)) = self.dialogs.rules.weighing.take() else {
            return;
        };
        match report {
            Report::Done(reply) => {
                if let Reply::WhatIf(found) = &**reply {
                    let caution = question(&wish, found, false);
                    let purpose = Purpose::Dialog(Dialog::KeepRule(wish, Some(*found)));
                    shared.open(Layer::caution(Panel::Review, purpose, caution));
                }
            }
            Report::Failed(failure) => {
                Self::open_new_rule(shared, &wish, Some(("condition", failure.message.clone())));
            }
            _ => shared.say("no rule was made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> RuleWish {
        RuleWish {
            condition: "port = 53".to_owned(),
            reason: "own resolver".to_owned(),
            days: 30,
        }
    }

    #[test]
    fn what_would_have_been_hidden_is_said_before_anything_is_kept() {
        let found = WhatIf {
            judged: 41,
            true_positives: 3,
            benign: 30,
            rows_now: 1_204,
        };
        let caution = question(&wish(), &found, false);
        assert_eq!(
            caution.warnings,
            ["It would have hidden 3 true positives of 41 judged."]
        );
        assert_eq!(
            caution.consequences,
            [
                "1,204 rows of this file meet it now.",
                "It would have saved looking at 30 benign cases."
            ]
        );
        assert!(caution.careful && caution.question.contains("port = 53 for 30 days"));
        let harmless = WhatIf {
            true_positives: 0,
            ..found
        };
        assert!(!question(&wish(), &harmless, false).careful);
        let unknown = question(&wish(), &WhatIf::default(), false);
        assert!(unknown.consequences.iter().any(|line| line.contains("nobody can tell")));
    }

    #[test]
    fn a_rule_needs_a_condition_a_reason_and_an_end() {
        let wrong = |days: &str, wish: &RuleWish| -> Vec<&str> {
            check(&form(wish, days, None).fields)
                .into_iter()
                .map(|(name, _)| name)
                .collect()
        };
        assert!(wrong("30", &wish()).is_empty());
        let empty = RuleWish {
            condition: " ".to_owned(),
            reason: String::new(),
            days: 0,
        };
        assert_eq!(wrong("0", &empty), ["condition", "reason", "days"]);
        assert_eq!(wrong("3651", &wish()), ["days"]);
    }
}
