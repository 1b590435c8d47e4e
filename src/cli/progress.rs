//! Owns what a person sees while work runs: bars on a terminal, plain lines elsewhere; always on standard error.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::pipeline::event::{Event, EventSink, Level, RunStatus, Stage};
use crate::text::{text_width, visible_text, wrap};

/// Shows events to a person.
pub struct Progress {
    view: View,
    /// Whether to add colour.
    color: bool,
}

enum View {
    Bars {
        all: MultiProgress,
        stage: Mutex<Option<ProgressBar>>,
    },
    Lines,
}

impl Progress {
    /// Bars where standard error is a terminal that can draw them, else lines.
    pub fn new(color: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let view = if std::io::stderr().is_terminal() && !dumb {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(15));
            View::Bars {
                all,
                stage: Mutex::new(None),
            }
        } else {
            View::Lines
        };
        Self { view, color }
    }

    /// Whether this process may send colours: not with `--no-color`, not with `NO_COLOR`.
    pub fn color_allowed(no_color: bool) -> bool {
        !no_color && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && std::io::stderr().is_terminal()
    }

    /// Prints one line above the bars; on a terminal it is broken between words.
    pub fn line(&self, text: &str) {
        self.lead_and_line("", text);
    }

    /// Prints `text` behind `lead`; on a terminal further lines are indented below it.
    fn lead_and_line(&self, lead: &str, text: &str) {
        match &self.view {
            View::Bars { all, .. } => {
                let mut lines = String::new();
                wrap(&mut lines, lead, text, text_width(lead), terminal_width());
                all.suspend(|| write_line(lines.trim_end()));
            }
            View::Lines => write_line(&format!("{lead}{text}")),
        }
    }

    fn begin(&self, stage: Stage, total: Option<u64>) {
        if let View::Bars { all, stage: slot } = &self.view {
            let bar = all.add(total.map_or_else(ProgressBar::no_length, ProgressBar::new));
            bar.set_style(style(total, self.color));
            bar.set_prefix(stage.to_string());
            bar.enable_steady_tick(Duration::from_millis(250));
            if let Some(old) = slot.lock().unwrap_or_else(PoisonError::into_inner).replace(bar) {
                old.finish_and_clear();
            }
        }
    }

    fn advance(&self, done: u64, total: Option<u64>, note: String) {
        let View::Bars { stage, .. } = &self.view else { return };
        let slot = stage.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bar) = slot.as_ref() else { return };
        if let Some(total) = total
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            bar.set_style(style(Some(total), self.color));
        }
        bar.set_position(done);
        bar.set_message(note);
    }

    /// Begins work that is no stage of the pipeline and whose end is not known.
    pub fn begin_work(&self, name: &str) {
        if let View::Bars { all, stage: slot } = &self.view {
            let bar = all.add(ProgressBar::no_length());
            bar.set_style(style(None, self.color));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(250));
            if let Some(old) = slot.lock().unwrap_or_else(PoisonError::into_inner).replace(bar) {
                old.finish_and_clear();
            }
        }
    }

    /// Shows how far that work is; says whether there is a bar to show it.
    pub fn work(&self, done: u64, note: &str) -> bool {
        self.advance(done, None, note.to_owned());
        matches!(self.view, View::Bars { .. })
    }

    /// Takes the bars off the screen.
    pub fn clear(&self) {
        if let View::Bars { stage, .. } = &self.view
            && let Some(bar) = stage.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            bar.finish_and_clear();
        }
    }
}

fn style(total: Option<u64>, color: bool) -> ProgressStyle {
    let template = match (total.is_some(), color) {
        (true, true) => "{prefix:>14} {bar:24.blue} {pos}/{len} {elapsed} eta {eta}  {wide_msg}",
        (true, false) => "{prefix:>14} {bar:24} {pos}/{len} {elapsed} eta {eta}  {wide_msg}",
        (false, _) => "{prefix:>14} {spinner} {human_pos} {elapsed}  {wide_msg}",
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// Columns of the terminal on standard error.
fn terminal_width() -> usize {
    terminal_size::terminal_size_of(std::io::stderr())
        .map_or(80, |(width, _)| usize::from(width.0))
        .max(40)
}

/// A closed standard error is no reason to stop working.
fn write_line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

impl EventSink for Progress {
    fn send(&self, event: Event) {
        match event {
            Event::RunStarted { run_id } => self.line(&format!("run {run_id}")),
            Event::StageStarted { stage, total } => self.begin(stage, total),
            Event::StageProgress { done, total, note, .. } => self.advance(done, total, note),
            Event::StageFinished {
                stage,
                seconds,
                summary,
            } => {
                self.clear();
                self.lead_and_line(
                    &format!("{:>14} {seconds:6.1} s  ", stage.to_string()),
                    &visible_text(&summary),
                );
            }
            Event::ModelSkipped { model, reason } => {
                self.line(&format!("{:>14} {model} skipped: {}", "", visible_text(&reason)));
            }
            Event::TrialFinished {
                model,
                trial,
                of,
                params,
                error: Some(error),
                ..
            } => {
                let text = format!("{model} trial {trial} of {of} ({params}) failed: {error}");
                self.line(&format!("{:>14} {}", "", visible_text(&text)));
            }
            Event::Message { level, text } => {
                let word = match level {
                    Level::Info => "",
                    Level::Warning => "warning: ",
                    Level::Error => "error: ",
                };
                self.line(&format!("{word}{}", visible_text(&text)));
            }
            Event::RunFinished { run_id, status } => {
                self.clear();
                if status != RunStatus::Finished {
                    let word = if status == RunStatus::Cancelled {
                        "cancelled"
                    } else {
                        "failed"
                    };
                    self.line(&format!("run {run_id} {word}"));
                }
            }
            Event::TrialStarted { .. }
            | Event::FoldFinished { .. }
            | Event::Iteration { .. }
            | Event::TrialFinished { .. } => {}
        }
    }
}
