//! Owns the words of the field: what label columns, their values, ids, times and ports are called.

/// What a label value means by its word alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Such as `normal`.
    Benign,
    /// Such as `phishing`.
    Malicious,
}

const BENIGN: [&str; 14] = [
    "benign",
    "normal",
    "legitimate",
    "legit",
    "legal",
    "safe",
    "clean",
    "good",
    "ham",
    "harmless",
    "trusted",
    "goodware",
    "nonphishing",
    "notmalicious",
];
const MALICIOUS: [&str; 22] = [
    "malicious",
    "phishing",
    "phish",
    "attack",
    "attacks",
    "anomaly",
    "anomalous",
    "anomoly",
    "malware",
    "botnet",
    "bot",
    "intrusion",
    "bad",
    "spam",
    "fraud",
    "unsafe",
    "dos",
    "ddos",
    "scan",
    "portscan",
    "exfiltration",
    "c2",
];

/// The meaning of a label value, where its word says it.
pub(super) fn meaning(value: &str) -> Option<Meaning> {
    let word = super::nearest::folded(value);
    if BENIGN.contains(&word.as_str()) {
        Some(Meaning::Benign)
    } else if MALICIOUS.contains(&word.as_str()) {
        Some(Meaning::Malicious)
    } else {
        None
    }
}

/// Whether a column so named is a label by name: `label`, `class`, `Result`, `is_malicious`.
pub(super) fn names_label(name: &str) -> bool {
    const NAMES: [&str; 21] = [
        "label",
        "labels",
        "class",
        "target",
        "attack",
        "result",
        "y",
        "ismalicious",
        "malicious",
        "phishing",
        "isphishing",
        "isattack",
        "attacktype",
        "verdict",
        "outcome",
        "groundtruth",
        "status",
        "classlabel",
        "isbenign",
        "islegitimate",
        "legitimate",
    ];
    NAMES.contains(&super::nearest::folded(name).as_str())
}

/// Whether `1` or `true` in a column so named means benign: `is_legitimate`.
pub(super) fn name_asserts_benign(name: &str) -> bool {
    ["benign", "legit", "normal", "safe", "clean"]
        .iter()
        .any(|word| super::nearest::folded(name).contains(word))
}

/// Whether `1` or `true` in a column so named means malicious: `is_attack`.
pub(super) fn name_asserts_malicious(name: &str) -> bool {
    [
        "malicious",
        "phish",
        "attack",
        "anomal",
        "malware",
        "intrusion",
        "fraud",
        "spam",
    ]
    .iter()
    .any(|word| super::nearest::folded(name).contains(word))
        && !name_asserts_benign(name)
}

/// The parts of a name: `srcPort_no` is `src`, `port`, `no`.
pub(super) fn tokens(name: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars().take(256) {
        let starts = !c.is_alphanumeric() || (c.is_uppercase() && before_lower);
        if starts && tokens.last().is_some_and(|t| !t.is_empty()) {
            tokens.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(token) = tokens.last_mut()
        {
            token.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    tokens.retain(|t| !t.is_empty());
    tokens
}

fn any_token(name: &str, words: &[&str]) -> bool {
    tokens(name).iter().any(|t| words.contains(&t.as_str()))
}

/// Whether the name is one that tables give to a row number: none at all, `Unnamed: 0`, `index`.
pub(super) fn names_row_number(name: &str) -> bool {
    let tokens = tokens(name);
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        [] | ["unnamed", ..]
            | ["index" | "idx" | "row" | "rownum" | "rowid"]
            | [
                "row" | "line" | "record",
                "id" | "number" | "num" | "no" | "nr" | "index"
            ]
            | ["level", "0"]
    )
}

/// Whether the name says that the value names something: `id`, `flow_id`, `uid`, `md5`.
pub(super) fn names_key(name: &str) -> bool {
    any_token(
        name,
        &[
            "id", "ids", "uid", "uuid", "guid", "key", "hash", "md5", "sha1", "sha256", "fuid", "index", "idx",
            "serial", "nr",
        ],
    )
}

/// Whether the name says that the value is measured, hence no key however unique: `src_bytes`, `duration`.
pub(super) fn names_measurement(name: &str) -> bool {
    any_token(
        name,
        &[
            "bytes", "byte", "octets", "count", "cnt", "num", "duration", "dur", "length", "len", "size", "rate",
            "packets", "pkts", "pkt", "mean", "std", "min", "max", "avg", "sum", "total", "ratio", "age", "iat",
            "amount", "score", "ttl", "load",
        ],
    )
}

/// Whether the name says that the value is a point in time: `ts`, `start_time`, `date`.
pub(super) fn names_time(name: &str) -> bool {
    any_token(
        name,
        &[
            "ts",
            "time",
            "timestamp",
            "datetime",
            "date",
            "epoch",
            "stime",
            "ltime",
            "starttime",
            "endtime",
            "created",
            "seen",
        ],
    ) && !names_measurement(name)
}

/// Whether the name says that the value is a port: `dst_port`, `sport`, `id.resp_p`.
pub(super) fn names_port(name: &str) -> bool {
    let tokens = tokens(name);
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let last_is_port = words.last().is_some_and(|last| {
        matches!(
            *last,
            "port" | "sport" | "dport" | "dsport" | "srcport" | "dstport" | "srcprt" | "dstprt"
        )
    });
    last_is_port
        || matches!(
            words.as_slice(),
            [.., "port", "no" | "number" | "num" | "nr"] | ["id", "orig" | "resp", "p"]
        )
}

/// Columns of the UCI phishing data that no other data set has.
const UCI_PHISHING: [&str; 10] = [
    "sslfinalstate",
    "urlofanchor",
    "prefixsuffix",
    "havingsubdomain",
    "shortiningservice",
    "linksintags",
    "popupwidnow",
    "domainregisterationlength",
    "doubleslashredirecting",
    "statisticalreport",
];

/// Whether these are the columns of the UCI phishing data (id 327), where `Result = -1` is phishing.
pub(super) fn is_uci_phishing<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    names
        .map(super::nearest::folded)
        .filter(|name| UCI_PHISHING.contains(&name.as_str()))
        .count()
        >= 5
}
