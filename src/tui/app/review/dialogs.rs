//! Owns which keys of the panel open a dialog of its own (scoring a file, writing cases to a file, suppression rules, watched
//! files), and where the answers go.

use std::path::PathBuf;

use super::ReviewPanel;
use super::exporting::{ExportWish, Exporting};
use super::rules::{RuleWish, Rules};
use super::scoring::Scoring;
use crate::tui::app::layer::Given;
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::{Command, Shared};
use crate::tui::keymap::Action;
use crate::worker::{EventId, News, WhatIf};

/// What a dialog is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialog {
    /// A file to score.
    Score,
    /// A watched file to review, out of these outputs or why there is none.
    Watched(Vec<Result<PathBuf, String>>),
    /// Cases to write.
    Export,
    /// Whether the file may be replaced.
    ReplaceExport(ExportWish),
    /// A suppression rule, or a new one.
    Rules,
    /// A new rule.
    NewRule,
    /// Whether the rule is kept, given what it would have hidden; without that it was asked already.
    KeepRule(RuleWish, Option<WhatIf>),
    /// Whether the rule is withdrawn.
    Withdraw(EventId),
}

/// What dialogs have under way.
#[derive(Debug, Default)]
pub(super) struct Dialogs {
    pub(super) scoring: Scoring,
    pub(super) exporting: Option<Exporting>,
    pub(super) rules: Rules,
}

impl ReviewPanel {
    /// Opens a dialog; whether the key was for one. Scoring and watched files need no open file, the others do.
    pub(super) fn act_on_dialogs(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::ScoreFile => self.dialogs.scoring.ask(shared),
            Action::Watched => self.dialogs.scoring.list_watched(shared),
            Action::Rejects => self.show_rejects(shared),
            Action::Export if self.file.opened().is_some() => self.ask_for_export(shared),
            Action::Rules if self.file.opened().is_some() => self.ask_for_rules(shared),
            _ => return false,
        }
        true
    }

    /// The rows that could not be scored, in Data: of the open file, or of what was scored last.
    fn show_rejects(&self, shared: &mut Shared) {
        let path = match (self.file.opened(), self.dialogs.scoring.done()) {
            (Some(file), _) => file
                .rejected
                .as_ref()
                .filter(|(rows, _)| *rows > 0)
                .map(|(_, path)| path.clone()),
            (None, Some(summary)) if summary.rejected > 0 => Some(PathBuf::from(&summary.rejects)),
            _ => None,
        };
        let Some(path) = path else {
            return shared.say("no row was rejected");
        };
        shared.request(Command::Open(Some(path)));
        shared.request(Command::Show(Panel::Data));
    }

    pub(super) fn dialog_answered(&mut self, shared: &mut Shared, dialog: Dialog, given: Given) {
        match (dialog, given) {
            (Dialog::Score, Given::Fields(values)) => self.dialogs.scoring.answered(shared, &values),
            (Dialog::Watched(outputs), Given::Choice { item: Some(at), .. }) => match outputs.get(at) {
                Some(Ok(output)) => shared.request(Command::Review(Some(output.clone()))),
                Some(Err(reason)) => shared.complain(format!("there is nothing to review: {reason}")),
                None => {}
            },
            (Dialog::Export, Given::Fields(values)) => self.export_answered(shared, &values),
            (Dialog::ReplaceExport(wish), Given::Yes) => self.export(shared, wish, true),
            (Dialog::Rules, Given::Choice { item: Some(at), .. }) => self.rule_chosen(shared, at),
            (Dialog::NewRule, Given::Fields(values)) => self.new_rule_answered(shared, &values),
            (Dialog::KeepRule(wish, found), Given::Yes) => self.keep_rule(shared, wish, found),
            (Dialog::Withdraw(rule), Given::Yes) => self.withdraw_rule(shared, rule),
            _ => {}
        }
    }

    /// Takes news of what a dialog began; whether they were of such a thing.
    pub(super) fn dialog_news(&mut self, shared: &mut Shared, news: &News) -> bool {
        self.dialogs.scoring.news(shared, news)
            || self.export_news(shared, news.ticket, &news.report)
            || self.rules_news(shared, news.ticket, &news.report)
    }

    pub(super) fn dialog_command(&mut self, shared: &mut Shared, command: &Command) {
        match command {
            Command::Score => self.dialogs.scoring.ask(shared),
            Command::Show(panel) => self.dialogs.scoring.shows(*panel),
            _ => {}
        }
    }

    /// Half a line about what dialogs have under way.
    pub(super) fn dialog_work(&self, shared: &Shared) -> Option<String> {
        self.dialogs.scoring.work(shared).or_else(|| self.export_work())
    }
}
