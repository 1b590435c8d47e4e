//! Owns deciding: verdicts, undo and redo, notes, reason codes, tags; the question before much is decided at once.

use super::asking::{Asking, Target};
use super::jobs::{Asked, Deciding, Sought};
use super::{Layout, ReviewPanel, reading};
use crate::browse::Direction;
use crate::text::counted;
use crate::tui::app::effect::Effect;
use crate::tui::app::layer::{Confirm, Layer, Picker, PickerItem, Prompt, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::tui::app::team::words::looks;
use crate::tui::keymap::Action;
use crate::worker::{Change, Decision, ReviewJob, Selection, Verdict};

/// What is chosen to take a reason code away.
const NO_REASON: &str = "no reason";

impl ReviewPanel {
    /// Does what a key about the case under the cursor, or about the marked ones, asks; whether it is such a key.
    pub(super) fn act_on_case(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::TruePositive => self.judge(shared, Verdict::TruePositive),
            Action::BenignPositive => self.judge(shared, Verdict::BenignPositive),
            Action::FalsePositive => self.judge(shared, Verdict::FalsePositive),
            Action::Duplicate => self.judge(shared, Verdict::Duplicate),
            Action::Undetermined => self.judge(shared, Verdict::Undetermined),
            Action::Undo => self.take_back(shared, ReviewJob::Undo, Deciding::Undo),
            Action::Redo => self.take_back(shared, ReviewJob::Redo, Deciding::Redo),
            Action::Note => self.ask_for_note(shared),
            Action::Reason => self.ask_for_reason(shared),
            Action::Tags => self.begin_tagging(shared),
            Action::Open => self.read_card(shared),
            Action::Copy => self.copy(shared),
            Action::CopyRow => {
                if let Some(row) = self.window.current() {
                    shared.effects.push(Effect::Copy(row.row.to_string()));
                }
            }
            _ => return false,
        }
        true
    }

    /// Whether something can be decided now; if not, why is said. A key that comes before the screen shows what it would be
    /// about decides nothing.
    fn may_decide(&self, shared: &mut Shared) -> bool {
        if let Some(why) = self.file.read_only() {
            let text = format!("nothing was decided: {why}");
            shared.complain(text);
        } else if self.jobs.taking_back() {
            shared.say("still taking back; nothing was decided");
        } else if self.jobs.deciding_many() {
            shared.say("still keeping what was decided about many; nothing more was decided");
        } else if self.jobs.seeking().is_some_and(|seeking| seeking.why != Sought::Match) {
            shared.say("on the way to the next case; nothing was decided");
        } else if shared.now < self.unsettled {
            shared.complain("the list has just changed under the cursor: look again; nothing was decided");
        } else {
            return true;
        }
        false
    }

    fn judge(&mut self, shared: &mut Shared, verdict: Verdict) {
        if !self.may_decide(shared) {
            return;
        }
        let Some(target) = self.target(shared) else { return };
        // Who says the same again means its reason, too.
        let seen = self.window.current().map(|row| self.pending.seen(row));
        let same = seen.filter(|seen| matches!(target, Target::One(_)) && seen.verdict == Some(verdict));
        let change = Change::Judge {
            verdict: Some(verdict),
            reason: same.and_then(|seen| seen.reason.map(str::to_owned)),
        };
        self.decide(shared, &target, change);
    }

    /// Decides, or asks first where it is about many cases.
    pub(super) fn decide(&mut self, shared: &mut Shared, target: &Target, change: Change) {
        let cases = self.size_of(target);
        let decision = target.decision(change, self.view.number);
        let most = self.file.opened().map_or(0, |file| file.bulk_confirm) as u64;
        if matches!(target, Target::One(_)) || cases <= most {
            return self.give(shared, decision);
        }
        let question = format!("{} on {}?", in_words(&decision.change), counted(cases, "case"));
        let mut consequences = vec!["It is one decision: taking it back undoes all of it.".to_owned()];
        if *target == Target::View {
            let filters = self.view.filters.join(" and ");
            let of = if filters.is_empty() {
                String::new()
            } else {
                format!(" that meets {filters}")
            };
            consequences.insert(0, format!("Every case of {}{of}.", self.view.queue.title()));
        }
        let (_, hidden) = self.marks.counts();
        if hidden > 0 && *target != Target::View {
            let are = if hidden == 1 { "is" } else { "are" };
            let cases = counted(hidden, "marked case");
            consequences.push(format!("{cases} that {are} hidden here {are} left alone."));
        }
        let purpose = Purpose::Review(Asking::Decide(decision));
        let confirm = Confirm { question, consequences };
        shared.open(Layer::confirm(Panel::Review, purpose, confirm));
    }

    /// Gives a decision to the worker. The screen says that it is pending until it is on disk.
    pub(super) fn give(&mut self, shared: &mut Shared, decision: Decision) {
        let one = matches!(&decision.selection, Selection::Cases(rows) if rows.len() == 1);
        let judged = matches!(decision.change, Change::Judge { .. });
        let deciding = if one { Deciding::One } else { Deciding::Many };
        let ticket = self
            .jobs
            .ask(shared, ReviewJob::Decide(decision.clone()), Asked::Decide(deciding));
        self.pending.add(ticket, &decision);
        if judged {
            self.marks.decided();
            // After many at once the worker must have taken them in to know which case is next.
            if one {
                self.advance(shared);
            }
        }
    }

    /// Goes on to the next case without a verdict, unless the one under the cursor has none.
    pub(super) fn advance(&mut self, shared: &mut Shared) {
        let here = self.window.current().map(|row| self.pending.seen(row));
        if here.is_none_or(|seen| seen.verdict.is_some()) {
            self.next_unreviewed(shared, Sought::Advance, Direction::Forward);
        }
    }

    fn take_back(&mut self, shared: &mut Shared, job: ReviewJob, deciding: Deciding) {
        if let Some(why) = self.file.read_only() {
            let text = format!("nothing was changed: {why}");
            return shared.complain(text);
        }
        self.jobs.ask(shared, job, Asked::Decide(deciding));
    }

    fn ask_for_note(&mut self, shared: &mut Shared) {
        if !self.may_decide(shared) {
            return;
        }
        let Some(target) = self.target(shared) else { return };
        let mut title = "note".to_owned();
        let mut text = String::new();
        match (&target, self.window.current()) {
            (Target::One(_), Some(row)) => self.pending.seen(row).note.clone_into(&mut text),
            _ => title = format!("note on {}", counted(self.size_of(&target), "case")),
        }
        let prompt = Prompt::new(title, "what the next person should know; an empty one takes it away");
        let purpose = Purpose::Review(Asking::Note(target));
        shared.open(Layer::prompt(Panel::Review, purpose, prompt.starting_with(text)));
    }

    pub(super) fn note_answered(&mut self, shared: &mut Shared, target: &Target, text: &str) {
        let text = text.trim().to_owned();
        self.decide(shared, target, Change::Note { text });
    }

    fn ask_for_reason(&mut self, shared: &mut Shared) {
        if !self.may_decide(shared) {
            return;
        }
        let seen = self.window.current().map(|row| self.pending.seen(row));
        let Some(verdict) = seen.as_ref().and_then(|seen| seen.verdict) else {
            return shared.say("judge the case first; then its reason can be given");
        };
        let has_one = seen.is_some_and(|seen| seen.reason.is_some());
        let file = self.file.opened();
        let codes = file.and_then(|file| file.reasons.iter().find(|(of, _)| *of == verdict));
        let mut codes = codes.map(|(_, codes)| codes.clone()).unwrap_or_default();
        if has_one {
            codes.push(NO_REASON.to_owned());
        }
        let Some(target) = self.target(shared) else { return };
        let item = |code: &String| PickerItem {
            label: code.clone(),
            ..PickerItem::default()
        };
        let title = format!("why {}? a code, or a text of your own", verdict.words());
        let mut picker = Picker::new(title, codes.iter().map(item).collect());
        picker.free_text = true;
        let purpose = Purpose::Review(Asking::Reason(target, codes));
        shared.open(Layer::picker(Panel::Review, purpose, picker));
    }

    pub(super) fn reason_answered(&mut self, shared: &mut Shared, target: &Target, code: Option<&String>, text: &str) {
        let reason = code.map_or(text, String::as_str).trim();
        if reason.is_empty() {
            return;
        }
        let reason = (reason != NO_REASON).then(|| reason.to_owned());
        self.decide(shared, target, Change::Reason { reason });
    }

    fn begin_tagging(&mut self, shared: &mut Shared) {
        match self.file.opened().map(|file| file.tags.is_empty()) {
            Some(false) => self.tagging = true,
            _ => shared.say("the settings have no tags (triage.tags in nsec.yaml)"),
        }
    }

    /// The key after `#`.
    pub(super) fn act_on_tags(&mut self, shared: &mut Shared, action: Action) -> bool {
        const DIGITS: [Action; 9] = [
            Action::Tag1,
            Action::Tag2,
            Action::Tag3,
            Action::Tag4,
            Action::Tag5,
            Action::Tag6,
            Action::Tag7,
            Action::Tag8,
            Action::Tag9,
        ];
        let Some(at) = DIGITS.iter().position(|digit| *digit == action) else {
            let leaves = matches!(action, Action::Back | Action::Tags);
            self.tagging &= !leaves;
            return leaves;
        };
        self.tagging = false;
        let tag = self.file.opened().and_then(|file| file.tags.get(at)).cloned();
        match tag {
            Some(tag) => self.toggle_tag(shared, tag),
            None => shared.say(format!("the settings have no tag {}", at + 1)),
        }
        true
    }

    fn toggle_tag(&mut self, shared: &mut Shared, tag: String) {
        if !self.may_decide(shared) {
            return;
        }
        let Some(target) = self.target(shared) else { return };
        let here = self.window.current().map(|row| self.pending.seen(row));
        let on = !here.is_some_and(|seen| seen.tags.contains(tag.as_str()));
        self.decide(shared, &target, Change::Tag { tag, on });
    }

    /// Everything known of the case, to read.
    fn read_card(&mut self, shared: &mut Shared) {
        match self.cards.current() {
            Some(card) => {
                let schema = self.file.opened().map_or("", |file| file.schema.as_str());
                let claims = shared.team.looking_at(schema, card.row.row);
                let looking: Vec<String> = claims.map(looks).collect();
                shared.open(Layer::reader(Panel::Review, reading::reader(card, looking)));
            }
            None if self.window.current().is_some() => self.cards.open_when_read = true,
            None => shared.say("there is no case here yet"),
        }
    }

    /// Opens the card that was wanted before it was here.
    pub(super) fn open_card_if_wanted(&mut self, shared: &mut Shared) {
        if std::mem::take(&mut self.cards.open_when_read) {
            self.read_card(shared);
        }
    }

    /// Lines of the card where it stands below the list.
    pub fn card_lines(layout: &Layout) -> u16 {
        layout.card.saturating_sub(1)
    }
}

/// A change as a person would say it.
fn in_words(change: &Change) -> String {
    match change {
        Change::Judge {
            verdict: Some(verdict), ..
        } => {
            let words = verdict.words();
            let (first, rest) = words.split_at(words.len().min(1));
            format!("{}{rest}", first.to_uppercase())
        }
        Change::Judge { verdict: None, .. } => "No verdict".to_owned(),
        Change::Reason { reason } => format!("Reason {}", reason.as_deref().unwrap_or("taken away")),
        Change::Note { .. } => "This note".to_owned(),
        Change::Tag { tag, on: true } => format!("Tag {tag}"),
        Change::Tag { tag, on: false } => format!("Tag {tag} off"),
        Change::Undo { .. } | Change::Redo { .. } => "This".to_owned(),
    }
}
