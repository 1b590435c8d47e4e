//! Owns the settings of MongoDB and how they, the environment and the command line become one target to connect to.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::address::{self, Address};
use super::error::MongoError;
use super::secret::Secret;

/// The database where neither the address nor the settings name one.
const DEFAULT_DATABASE: &str = "nsec";

/// The variable that holds an address.
pub const URI_VARIABLE: &str = "NSEC_MONGODB_URI";
/// The variable that holds a password.
pub const PASSWORD_VARIABLE: &str = "NSEC_MONGODB_PASSWORD";

/// A password is shorter.
const MAX_PASSWORD_BYTES: u64 = 4096;

/// The MongoDB server that a team shares. Everything works without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MongoSettings {
    /// Its address: `mongodb://USER@HOST:PORT/DATABASE?tls=true`, or `mongodb+srv://…`. NSEC_MONGODB_URI and `--uri` go
    /// before it. A password in it works, but stands better in a file of its own.
    pub uri: Option<HiddenUri>,
    /// The database, where the address names none. None: `nsec`.
    pub database: Option<String>,
    /// The file with the certificates (PEM) of the authority that signed the server's. None: the public authorities.
    /// Relative paths begin at the workspace. Naming one turns TLS on.
    pub ca_file: Option<PathBuf>,
    /// A file whose first line is the password. NSEC_MONGODB_PASSWORD goes before it. Relative paths begin at the workspace.
    pub password_file: Option<PathBuf>,
}

/// An address as written in a file, which may hold a password: no way of showing or writing it tells that.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct HiddenUri(String);

impl HiddenUri {
    /// Takes an address into keeping.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn shown(&self) -> String {
        Address::parse(&self.0).map_or_else(|_| "***".to_owned(), |address| address.to_string())
    }
}

impl fmt::Debug for HiddenUri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown())
    }
}

impl Serialize for HiddenUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

impl MongoSettings {
    /// What the types cannot say; the first wrong key and what is wrong with it.
    ///
    /// # Errors
    /// An address or a database's name that cannot be read; the message holds nothing of the address.
    pub fn check(&self) -> Result<(), (String, String)> {
        if let Some(uri) = &self.uri {
            Address::parse(&uri.0).map_err(|e| ("uri".to_owned(), e.to_string()))?;
        }
        if let Some(database) = &self.database {
            address::check_database(database).map_err(|e| ("database".to_owned(), e.to_string()))?;
        }
        Ok(())
    }
}

/// What the surroundings say beside the settings: the command line, the environment, and where relative paths begin.
#[derive(Clone, Default)]
pub struct Given {
    /// `--uri`, or the address that was named as a source.
    pub uri: Option<String>,
    /// `NSEC_MONGODB_URI`.
    pub uri_variable: Option<String>,
    /// `NSEC_MONGODB_PASSWORD`.
    pub password_variable: Option<Secret>,
    /// Where relative paths of the settings begin.
    pub base: PathBuf,
}

impl Given {
    /// What the process' environment says.
    pub fn from_environment(uri: Option<String>, base: &Path) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        Self {
            uri,
            uri_variable: variable(URI_VARIABLE),
            password_variable: variable(PASSWORD_VARIABLE).map(Secret::new),
            base: base.to_path_buf(),
        }
    }
}

/// Everything that is needed to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which server.
    pub address: Address,
    /// Which database.
    pub database: String,
    /// Certificates to trust instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// How the user logs in; `None` for an address without a user.
    pub password: Option<Secret>,
}

/// A target, but for the password of its user, whom somebody may be asked for.
#[derive(Debug)]
pub enum Found {
    /// Complete.
    Ready(Target),
    /// A user without a password.
    AskPassword(Target),
}

impl Target {
    /// Puts together what the command line, the environment and the settings say; the first that names a thing counts.
    ///
    /// # Errors
    /// No address, one that cannot be read, a password file that cannot be read.
    pub fn find(settings: &MongoSettings, given: &Given) -> Result<Found, MongoError> {
        let uri = named(settings, given).ok_or(MongoError::NoAddress)?;
        Self::of(Address::parse(uri)?, settings, given)
    }

    /// What [`Target::find`] would take, as it may be shown: `db.example:27017/team`. `None` where nobody named a server. Reads
    /// no file and asks nobody.
    pub fn named(settings: &MongoSettings, given: &Given) -> Option<String> {
        let Ok(address) = Address::parse(named(settings, given)?) else {
            return Some("an address that cannot be read".to_owned());
        };
        let database = database(&address, settings);
        Some(shown(&address, &database))
    }

    /// As [`Target::find`] for an address that is known.
    ///
    /// # Errors
    /// A password file that cannot be read.
    pub fn of(address: Address, settings: &MongoSettings, given: &Given) -> Result<Found, MongoError> {
        let database = database(&address, settings);
        address::check_database(&database)?;
        let mut target = Self {
            ca_file: settings.ca_file.as_deref().map(|path| given.base.join(path)),
            password: None,
            database,
            address,
        };
        if target.address.user.is_none() {
            return Ok(Found::Ready(target));
        }
        target.password = match (
            &target.address.password,
            &given.password_variable,
            &settings.password_file,
        ) {
            (Some(password), _, _) | (None, Some(password), _) => Some(password.clone()),
            (None, None, Some(file)) => Some(read_password(&given.base.join(file))?),
            (None, None, None) => return Ok(Found::AskPassword(target)),
        };
        Ok(Found::Ready(target))
    }
}

fn named<'a>(settings: &'a MongoSettings, given: &'a Given) -> Option<&'a str> {
    let uri = [
        given.uri.as_deref(),
        given.uri_variable.as_deref(),
        settings.uri.as_ref().map(|uri| uri.0.as_str()),
    ];
    uri.into_iter().flatten().next()
}

fn database(address: &Address, settings: &MongoSettings) -> String {
    let database = address.database.as_ref().or(settings.database.as_ref());
    database.map_or(DEFAULT_DATABASE, String::as_str).to_owned()
}

fn shown(address: &Address, database: &str) -> String {
    format!("{}/{database}", address.hosts())
}

impl Target {
    /// Hosts and database, as they may be shown: `db.example:27017/team`.
    pub fn shown(&self) -> String {
        shown(&self.address, &self.database)
    }

    /// Whether the address or the settings ask for TLS.
    pub(super) fn wants_tls(&self) -> bool {
        let on = |name: &str| self.address.option(name) == Some("true");
        on("tls") || on("ssl") || self.ca_file.is_some()
    }

    /// The database in which the server looks the user up: `authSource`, else the one in the address, else `admin`.
    pub fn login_database(&self) -> &str {
        let named = self.address.option("authsource").or(self.address.database.as_deref());
        named.unwrap_or("admin")
    }
}

impl Found {
    /// The target, with what `ask` answers where a password is missing.
    ///
    /// # Errors
    /// [`MongoError::NoPassword`] where there is nobody to ask.
    pub fn complete(self, ask: impl FnOnce(&str) -> Result<Option<Secret>, MongoError>) -> Result<Target, MongoError> {
        match self {
            Self::Ready(target) => Ok(target),
            Self::AskPassword(mut target) => {
                let user = target.address.user.clone().unwrap_or_default();
                let answer = ask(&user)?.filter(|password| !password.is_empty());
                target.password = Some(answer.ok_or(MongoError::NoPassword { user })?);
                Ok(target)
            }
        }
    }
}

/// The first line of a file.
fn read_password(path: &Path) -> Result<Secret, MongoError> {
    let refused = |why: &str, cause: Option<io::Error>| MongoError::File {
        path: path.to_path_buf(),
        why: why.to_owned(),
        cause,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|cause| {
        refused(
            "the password file cannot be opened; check mongo.password_file",
            Some(cause),
        )
    })?;
    let read = file.take(MAX_PASSWORD_BYTES).read_to_string(&mut text);
    read.map_err(|cause| refused("the password file cannot be read as UTF-8 text", Some(cause)))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(refused(
            "the password file's first line is empty; it must be the password",
            None,
        ));
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests;
