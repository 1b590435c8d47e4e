//! Owns where keys are pressed and what they can do, each with its name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where keys are pressed. An open layer comes before the panel under it, the panel before what holds everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// Every panel.
    Everywhere,
    /// Everything with rows to walk through.
    Lists,
    /// The Data panel.
    Data,
    /// The Validation panel.
    Validation,
    /// The Training panel.
    Training,
    /// The threshold dial of the Training panel.
    Dial,
    /// The Review panel, where the settings have saved queues: the keys of these queues.
    SavedQueues,
    /// The Review panel.
    Review,
    /// The tags of the Review panel, while one is chosen.
    Tags,
    /// The Runs panel.
    Runs,
    /// The Runs panel, while it shows the runs that a team shares.
    TeamRuns,
    /// The Logs panel.
    Logs,
    /// A dialog of several fields.
    Form,
    /// A line being typed.
    Prompt,
    /// A list to choose from, with a line to narrow it.
    Picker,
    /// A text to read.
    Reader,
    /// A question.
    Confirm,
    /// A question to which Enter says no.
    Caution,
}

impl Context {
    /// Every context, in the order that help shows them.
    pub const ALL: [Self; 18] = [
        Self::Everywhere,
        Self::Lists,
        Self::Data,
        Self::Validation,
        Self::Training,
        Self::Dial,
        Self::Review,
        Self::SavedQueues,
        Self::Tags,
        Self::Runs,
        Self::TeamRuns,
        Self::Logs,
        Self::Form,
        Self::Prompt,
        Self::Picker,
        Self::Reader,
        Self::Confirm,
        Self::Caution,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Lists => "Moving",
            Self::Data => "Data",
            Self::Validation => "Validation",
            Self::Training => "Training",
            Self::Dial => "Threshold dial",
            Self::Review => "Review",
            Self::SavedQueues => "Saved queues of Review",
            Self::Tags => "Tags of Review",
            Self::Runs => "Runs",
            Self::TeamRuns => "The team's runs",
            Self::Logs => "Logs",
            Self::Form => "Dialogs",
            Self::Prompt => "Typing a line",
            Self::Picker => "Choosing from a list",
            Self::Reader => "Reading",
            Self::Confirm => "Questions",
            Self::Caution => "Grave questions",
        }
    }

    /// Its name in `nsec.yaml`.
    pub fn name(self) -> String {
        kebab(&format!("{self:?}"))
    }
}

/// Declares the actions with their names, so that no list of them can be forgotten.
macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What a key can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in `nsec.yaml` and in the palette.
            pub fn name(self) -> String {
                kebab(match self { $(Self::$name => stringify!($name),)+ })
            }
        }
    };
}

actions! {
    /// Shows the Data panel.
    ShowData,
    /// Shows the Validation panel.
    ShowValidation,
    /// Shows the Training panel.
    ShowTraining,
    /// Shows the Review panel.
    ShowReview,
    /// Shows the Runs panel.
    ShowRuns,
    /// Shows the Logs panel.
    ShowLogs,
    /// The panel to the right.
    NextPanel,
    /// The panel to the left.
    PreviousPanel,
    /// Opens the help.
    Help,
    /// Opens the command palette.
    Palette,
    /// Leaves a layer.
    Back,
    /// Leaves the program.
    Quit,
    /// Draws everything anew.
    Redraw,
    /// Puts the program to sleep until the shell wakes it.
    Suspend,
    /// Stops the work that runs.
    CancelWork,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// One column left.
    Left,
    /// One column right.
    Right,
    /// First row.
    Top,
    /// Last row.
    Bottom,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
    /// Half a screen down.
    HalfPageDown,
    /// Half a screen up.
    HalfPageUp,
    /// First column.
    FirstColumn,
    /// Last column.
    LastColumn,
    /// Looks for a text.
    Find,
    /// The next match.
    FindNext,
    /// The match before.
    FindPrevious,
    /// Adds a filter.
    Filter,
    /// Keeps rows that have the cell's value.
    KeepValue,
    /// Drops rows that have the cell's value.
    DropValue,
    /// Shows the filters, to take some away.
    Filters,
    /// Sorts upwards.
    SortAscending,
    /// Sorts downwards.
    SortDescending,
    /// Back to the file's order.
    ClearSort,
    /// Hides the column.
    HideColumn,
    /// Shows all columns.
    ShowColumns,
    /// Freezes the columns up to here.
    FreezeColumns,
    /// Makes the column wider.
    WidenColumn,
    /// Makes the column narrower.
    NarrowColumn,
    /// Statistics of the column.
    ColumnStatistics,
    /// Chooses a column to go to.
    GoToColumn,
    /// Goes to a row by number.
    GoToRow,
    /// Opens what the cursor is on.
    Open,
    /// Opens a file.
    OpenFile,
    /// Copies.
    Copy,
    /// Copies the row.
    CopyRow,
    /// Writes a file.
    Export,
    /// Writes the rejected rows to a file.
    ExportRejects,
    /// Runs, or runs again.
    Run,
    /// The next view of the panel.
    NextView,
    /// The view before.
    PreviousView,
    /// Stops after the stage that runs.
    StopAfterStage,
    /// Logarithmic axis.
    LogAxis,
    /// Smoother curves.
    Smooth,
    /// The next metric.
    NextMetric,
    /// The threshold dial.
    Dial,
    /// What mistakes cost.
    Costs,
    /// How many alerts there may be.
    Budget,
    /// Cancels the run that goes.
    CancelRun,
    /// Less, a small step.
    Less,
    /// More, a small step.
    More,
    /// Less, a large step.
    MuchLess,
    /// More, a large step.
    MuchMore,
    /// Takes what is shown.
    Accept,
    /// Verdict: malicious, and rightly flagged.
    TruePositive,
    /// Verdict: what was detected did happen, and was meant to.
    BenignPositive,
    /// Verdict: benign.
    FalsePositive,
    /// Verdict: the same as another case.
    Duplicate,
    /// Verdict: it cannot be told.
    Undetermined,
    /// The next case without a verdict; this one stays as it is.
    Skip,
    /// The next case without a verdict, or the next match.
    NextUnreviewed,
    /// The case without a verdict before, or the match before.
    PreviousUnreviewed,
    /// Begins or ends a range of cases.
    MarkRange,
    /// Marks every case of the queue that meets the filters.
    MarkAll,
    /// Takes the last decision back.
    Undo,
    /// Decides again what was taken back.
    Redo,
    /// Writes a note.
    Note,
    /// Chooses a reason code for the verdict.
    Reason,
    /// Puts a tag on or takes it off.
    Tags,
    /// The first tag.
    Tag1,
    /// The second tag.
    Tag2,
    /// The third tag.
    Tag3,
    /// The fourth tag.
    Tag4,
    /// The fifth tag.
    Tag5,
    /// The sixth tag.
    Tag6,
    /// The seventh tag.
    Tag7,
    /// The eighth tag.
    Tag8,
    /// The ninth tag.
    Tag9,
    /// Shows the cases that are alike.
    Similar,
    /// Chooses a queue.
    Queues,
    /// The first saved queue.
    SavedQueue1,
    /// The second saved queue.
    SavedQueue2,
    /// The third saved queue.
    SavedQueue3,
    /// The fourth saved queue.
    SavedQueue4,
    /// The fifth saved queue.
    SavedQueue5,
    /// The sixth saved queue.
    SavedQueue6,
    /// The seventh saved queue.
    SavedQueue7,
    /// The eighth saved queue.
    SavedQueue8,
    /// The ninth saved queue.
    SavedQueue9,
    /// Scores a file.
    ScoreFile,
    /// Suppression rules.
    Rules,
    /// The rows that could not be scored.
    Rejects,
    /// The latest files of the watched directory.
    Watched,
    /// Marks the row.
    Mark,
    /// Compares two runs.
    Compare,
    /// Looks for doubtful labels among the run's training rows.
    AuditLabels,
    /// Makes the run champion.
    Promote,
    /// The champion before becomes champion again.
    Rollback,
    /// Deletes.
    Delete,
    /// Connects to the team's server, or shows how it is connected.
    Team,
    /// Shows the runs that the team shares, or this host's again.
    TeamRuns,
    /// Shares the run with the team.
    Share,
    /// Fetches the run from the team.
    Fetch,
    /// Fetches the run and makes it champion here.
    FetchChampion,
    /// Reads everything anew.
    Refresh,
    /// Follows what is added.
    Follow,
    /// The next log level.
    NextLevel,
    /// Gives the mouse to the program, or back to the terminal.
    ToggleMouse,
    /// The next field.
    NextField,
    /// The field before.
    PreviousField,
    /// The next choice of a field.
    NextChoice,
    /// The choice before.
    PreviousChoice,
    /// Switches between text and regular expression.
    ToggleRegex,
    /// Switches between smart and exact case.
    ToggleCase,
    /// Completes what is typed.
    Complete,
    /// What was typed before.
    Older,
    /// What was typed after.
    Newer,
    /// Answers yes.
    Yes,
    /// Answers no.
    No,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// `ShowData` as `show-data`.
fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}
