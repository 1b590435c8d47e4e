//! Owns the addresses `mongodb://…`: taken apart here, so that the driver never sees a password inside one, and shown
//! without it.
//!
//! The driver's own errors repeat pieces of an address that it cannot read. Ours name the mistake and no part of the text.

use std::fmt;

use super::error::MongoError;
use super::secret::Secret;

/// Options of an address that hold secrets, or that the driver refuses, with what to do instead.
const REFUSED: [(&str, &str); 3] = [
    (
        "tlscertificatekeyfilepassword",
        "unlock the key file and leave the option out",
    ),
    (
        "authmechanismproperties",
        "leave it out; logins are by user and password",
    ),
    ("proxypassword", "leave it out; proxies are not supported"),
];

/// Options that the driver refuses and that we have no need of: every operation has a time limit of its own.
const NEEDLESS: [&str; 2] = ["sockettimeoutms", "timeoutms"];

/// An address, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    srv: bool,
    /// As written: `a:27017,b`.
    hosts: String,
    /// Who logs in.
    pub user: Option<String>,
    /// The password, where the address holds one.
    pub password: Option<Secret>,
    /// The database it names.
    pub database: Option<String>,
    /// The collection it names: what follows the first dot of the path.
    pub collection: Option<String>,
    /// Names in lower case, values decoded.
    options: Vec<(String, String)>,
}

impl Address {
    /// Whether a text is meant as an address: it begins with `mongodb://` or `mongodb+srv://`, in any case.
    pub fn is_meant(text: &str) -> bool {
        scheme(text).is_some()
    }

    /// Takes an address apart.
    ///
    /// # Errors
    /// It cannot be read. The message says what is wrong and repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, MongoError> {
        let (srv, rest) = scheme(text).ok_or_else(|| bad("it does not begin with mongodb:// or mongodb+srv://"))?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        // An `@` further on means that the user's name or password holds a character that must be encoded.
        if tail.contains('@') || login.is_some_and(|login| login.contains('@')) {
            return Err(reserved());
        }
        let (user, password) = login.map_or(Ok((None, None)), login_of)?;
        check_hosts(hosts, srv)?;
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let (database, collection) = path_of(path)?;
        Ok(Self {
            srv,
            hosts: hosts.to_owned(),
            user,
            password,
            database,
            collection,
            options: options_of(query)?,
        })
    }

    /// The address for the driver: no user, no password, no path, and no option that belongs to the login.
    pub(super) fn for_driver(&self) -> String {
        let login = ["authsource", "authmechanism"];
        let options = self
            .options
            .iter()
            .filter(|(name, _)| !login.contains(&name.as_str()) && !NEEDLESS.contains(&name.as_str()));
        let options: Vec<String> = options
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let query = if options.is_empty() {
            String::new()
        } else {
            format!("?{}", options.join("&"))
        };
        format!("{}{}/{query}", self.scheme(), self.hosts)
    }

    /// An option's value; its name in lower case.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The address as it was given, without its password: for a process' arguments.
    pub fn without_password(&self) -> String {
        let user = self
            .user
            .as_deref()
            .map_or_else(String::new, |user| format!("{}@", encoded(user)));
        let path = match (&self.database, &self.collection) {
            (Some(database), Some(collection)) => format!("{}.{}", encoded(database), encoded(collection)),
            (Some(database), None) => encoded(database),
            _ => String::new(),
        };
        let options: Vec<String> = self
            .options
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let query = if options.is_empty() {
            String::new()
        } else {
            format!("?{}", options.join("&"))
        };
        format!("{}{user}{}/{path}{query}", self.scheme(), self.hosts)
    }

    /// The hosts as written.
    pub fn hosts(&self) -> &str {
        &self.hosts
    }

    fn scheme(&self) -> &'static str {
        if self.srv { "mongodb+srv://" } else { "mongodb://" }
    }
}

/// What people see: scheme, hosts, database and collection. Neither user nor password nor options.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.scheme(), self.hosts)?;
        if let Some(database) = &self.database {
            write!(out, "/{database}")?;
        }
        if let Some(collection) = &self.collection {
            write!(out, ".{collection}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Address({self})")
    }
}

/// A text that may hold an address, with everything between the first `://` and the last `@` taken out. It understands
/// nothing of what it cuts, so it works on addresses that cannot be read, too.
pub fn redacted(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(start), Some(end)) if start < end => format!("{}***{}", &text[..start + 3], &text[end..]),
        _ => text.to_owned(),
    }
}

fn bad(why: impl Into<String>) -> MongoError {
    MongoError::BadAddress { why: why.into() }
}

fn reserved() -> MongoError {
    bad(
        "its user name or password holds a character that must be encoded (@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, \
         % is %25); or leave the password out and give it by NSEC_MONGODB_PASSWORD, mongo.password_file or the prompt",
    )
}

fn scheme(text: &str) -> Option<(bool, &str)> {
    for (scheme, srv) in [("mongodb://", false), ("mongodb+srv://", true)] {
        if let Some(start) = text.get(..scheme.len())
            && start.eq_ignore_ascii_case(scheme)
        {
            return Some((srv, &text[scheme.len()..]));
        }
    }
    None
}

fn login_of(login: &str) -> Result<(Option<String>, Option<Secret>), MongoError> {
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let unsound = |text: &str| text.contains([':', '#', '[', ']', ' ']);
    if unsound(user) || password.is_some_and(unsound) {
        return Err(reserved());
    }
    let user = decoded(user).ok_or_else(reserved)?;
    if user.is_empty() {
        return Err(bad("it has an @ but no user name before it"));
    }
    let password = password
        .map(|text| decoded(text).map(Secret::new).ok_or_else(reserved))
        .transpose()?;
    Ok((Some(user), password.filter(|password| !password.is_empty())))
}

fn check_hosts(hosts: &str, srv: bool) -> Result<(), MongoError> {
    if hosts.is_empty() || hosts.split(',').any(|host| host.is_empty() || host.starts_with(':')) {
        return Err(bad("a host is missing; write mongodb://HOST:PORT/DATABASE"));
    }
    if hosts
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '%' | '"' | '<' | '>' | '\\'))
    {
        return Err(bad(
            "its host holds a character that no host has; write mongodb://HOST:PORT/DATABASE",
        ));
    }
    for host in hosts.split(',') {
        // What stands in brackets is an IPv6 address.
        let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
        let port = after.split_once(':').map(|(_, port)| port);
        if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return Err(bad(
                "a port is not a number from 1 to 65535 (or an unencoded password stands before it)",
            ));
        }
        if srv && (port.is_some() || hosts.contains(',')) {
            return Err(bad(
                "mongodb+srv:// takes one host name and no port; its ports come from the DNS",
            ));
        }
    }
    Ok(())
}

fn path_of(path: &str) -> Result<(Option<String>, Option<String>), MongoError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok((None, None));
    }
    let path =
        decoded(path).ok_or_else(|| bad("the database's name holds a % that encodes nothing; write %25 for %"))?;
    let (database, collection) = match path.split_once('.') {
        Some((database, collection)) => (database.to_owned(), Some(collection.to_owned())),
        None => (path, None),
    };
    check_database(&database)?;
    if let Some(collection) = &collection {
        check_collection(collection)?;
    }
    Ok((Some(database), collection))
}

/// Whether a text can be a database's name.
///
/// # Errors
/// [`MongoError::BadAddress`] says what no such name may hold.
pub fn check_database(name: &str) -> Result<(), MongoError> {
    if name.is_empty()
        || name.len() > 63
        || name.contains(['/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?', '\0'])
    {
        return Err(bad(
            "the database's name must have 1 to 63 bytes and none of / \\ . \" $ * < > : | ? or a space",
        ));
    }
    Ok(())
}

/// Whether a text can be a collection's name.
///
/// # Errors
/// [`MongoError::BadAddress`] says what no such name may hold.
pub fn check_collection(name: &str) -> Result<(), MongoError> {
    let bytes_allowed = 200;
    if name.is_empty()
        || name.len() > bytes_allowed
        || name.starts_with("system.")
        || name.starts_with('.')
        || name.contains(['$', '\0'])
    {
        return Err(bad(
            "a collection's name must have 1 to 200 bytes, no $, and not begin with system. or a dot",
        ));
    }
    Ok(())
}

fn options_of(query: &str) -> Result<Vec<(String, String)>, MongoError> {
    let mut options: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| bad("an option has no value; write ?name=value&name=value"))?;
        let name = name.to_ascii_lowercase();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(bad(
                "an option's name is not letters and digits (or an unencoded password stands before it)",
            ));
        }
        if let Some((_, advice)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return Err(bad(format!("the option {name} is not supported: {advice}")));
        }
        let value = decoded(value).ok_or_else(|| bad(format!("the value of {name} holds a % that encodes nothing")))?;
        options.push((name, value));
    }
    Ok(options)
}

/// Percent-decoded; `None` where a `%` encodes nothing or the bytes are not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| (b as char).to_digit(16));
        bytes.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(bytes).ok()
}

/// Percent-encoded: everything but letters, digits and `-._~`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
