//! Owns reasons: contributions of encoded features summed by the schema column they came from, each with its signed
//! share of the evidence, and their text in points of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::models::Contributions;
use crate::transform::Feature;

/// Characters of a cell that a reason shows; the cell itself stands in its own column.
const MOST_VALUE_CHARS: usize = 60;

/// What one schema column added to a row's score.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnShare {
    /// The schema column.
    pub column: String,
    /// Sum of its features' contributions, on the contributions' scale; above 0 speaks for malicious.
    pub contribution: f64,
    /// `contribution` / sum of |contribution| over all columns of the row, so from -1 to 1.
    pub share: f64,
}

/// Sums contributions by [`Feature::source`], the largest share of the evidence first, equal ones in feature order.
///
/// The columns' contributions and the base add up to the score, as the features' do. Empty if nothing contributed, if
/// a value is not finite, or if there is not one value a feature.
pub fn column_shares(contributions: &Contributions, features: &[Feature]) -> Vec<ColumnShare> {
    if contributions.values.len() != features.len() {
        return Vec::new();
    }
    let mut place = BTreeMap::<&str, usize>::new();
    let mut columns: Vec<ColumnShare> = Vec::new();
    for (feature, value) in features.iter().zip(&contributions.values) {
        let at = *place.entry(&feature.source).or_insert_with(|| {
            columns.push(ColumnShare {
                column: feature.source.clone(),
                contribution: 0.0,
                share: 0.0,
            });
            columns.len() - 1
        });
        if let Some(column) = columns.get_mut(at) {
            column.contribution += value;
        }
    }
    let evidence: f64 = columns.iter().map(|c| c.contribution.abs()).sum();
    if !(evidence.is_finite() && evidence > 0.0) {
        return Vec::new();
    }
    for column in &mut columns {
        column.share = column.contribution / evidence;
    }
    columns.sort_by(|a, b| b.share.abs().total_cmp(&a.share.abs()));
    columns
}

/// The `reasons` cell: the `most` largest shares, as `SSLfinal_State = -1 raises risk by 23 points; URL_of_Anchor = -1
/// lowers risk by 18 points`. The evidence of a row is 100 points, whichever way it speaks.
///
/// `value_of` gives a column's cell; a missing or empty one is written as `port is empty, which raises risk by 5
/// points`. Long cells are cut, control characters replaced. Columns without any share are left out.
pub fn format_reasons<'a>(shares: &[ColumnShare], most: usize, value_of: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::new();
    for share in shares.iter().filter(|s| s.share != 0.0).take(most) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&share.column);
        match value_of(&share.column) {
            Some(value) if !value.is_empty() => {
                text.push_str(" = ");
                push_cell(&mut text, value);
            }
            _ => text.push_str(" is empty, which"),
        }
        push_points(&mut text, share.share);
    }
    text
}

/// The first reason of a cell that [`format_reasons`] wrote, for narrow places: `+23 SSLfinal_State = -1`. A text that it did not
/// write stays as it is, up to the first semicolon.
pub fn first_reason(reasons: &str) -> String {
    let first = reasons.split("; ").next().unwrap_or_default().trim();
    let told = [(" raises risk by ", '+'), (" lowers risk by ", '-')]
        .into_iter()
        .find_map(|(words, sign)| {
            let (what, points) = first.rsplit_once(words)?;
            let what = what
                .strip_suffix(" is empty, which")
                .map_or_else(|| what.to_owned(), |name| format!("{name} is empty"));
            let points = match points {
                "less than 1 point" => "0",
                points => points
                    .strip_suffix(" points")
                    .or_else(|| points.strip_suffix(" point"))?,
            };
            Some(format!("{sign}{points} {what}"))
        });
    told.unwrap_or_else(|| first.to_owned())
}

fn push_cell(text: &mut String, value: &str) {
    let mut chars = value.chars();
    text.extend(
        chars
            .by_ref()
            .take(MOST_VALUE_CHARS)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c }),
    );
    if chars.next().is_some() {
        text.push('…');
    }
}

fn push_points(text: &mut String, share: f64) {
    let direction = if share > 0.0 { "raises" } else { "lowers" };
    let points = (share.abs() * 100.0).round();
    // Writing to a string cannot fail.
    let _ = if points < 1.0 {
        write!(text, " {direction} risk by less than 1 point")
    } else {
        write!(
            text,
            " {direction} risk by {points} point{}",
            if points == 1.0 { "" } else { "s" }
        )
    };
}

#[cfg(test)]
mod tests;
