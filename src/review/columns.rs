//! Owns finding the columns that scoring added to a file.

use crate::browse::ColumnInfo;

/// Where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OurColumns {
    pub row_id: usize,
    pub classification: usize,
    pub probability: usize,
    pub risk_level: usize,
    pub model_run: usize,
    pub action: Option<usize>,
    pub reasons: Option<usize>,
    /// Verdict, its reason, note, reviewer and time as they stood when the file was written; the store's count.
    pub stale: [Option<usize>; 5],
    /// Every column that scoring added, ascending.
    pub all: Vec<usize>,
}

/// The columns in which a file says what was decided when it was written, in the order of [`OurColumns::stale`].
pub(crate) const STALE: [&str; 5] = ["verdict", "verdict_reason", "note", "reviewed_by", "reviewed_at"];

impl OurColumns {
    /// Finds them, or says which are not there. A column of ours is prefixed `nsec_` where the input had one of that name
    /// already, and stands behind the input's.
    pub fn find(columns: &[ColumnInfo]) -> Result<Self, Vec<&'static str>> {
        let mut missing = Vec::new();
        let mut needed = |name: &'static str| {
            last_named(columns, name).unwrap_or_else(|| {
                missing.push(name);
                0
            })
        };
        let mut found = Self {
            row_id: needed("row_id"),
            classification: needed("classification"),
            probability: needed("probability"),
            risk_level: needed("risk_level"),
            model_run: needed("model_run"),
            action: last_named(columns, "recommended_action"),
            reasons: last_named(columns, "reasons"),
            stale: STALE.map(|name| last_named(columns, name)),
            all: Vec::new(),
        };
        if !missing.is_empty() {
            return Err(missing);
        }
        let mut all = vec![
            found.row_id,
            found.classification,
            found.probability,
            found.risk_level,
            found.model_run,
        ];
        all.extend(found.action);
        all.extend(found.reasons);
        all.extend(last_named(columns, "confidence"));
        all.extend(found.stale.iter().flatten());
        all.sort_unstable();
        all.dedup();
        found.all = all;
        Ok(found)
    }
}

/// The last column of that name, prefixes aside: what was added stands behind what was there.
pub(crate) fn last_named(columns: &[ColumnInfo], name: &str) -> Option<usize> {
    columns.iter().rposition(|column| {
        let mut rest = column.name.as_str();
        while let Some(shorter) = rest.strip_prefix("nsec_") {
            rest = shorter;
        }
        rest == name
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::ColumnKind;

    fn columns(names: &str) -> Vec<ColumnInfo> {
        let column = |name: &str| ColumnInfo {
            name: name.to_owned(),
            kind: ColumnKind::Text,
        };
        names.split(',').map(column).collect()
    }

    #[test]
    fn columns_are_found_whatever_the_input_was_called() {
        let found = OurColumns::find(&columns(
            "probability,nsec_row_id,verdict,source,row_id,classification,nsec_probability,confidence,risk_level,\
             recommended_action,reasons,model_run,nsec_verdict,verdict_reason,note,reviewed_by,reviewed_at",
        ))
        .unwrap();
        assert_eq!((found.row_id, found.probability, found.stale[0]), (4, 6, Some(12)));
        assert_eq!(found.all, (4..17).collect::<Vec<_>>());
        let least = OurColumns::find(&columns("model_run,risk_level,probability,classification,row_id")).unwrap();
        assert_eq!((least.row_id, least.action, least.stale), (4, None, [None; 5]));
        let lacking = OurColumns::find(&columns("a,b,probability")).unwrap_err();
        assert_eq!(lacking, ["row_id", "classification", "risk_level", "model_run"]);
    }
}
