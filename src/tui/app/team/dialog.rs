//! Owns the dialog about the team's server: its fields, what it says, and what its answers do. It stays open after a test or
//! a change, to say what came of it. What is typed there is kept for this session and nowhere written down.

use super::words;
use crate::tui::app::App;
use crate::tui::app::address::{holds_password, is_address};
use crate::tui::app::layer::{Field, FieldValue, Form, Layer, LayerKind, Purpose, SecretLine};
use crate::tui::app::line_editor::LineEditor;
use crate::tui::app::shared::Shared;
use crate::tui::keymap::{Action, Context};
use crate::worker::{Failure, Job, Secret, TeamAddress, TeamJob, TeamTest};

/// The field of the address.
pub const ADDRESS: &str = "address";
const PASSWORD: &str = "password";
const WHAT: &str = "what";

const TEST: usize = 0;
const JOIN: usize = 1;
const LEAVE: usize = 2;
const ACTIONS: [&str; 3] = [
    "test the connection",
    "join: share verdicts and runs",
    "leave: share nothing any more",
];

const KEEPING: &str = "What is typed here holds for this session. To keep it: mongo.uri in nsec.yaml or NSEC_MONGODB_URI; \
                       the password in NSEC_MONGODB_PASSWORD or the file that mongo.password_file names.";

impl App {
    /// Opens the dialog.
    pub(in crate::tui::app) fn open_team(&mut self) {
        self.shared.team.tested = None;
        let team = &self.shared.team;
        let cursor = match (&team.trouble, team.is_joined()) {
            // A server that asks for a login wants a user, who stands in the address.
            _ if team.is_refused() => usize::from(!team.wants_user()),
            (Some(failure), _) if !words::is_address_trouble(&failure.message) => 1,
            (None, true) => 2,
            _ => 0,
        };
        let form = Form {
            title: "the team's server".to_owned(),
            notes: notes(&self.shared),
            fields: fields(
                &team.address,
                team.secret.clone(),
                if cursor == 2 { TEST } else { JOIN },
            ),
            cursor,
            check: Some(check),
        };
        self.layers.push(Layer::new(None, Purpose::Team, LayerKind::Form(form)));
    }

    /// Does what was chosen, and shows the dialog again, with what was typed.
    pub(in crate::tui::app) fn team_answered(&mut self, values: &[(&'static str, FieldValue)]) {
        let value = |name: &str| values.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
        let typed = value(ADDRESS).map_or("", FieldValue::text).trim().to_owned();
        let secret = match value(PASSWORD) {
            Some(FieldValue::Secret(secret)) => secret.clone(),
            _ => SecretLine::default(),
        };
        let what = match value(WHAT) {
            Some(FieldValue::Choice { at, .. }) => *at,
            _ => TEST,
        };
        let named = self.shared.survey.as_ref().is_some_and(|survey| survey.team.is_some());
        let nowhere = what != LEAVE && typed.is_empty() && !named;
        let unjoined = what == LEAVE && !self.shared.team.is_joined() && self.shared.team.joining.is_none();
        self.shared.team.address.clone_from(&typed);
        self.shared.team.secret.clone_from(&secret);
        if !nowhere && !unjoined {
            let address = TeamAddress {
                uri: (!typed.is_empty()).then(|| Secret::new(typed.as_str())),
                password: secret.secret(),
            };
            self.do_with_team(what, address);
        }
        let mut form = Form {
            title: "the team's server".to_owned(),
            notes: notes(&self.shared),
            fields: fields(&typed, secret, what),
            cursor: if nowhere { 0 } else { 2 },
            check: Some(check),
        };
        if let Some(field) = form.fields.first_mut().filter(|_| nowhere) {
            field.error = Some("which server? mongodb://HOST:27017/DATABASE".to_owned());
        }
        if let Some(field) = form.fields.last_mut().filter(|_| unjoined) {
            field.error = Some("no server is joined, so there is nothing to leave".to_owned());
        }
        self.layers.push(Layer::new(None, Purpose::Team, LayerKind::Form(form)));
    }

    fn do_with_team(&mut self, what: usize, address: TeamAddress) {
        match what {
            JOIN => {
                self.shared.team.tested = None;
                self.join(address);
            }
            LEAVE => {
                _ = self.shared.submit(Job::Team(TeamJob::Leave));
                let team = &mut self.shared.team;
                team.stands(None);
                (team.trouble, team.joining, team.tested) = (None, None, None);
            }
            _ => {
                let ticket = self.shared.submit(Job::Team(TeamJob::Test(address)));
                self.shared.team.testing = Some(ticket);
                self.shared.team.tested = None;
            }
        }
    }

    /// What a test found; whoever looks at the dialog is offered the next step.
    pub(super) fn team_tested(&mut self, tested: Option<Result<TeamTest, Failure>>) {
        self.shared.team.testing = None;
        let good = matches!(&tested, Some(Ok(test)) if test.read && test.write);
        let refused = matches!(&tested, Some(Err(failure)) if words::is_login_text(&failure.message));
        self.shared.team.tested = tested;
        if good {
            self.shared.team.trouble = None;
        }
        if refused {
            self.ask_for_password();
        }
        let joined = self.shared.team.is_joined() && !self.shared.team.is_refused();
        if let Some(form) = self.team_dialog().filter(|_| good && !joined)
            && let Some(Field {
                value: FieldValue::Choice { at, .. },
                ..
            }) = form.fields.iter_mut().find(|field| field.name == WHAT)
            && *at == TEST
        {
            *at = JOIN;
        }
    }

    /// Puts the cursor on the password, unless somebody types elsewhere.
    pub(super) fn ask_for_password(&mut self) {
        if let Some(form) = self.team_dialog().filter(|form| form.cursor == 2) {
            form.cursor = 1;
        }
    }

    pub(super) fn team_dialog_is_open(&self) -> bool {
        self.layers.iter().any(|layer| *layer.purpose() == Purpose::Team)
    }

    fn team_dialog(&mut self) -> Option<&mut Form> {
        let layer = self.layers.iter_mut().find(|layer| *layer.purpose() == Purpose::Team)?;
        match &mut layer.kind {
            LayerKind::Form(form) => Some(form),
            _ => None,
        }
    }

    /// Has the open dialog say how it stands now.
    pub(super) fn refresh_team_dialog(&mut self) {
        let notes = notes(&self.shared);
        if let Some(form) = self.team_dialog() {
            form.notes = notes;
        }
    }

    /// The key that opens the dialog.
    pub(super) fn team_key(&self) -> String {
        let key = self.keymap.key_for(&[Context::Everywhere], Action::Team);
        key.unwrap_or_else(|| "`team` in the palette".to_owned())
    }
}

fn notes(shared: &Shared) -> Vec<String> {
    // What was asked for last comes first.
    let mut notes = words::test(&shared.team);
    notes.extend(words::standing(shared));
    notes.push(KEEPING.to_owned());
    notes
}

fn fields(address: &str, secret: SecretLine, what: usize) -> Vec<Field> {
    let field = |name, help, value| Field {
        name,
        label: name,
        help,
        value,
        error: None,
    };
    let choice = FieldValue::Choice {
        options: ACTIONS.map(str::to_owned).to_vec(),
        at: what,
    };
    vec![
        field(
            ADDRESS,
            "mongodb://USER@HOST:27017/DATABASE; empty is the one that is named already",
            FieldValue::Text(LineEditor::new(address)),
        ),
        field(
            PASSWORD,
            "shown and recorded nowhere; empty is that of the environment or its file",
            FieldValue::Secret(secret),
        ),
        field(WHAT, "Enter does it and stays here; Esc closes", choice),
    ]
}

/// What is wrong with the address.
fn check(fields: &[Field]) -> Vec<(&'static str, String)> {
    let address = fields.iter().find(|field| field.name == ADDRESS);
    let address = address.map_or("", |field| field.value.text()).trim();
    let wrong = if address.is_empty() {
        None
    } else if !is_address(address) {
        // Completing it would have a recording, which lacks parts of what was typed, go another way.
        Some("an address begins with mongodb:// or mongodb+srv://, also before HOST:27017")
    } else if holds_password(address).is_some() {
        Some("leave the password out of the address: it has a field of its own, where nobody sees it")
    } else {
        None
    };
    wrong.map(|wrong| (ADDRESS, wrong.to_owned())).into_iter().collect()
}
