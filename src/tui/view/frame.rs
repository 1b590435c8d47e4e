//! Owns what is around the panel: the line of panels, the status line, the footer with its hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::Role;
use super::{Frame, popup};
use crate::tui::app::Panel;
use crate::tui::app::team::{Standing, words};
use crate::tui::keymap::{Action, Context, Hint};

/// Columns and rows without which nothing can be shown well.
pub const SMALLEST: (u16, u16) = (60, 15);

/// Where the parts of the screen stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The line of panels.
    pub tabs: Rect,
    /// The panel.
    pub panel: Rect,
    /// The status line.
    pub status: Rect,
    /// The footer.
    pub footer: Rect,
}

/// The parts of a screen that is large enough.
pub fn parts(area: Rect) -> Parts {
    let line = |y: u16| Rect {
        y: area.y + y.min(area.height),
        height: 1.min(area.height),
        ..area
    };
    Parts {
        tabs: line(0),
        panel: Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(3),
            ..area
        },
        status: line(area.height.saturating_sub(2)),
        footer: line(area.height.saturating_sub(1)),
    }
}

/// Says that the terminal is too small.
pub fn draw_too_small(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let (width, height) = SMALLEST;
    let have = format!("{}x{} is too small,", area.width, area.height);
    let lines = [have, format!("{width}x{height} is needed")];
    for (line, text) in area
        .rows()
        .skip(usize::from(area.height.saturating_sub(2)) / 2)
        .zip(&lines)
    {
        frame
            .look
            .put_centered(buffer, line, text, frame.look.style(Role::Heading));
    }
}

/// Draws the line of panels: the present one in brackets, what is open at the right.
pub fn draw_tabs(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let mut rest = area;
    for panel in Panel::ALL {
        let label = frame.app.tab(panel);
        let here = panel == frame.app.panel;
        let (text, role) = if here {
            (format!("[{label}]"), Role::Tab)
        } else {
            (format!(" {label} "), Role::Plain)
        };
        let used = look.put(buffer, rest, &text, look.style(role));
        rest.x += used;
        rest.width -= used;
    }
    if rest.width > 4 {
        rest.x += 2;
        rest.width -= 2;
        look.put_right(buffer, rest, &frame.app.shared.source.name, look.style(Role::Faint));
    }
}

/// Draws how the team's server stands at the right of the status line, where one is named or joined; answers what is left of
/// the line. While something was just said only the sign and the number are there, if there is no room for both.
fn draw_team(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) -> Rect {
    let (app, look) = (frame.app, frame.look);
    let Some(standing) = app.shared.team_standing() else {
        return area;
    };
    let glyphs = look.glyphs();
    let (glyph, role) = match standing {
        Standing::Connecting => (glyphs.waiting, Role::Faint),
        Standing::Live => (glyphs.yes, Role::Good),
        Standing::Lost => (glyphs.no, Role::Bad),
        Standing::Apart if app.shared.team.backlog() > 0 => (glyphs.bullet, Role::Warning),
        Standing::Apart => (glyphs.bullet, Role::Faint),
    };
    let told = |short| {
        let words = words::indicator(standing, app.shared.team.backlog(), short);
        format!("team {glyph} {words}").trim_end().to_owned()
    };
    let said = app.shared.flash.as_ref().map_or(0, |flash| look.width(&flash.text) + 4);
    let long = told(false);
    let text = if said + look.width(&long) > usize::from(area.width) {
        told(true)
    } else {
        long
    };
    let width = (look.width(&text) as u16).min(area.width);
    let right = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    look.put(buffer, right, &text, look.style(role));
    Rect {
        width: area.width.saturating_sub(width + 2),
        ..area
    }
}

/// Draws the status line: what was just said, else what the panel says; at the right what runs, and the team's server.
pub fn draw_status(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let (app, look) = (frame.app, frame.look);
    let area = draw_team(frame, area, buffer);
    let mut left = area;
    let work: Vec<String> = Panel::ALL
        .iter()
        .filter_map(|panel| app.panel(*panel).work(&app.shared))
        .collect();
    if !work.is_empty() {
        let text = work.join("  ");
        let said = app.shared.flash.as_ref().map_or(0, |flash| look.width(&flash.text) + 4);
        // What was just said goes before what still runs, which can be read afterwards.
        let most = usize::from(area.width)
            .saturating_sub(said)
            .max(usize::from(area.width) / 3);
        let width = (look.width(&text) + 2).min(most) as u16;
        let right = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        left.width -= width;
        let sign = Rect { width: 1, ..right };
        look.put_glyph(buffer, sign.x, sign.y, look.glyphs().running, Role::Accent);
        let rest = Rect {
            x: (right.x + 2).min(right.right()),
            width: width.saturating_sub(2),
            ..right
        };
        look.put(buffer, rest, &text, look.style(Role::Accent));
        left.width = left.width.saturating_sub(1);
    }
    match &app.shared.flash {
        Some(flash) if flash.bad => {
            look.put_pieces(buffer, left, &[("! ", Role::Bad), (&flash.text, Role::Bad)]);
        }
        Some(flash) => _ = look.put(buffer, left, &flash.text, look.style(Role::Plain)),
        None => {
            if let Some(text) = app.panel(app.panel).status(&app.shared) {
                look.put(buffer, left, &text, look.style(Role::Faint));
            }
        }
    }
}

/// The hints of which there is room, those of the panel first; those that hold everywhere are kept.
pub fn fitting_hints(hints: Vec<Hint>, width: usize) -> Vec<Hint> {
    let columns = |hint: &Hint| hint.key.to_string().chars().count() + 1 + hint.label.chars().count() + 2;
    let (everywhere, mut here): (Vec<Hint>, Vec<Hint>) =
        hints.into_iter().partition(|hint| hint.context == Context::Everywhere);
    let kept: usize = everywhere.iter().map(columns).sum();
    let mut used = kept;
    here.retain(|hint| {
        used += columns(hint);
        used <= width + 2
    });
    here.extend(everywhere);
    here
}

/// Draws the footer: the keys of where one is.
pub fn draw_footer(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let hints = frame.app.keymap.hints(&frame.app.contexts());
    let mut rest = area;
    for hint in fitting_hints(hints, usize::from(area.width)) {
        let key = hint.key.to_string();
        let pieces = [(key.as_str(), Role::Key), (" ", Role::Plain), (hint.label, Role::Plain)];
        let used = (frame.look.put_pieces(buffer, rest, &pieces) + 2).min(rest.width);
        rest.x += used;
        rest.width -= used;
    }
}

/// What Training and Runs say while there is no run: the three keys of a first session.
pub fn draw_first_start(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let [data, validation, training] =
        [Action::ShowData, Action::ShowValidation, Action::ShowTraining].map(|action| frame.key(action));
    let of = |context, action| frame.app.keymap.key_for(&[context], action).unwrap_or_default();
    let check = format!("{validation} {}", of(Context::Validation, Action::Run));
    let train = format!("{training} {}", of(Context::Training, Action::Run));
    let keys = [
        (data.as_str(), "look at the data"),
        (check.as_str(), "check it against its schema"),
        (
            train.as_str(),
            "train: the dialog's defaults are good enough, Enter starts",
        ),
    ];
    popup::empty_state(frame.look, buffer, area, "No run yet. From here on:", &keys);
}

impl Frame<'_> {
    /// The key of an action that holds everywhere, as text; empty if a person took it away.
    pub fn key(&self, action: Action) -> String {
        let found = self.app.keymap.key_for(&[Context::Everywhere], action);
        found.unwrap_or_default()
    }

    /// The key of an action in the panel that is shown, as text; empty if there is none.
    pub fn key_here(&self, action: Action) -> String {
        let mut contexts = self.app.panel(self.app.panel).contexts().to_vec();
        contexts.push(Context::Everywhere);
        self.app.keymap.key_for(&contexts, action).unwrap_or_default()
    }
}
