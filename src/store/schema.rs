//! Owns the tables and views of `verdicts.db`, and how an older database becomes one of today.

use rusqlite::{Connection, TransactionBehavior};

/// Says whose database it is: the bytes of `nsec`.
pub(super) const APPLICATION_ID: i64 = 0x6e73_6563;

/// Each turns a database of the format before it into one of its own; the first makes it out of nothing. Never changed once
/// released, only added to.
const MIGRATIONS: [&str; 2] = [FORMAT_1, FORMAT_2];

/// The newest format, as `PRAGMA user_version` says it.
pub(super) const FORMAT: i64 = MIGRATIONS.len() as i64;

/// Brings a database to the newest format, all of it or nothing.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let found = format(connection)?;
    if found >= FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = format(&transaction)?;
    for (at, step) in MIGRATIONS.iter().enumerate() {
        if at as i64 >= found {
            transaction.execute_batch(step)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT.max(found))?;
    transaction.commit()
}

/// The format of a database; 0 for an empty one.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Events are told apart by their id, so that taking one over twice adds nothing. `place` counts them in the order of the
/// journal. Triggers keep what happened from being rewritten by a slip in the shell.
const FORMAT_1: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    group_id TEXT NOT NULL,
    at TEXT NOT NULL,
    analyst TEXT NOT NULL,
    schema TEXT NOT NULL,
    row_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('judge', 'reason', 'note', 'tag', 'undo', 'redo')),
    verdict TEXT,
    reason TEXT,
    note TEXT,
    tag TEXT,
    tag_on INTEGER,
    target TEXT,
    seen TEXT,
    lane TEXT NOT NULL,
    run TEXT,
    probability REAL,
    threshold REAL,
    risk TEXT,
    flagged INTEGER,
    file TEXT
);
CREATE INDEX events_of_case ON events (schema, row_id, place);

CREATE TABLE cells (
    schema TEXT NOT NULL,
    row_id TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (schema, row_id)
) WITHOUT ROWID;

CREATE TABLE rules (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    schema TEXT NOT NULL,
    condition TEXT NOT NULL,
    owner TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE TABLE withdrawals (
    rule TEXT PRIMARY KEY REFERENCES rules (id),
    at TEXT NOT NULL,
    by TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE hits (
    rule TEXT NOT NULL REFERENCES rules (id),
    file TEXT NOT NULL,
    hits INTEGER NOT NULL,
    PRIMARY KEY (rule, file)
) WITHOUT ROWID;

CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER cells_stay BEFORE UPDATE ON cells BEGIN SELECT RAISE(ABORT, 'cells are never changed'); END;
CREATE TRIGGER cells_remain BEFORE DELETE ON cells BEGIN SELECT RAISE(ABORT, 'cells are never deleted'); END;
CREATE TRIGGER rules_stay BEFORE UPDATE ON rules BEGIN SELECT RAISE(ABORT, 'rules are never changed'); END;
CREATE TRIGGER rules_remain BEFORE DELETE ON rules BEGIN SELECT RAISE(ABORT, 'rules are never deleted'); END;
CREATE TRIGGER withdrawals_stay BEFORE UPDATE ON withdrawals BEGIN SELECT RAISE(ABORT, 'withdrawals are never changed'); END;
CREATE TRIGGER withdrawals_remain BEFORE DELETE ON withdrawals BEGIN SELECT RAISE(ABORT, 'withdrawals are never deleted'); END;
CREATE TRIGGER hits_stay BEFORE UPDATE ON hits BEGIN SELECT RAISE(ABORT, 'hits are never changed'); END;
CREATE TRIGGER hits_remain BEFORE DELETE ON hits BEGIN SELECT RAISE(ABORT, 'hits are never deleted'); END;

-- What counts: events whose group was not undone, or was done again. seen_place: all up to there had been seen.
CREATE VIEW live_events AS
SELECT e.*, (SELECT s.place FROM events s
             WHERE s.id = e.seen AND s.schema = e.schema AND s.row_id = e.row_id AND s.place < e.place) AS seen_place
FROM events e
WHERE e.kind NOT IN ('undo', 'redo')
  AND coalesce((SELECT u.kind FROM events u
                WHERE u.schema = e.schema AND u.row_id = e.row_id AND u.target = e.group_id
                ORDER BY u.place DESC LIMIT 1), 'redo') = 'redo';

-- Verdicts with the place from which on another one goes before; NULL for those that stand.
CREATE VIEW judgements AS
SELECT j.*, (SELECT min(max(j.place, k.place)) FROM live_events k
             WHERE k.schema = j.schema AND k.row_id = j.row_id AND k.kind = 'judge' AND k.place <> j.place
               AND (k.seen_place >= j.place
                    OR k.seen = j.id
                    OR (k.analyst = j.analyst AND (k.at, k.id) > (j.at, j.id)
                        AND NOT coalesce(j.seen_place >= k.place, 0) AND NOT coalesce(j.seen = k.id, 0)))) AS beaten_at
FROM live_events j WHERE j.kind = 'judge';

CREATE VIEW standing AS SELECT * FROM judgements WHERE verdict IS NOT NULL AND beaten_at IS NULL;

-- Reason codes given after the verdict, with the place of the verdict that stood then.
CREATE VIEW later_reasons AS
SELECT r.*, (SELECT j.place FROM judgements j
             WHERE j.schema = r.schema AND j.row_id = r.row_id AND j.verdict IS NOT NULL AND j.place < r.place
               AND (j.beaten_at IS NULL OR j.beaten_at > r.place)
             ORDER BY j.at DESC, j.id DESC LIMIT 1) AS judgement
FROM live_events r WHERE r.kind = 'reason';

-- One line a case: how it stands.
CREATE VIEW cases AS
SELECT c.schema, c.row_id, v.verdict,
       CASE WHEN EXISTS (SELECT 1 FROM later_reasons r WHERE r.schema = c.schema AND r.row_id = c.row_id AND r.judgement = v.place)
            THEN (SELECT r.reason FROM later_reasons r
                  WHERE r.schema = c.schema AND r.row_id = c.row_id AND r.judgement = v.place ORDER BY r.place DESC LIMIT 1)
            ELSE v.reason END AS reason,
       v.analyst, v.at, v.lane, v.run, v.probability, v.threshold, v.risk, v.flagged, v.file,
       coalesce((SELECT n.note FROM live_events n WHERE n.schema = c.schema AND n.row_id = c.row_id AND n.kind = 'note'
                 ORDER BY n.place DESC LIMIT 1), '') AS note,
       (SELECT group_concat(t.tag, ', ') FROM
           (SELECT x.tag FROM live_events x WHERE x.schema = c.schema AND x.row_id = c.row_id AND x.kind = 'tag' AND x.tag_on = 1
              AND NOT EXISTS (SELECT 1 FROM live_events y WHERE y.schema = x.schema AND y.row_id = x.row_id
                              AND y.kind = 'tag' AND y.tag = x.tag AND y.place > x.place)
            ORDER BY x.tag) t) AS tags,
       (SELECT count(*) FROM standing o
        WHERE o.schema = c.schema AND o.row_id = c.row_id AND o.verdict <> v.verdict) AS contradicted_by
FROM (SELECT DISTINCT schema, row_id FROM events) c
LEFT JOIN standing v ON v.schema = c.schema AND v.row_id = c.row_id
     AND v.place = (SELECT s.place FROM standing s WHERE s.schema = c.schema AND s.row_id = c.row_id
                    ORDER BY s.at DESC, s.id DESC LIMIT 1);

CREATE VIEW conflicts AS
SELECT s.schema, s.row_id, s.verdict, s.reason, s.analyst, s.at, c.verdict AS against, c.analyst AS against_analyst, c.at AS against_at
FROM standing s JOIN cases c ON c.schema = s.schema AND c.row_id = s.row_id AND c.verdict <> s.verdict;
";

/// Hosts that share their events have them in different orders, so the views go by time and name instead of place, and by
/// what an event names as seen instead of what stood before it.
///
/// The views say in SQL what `triage::CaseState` says in Rust; a property test holds them against each other.
const FORMAT_2: &str = "
ALTER TABLE events ADD COLUMN seen_besides TEXT;

DROP VIEW conflicts;
DROP VIEW cases;
DROP VIEW later_reasons;
DROP VIEW standing;
DROP VIEW judgements;
DROP VIEW live_events;

-- What an event names as seen; nobody can have seen what comes later.
CREATE VIEW sees AS
SELECT e.id AS event, s.id AS sees FROM events e JOIN events s ON s.id = e.seen
WHERE s.schema = e.schema AND s.row_id = e.row_id AND (s.at, s.id) < (e.at, e.id)
UNION ALL
SELECT e.id, s.id FROM events e, json_each(e.seen_besides) j JOIN events s ON s.id = j.value
WHERE e.seen_besides IS NOT NULL AND s.schema = e.schema AND s.row_id = e.row_id AND (s.at, s.id) < (e.at, e.id);

-- What counts: events whose group was not undone, or was done again. ord: the order on every host.
CREATE VIEW live_events AS
SELECT e.*, e.at || ' ' || e.id AS ord FROM events e
WHERE e.kind NOT IN ('undo', 'redo')
  AND coalesce((SELECT u.kind FROM events u
                WHERE u.schema = e.schema AND u.row_id = e.row_id AND u.target = e.group_id
                ORDER BY u.at DESC, u.id DESC LIMIT 1), 'redo') = 'redo';

-- Two verdicts on one case, and whether each had seen the other.
CREATE VIEW judged_pairs AS
SELECT j.id AS id, k.id AS other, j.ord AS ord, k.ord AS other_ord, j.analyst = k.analyst AS one_analyst,
       EXISTS (WITH RECURSIVE saw(id) AS (SELECT sees FROM sees WHERE event = k.id
                                          UNION SELECT s.sees FROM saw JOIN sees s ON s.event = saw.id)
               SELECT 1 FROM saw WHERE saw.id = j.id) AS seen_by_other,
       EXISTS (WITH RECURSIVE saw(id) AS (SELECT sees FROM sees WHERE event = j.id
                                          UNION SELECT s.sees FROM saw JOIN sees s ON s.event = saw.id)
               SELECT 1 FROM saw WHERE saw.id = k.id) AS has_seen_other
FROM live_events j JOIN live_events k ON k.schema = j.schema AND k.row_id = j.row_id AND k.id <> j.id
WHERE j.kind = 'judge' AND k.kind = 'judge';

-- Verdicts with the point from which on another one goes before; NULL for those that stand.
CREATE VIEW judgements AS
SELECT j.*, (SELECT min(max(p.ord, p.other_ord)) FROM judged_pairs p
             WHERE p.id = j.id AND (p.seen_by_other OR (p.one_analyst AND NOT p.has_seen_other AND p.other_ord > p.ord))) AS beaten_at
FROM live_events j WHERE j.kind = 'judge';

CREATE VIEW standing AS SELECT * FROM judgements WHERE verdict IS NOT NULL AND beaten_at IS NULL;

-- Reason codes given after the verdict, with the verdict that stood then.
CREATE VIEW later_reasons AS
SELECT r.*, (SELECT j.id FROM judgements j
             WHERE j.schema = r.schema AND j.row_id = r.row_id AND j.verdict IS NOT NULL AND j.ord < r.ord
               AND (j.beaten_at IS NULL OR j.beaten_at > r.ord)
             ORDER BY j.ord DESC LIMIT 1) AS judgement
FROM live_events r WHERE r.kind = 'reason';

-- One line a case: how it stands.
CREATE VIEW cases AS
SELECT c.schema, c.row_id, v.verdict,
       CASE WHEN EXISTS (SELECT 1 FROM later_reasons r WHERE r.schema = c.schema AND r.row_id = c.row_id AND r.judgement = v.id)
            THEN (SELECT r.reason FROM later_reasons r
                  WHERE r.schema = c.schema AND r.row_id = c.row_id AND r.judgement = v.id ORDER BY r.ord DESC LIMIT 1)
            ELSE v.reason END AS reason,
       v.analyst, v.at, v.lane, v.run, v.probability, v.threshold, v.risk, v.flagged, v.file,
       coalesce((SELECT n.note FROM live_events n WHERE n.schema = c.schema AND n.row_id = c.row_id AND n.kind = 'note'
                 ORDER BY n.ord DESC LIMIT 1), '') AS note,
       (SELECT group_concat(t.tag, ', ') FROM
           (SELECT x.tag FROM live_events x WHERE x.schema = c.schema AND x.row_id = c.row_id AND x.kind = 'tag' AND x.tag_on = 1
              AND NOT EXISTS (SELECT 1 FROM live_events y WHERE y.schema = x.schema AND y.row_id = x.row_id
                              AND y.kind = 'tag' AND y.tag = x.tag AND y.ord > x.ord)
            ORDER BY x.tag) t) AS tags,
       (SELECT count(*) FROM standing o
        WHERE o.schema = c.schema AND o.row_id = c.row_id AND o.verdict <> v.verdict) AS contradicted_by
FROM (SELECT DISTINCT schema, row_id FROM events) c
LEFT JOIN standing v ON v.schema = c.schema AND v.row_id = c.row_id
     AND v.id = (SELECT s.id FROM standing s WHERE s.schema = c.schema AND s.row_id = c.row_id ORDER BY s.ord DESC LIMIT 1);

CREATE VIEW conflicts AS
SELECT s.schema, s.row_id, s.verdict, s.reason, s.analyst, s.at, c.verdict AS against, c.analyst AS against_analyst, c.at AS against_at
FROM standing s JOIN cases c ON c.schema = s.schema AND c.row_id = s.row_id AND c.verdict <> s.verdict;
";
