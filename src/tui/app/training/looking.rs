//! Owns what of a run is looked at: which run, which view, which fit, and where the value cursor is.

use super::TrainingPanel;
use super::board::{Board, BoardRow};
use super::curves::{Curves, SeriesKey};
use super::dial::{Costs, DialState, Reading};
use super::live::LiveRun;
use super::series::Series;
use super::shown::ShownRun;
use crate::metrics::Dial;
use crate::pipeline::training::MetricsFile;

/// Weights of smoothing, from none to strong.
pub const SMOOTHING: [f64; 4] = [0.0, 0.6, 0.9, 0.97];

/// What of a run is shown beside its leaderboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Iterations of a fit.
    #[default]
    Curve,
    /// Receiver operating characteristic.
    Roc,
    /// Precision over recall.
    PrecisionRecall,
    /// Predicted against observed shares.
    Calibration,
    /// Share of malicious rows found over share of rows flagged.
    Gain,
    /// Counts at the threshold, with metrics.
    Confusion,
    /// Features by weight.
    Importances,
}

impl View {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Curve,
        Self::Roc,
        Self::PrecisionRecall,
        Self::Calibration,
        Self::Gain,
        Self::Confusion,
        Self::Importances,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Curve => "iterations",
            Self::Roc => "ROC",
            Self::PrecisionRecall => "precision and recall",
            Self::Calibration => "calibration",
            Self::Gain => "gain",
            Self::Confusion => "confusion",
            Self::Importances => "importances",
        }
    }

    /// So many views further, round the circle.
    pub(super) fn beside(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|view| *view == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// There is no run.
    Nothing,
    /// A run is being read.
    Loading(&'a str),
    /// The run that was started here.
    Live(&'a LiveRun),
    /// A finished run.
    Finished(&'a ShownRun),
}

impl<'a> Sight<'a> {
    /// Its leaderboard.
    pub fn board(self) -> Option<&'a Board> {
        match self {
            Self::Live(run) => Some(&run.board),
            Self::Finished(run) => Some(&run.board),
            Self::Nothing | Self::Loading(_) => None,
        }
    }

    /// Its fits.
    pub fn curves(self) -> Option<&'a Curves> {
        match self {
            Self::Live(run) => Some(&run.curves),
            Self::Finished(run) => Some(&run.curves),
            Self::Nothing | Self::Loading(_) => None,
        }
    }

    /// What it scored.
    pub fn metrics(self) -> Option<&'a MetricsFile> {
        match self {
            Self::Finished(run) => run.metrics.as_ref().ok(),
            _ => None,
        }
    }
}

impl TrainingPanel {
    /// What is looked at.
    pub fn sight(&self) -> Sight<'_> {
        match (&self.run, &self.finished, &self.loading) {
            (_, Some(finished), _) if self.look_finished => Sight::Finished(finished),
            (Some(run), ..) => Sight::Live(run),
            (None, Some(finished), _) => Sight::Finished(finished),
            (None, None, Some((_, run))) => Sight::Loading(run),
            (None, None, None) => Sight::Nothing,
        }
    }

    /// The view that is chosen.
    pub fn view(&self) -> View {
        self.view
    }

    /// Whether the axis is logarithmic.
    pub fn log(&self) -> bool {
        self.log
    }

    /// The weight of smoothing, 0 for none.
    pub fn smoothing(&self) -> f64 {
        SMOOTHING[self.smooth % SMOOTHING.len()]
    }

    /// The value cursor: an iteration, or a point's place in its curve.
    pub fn cursor(&self) -> Option<usize> {
        self.cursor
    }

    /// The first line of what is scrolled.
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Whether the fit that is shown was chosen.
    pub fn is_pinned(&self) -> bool {
        self.pinned.is_some()
    }

    /// The family the cursor is on.
    pub fn selected(&self) -> Option<&str> {
        self.selected.as_deref()
    }

    /// The leaderboard's line the cursor is on; the first where it is on none.
    pub fn selected_row(&self) -> Option<&BoardRow> {
        let rows = self.sight().board()?.rows();
        let named = |name: &str| rows.iter().find(|row| row.model == name);
        self.selected.as_deref().and_then(named).or_else(|| rows.first())
    }

    /// The fit that is shown: the chosen one, else the newest of the chosen family, else the newest of all. Of a
    /// finished run the winner's comes first.
    pub fn shown_series(&self) -> Option<(&SeriesKey, &Series)> {
        let sight = self.sight();
        let curves = sight.curves()?;
        if let Some(key) = &self.pinned
            && let Some(series) = curves.get(key)
        {
            return Some((key, series));
        }
        let selected = self.selected.as_deref();
        let winner = match sight {
            Sight::Finished(run) => run.board.rows().first().map(|row| row.model.as_str()),
            _ => None,
        };
        let newest = match selected.or(winner) {
            Some(model) if selected.is_none() => curves.newest(Some(model)).or_else(|| curves.newest(None)),
            model => curves.newest(model),
        };
        newest.map(|(key, series)| (key, series))
    }

    /// First and last place of the value cursor in this view.
    pub(super) fn cursor_range(&self) -> Option<(usize, usize)> {
        if self.view == View::Curve {
            let (first, last) = self.shown_series()?.1.range()?;
            return Some((first as usize, last as usize));
        }
        let curves = &self.sight().metrics()?.test.curves;
        let points = match self.view {
            View::Roc => curves.roc.len(),
            View::PrecisionRecall => curves.precision_recall.len(),
            View::Calibration => curves.calibration.len(),
            View::Gain => curves.gain.len(),
            View::Curve | View::Confusion | View::Importances => 0,
        };
        Some((0, points.checked_sub(1)?))
    }

    /// The dial of the run that is looked at, where it stands, and what that does.
    pub fn open_dial(&self) -> Option<(&Dial, &DialState, Reading)> {
        let Sight::Finished(run) = self.sight() else {
            return None;
        };
        let (dial, state) = (run.dial()?, self.dial.as_ref()?);
        Some((dial, state, Reading::at(dial, state.stop, self.costs())?))
    }

    pub(super) fn reading(&self) -> Option<Reading> {
        self.open_dial().map(|(_, _, reading)| reading)
    }

    /// What mistakes cost: as a person set it, else as the threshold's rule has it, else all the same.
    pub fn costs(&self) -> Costs {
        let of_rule = || {
            let (false_alarm, miss) = self.finished.as_ref()?.costs()?;
            Some(Costs { false_alarm, miss })
        };
        self.costs.or_else(of_rule).unwrap_or_default()
    }

    /// Turns the dial that is open.
    pub(super) fn turn_dial(&mut self, turn: impl FnOnce(&Dial, &mut DialState, Costs)) {
        let costs = self.costs();
        let dial = self.finished.as_ref().and_then(ShownRun::dial);
        if let (Some(dial), Some(state)) = (dial, self.dial.as_mut()) {
            turn(dial, state, costs);
        }
    }

    /// Looks at the run that was started here.
    pub(super) fn look_at_live(&mut self) {
        self.look_finished = false;
        self.dial = None;
        self.forget_place();
    }

    /// Nothing is chosen in a run that was not looked at before.
    pub(super) fn forget_place(&mut self) {
        (self.selected, self.pinned, self.cursor, self.scroll) = (None, None, None, 0);
    }
}
