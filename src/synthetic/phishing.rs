//! Owns the generator of synthetic phishing rows: the 31 columns of the UCI file, drawn from fitted profiles.

use std::io::Write;

use super::dice::Dice;
use super::error::GenerateError;
use super::phishing_profiles::{LEGITIMATE, PHISHING, Profile};
use crate::cancel::CancelToken;

/// Lines are handed to the output in blocks of about this many bytes; between blocks the cancel token is asked.
const BLOCK: usize = 128 * 1024;

/// Share of phishing rows, in thousandths: 4,898 of 11,055.
const PHISHING_SHARE: u32 = 443;

/// The columns of the UCI file in its order; the label, `Result`, is the last. Files get a column `synthetic` behind it.
pub const PHISHING_COLUMNS: [&str; 31] = [
    "having_IP_Address",
    "URL_Length",
    "Shortining_Service",
    "having_At_Symbol",
    "double_slash_redirecting",
    "Prefix_Suffix",
    "having_Sub_Domain",
    "SSLfinal_State",
    "Domain_registeration_length",
    "Favicon",
    "port_no",
    "HTTPS_token",
    "Request_URL",
    "URL_of_Anchor",
    "Links_in_tags",
    "SFH",
    "Submitting_to_email",
    "Abnormal_URL",
    "Redirect",
    "on_mouseover",
    "RightClick",
    "popUpWidnow",
    "Iframe",
    "age_of_domain",
    "DNSRecord",
    "web_traffic",
    "Page_Rank",
    "Google_Index",
    "Links_pointing_to_page",
    "Statistical_report",
    "Result",
];

/// An endless row of synthetic phishing rows: 30 features and `Result` (-1 phishing, 1 legitimate).
///
/// Each row draws a class, one of the class's three profiles, and then every feature by itself from that profile. So
/// single features and their coarse patterns look like the UCI data; the finer dependence between features is not in it.
/// A model's scores on such rows say nothing about real sites.
#[derive(Clone, Debug)]
pub struct PhishingGenerator(Dice);

impl PhishingGenerator {
    /// A generator for this seed.
    pub fn new(seed: u64) -> Self {
        Self(Dice::new(seed))
    }

    fn profile(&mut self) -> (i8, Option<&'static Profile>) {
        let (label, profiles) = if self.0.below(1000) < PHISHING_SHARE {
            (-1, &PHISHING)
        } else {
            (1, &LEGITIMATE)
        };
        let mut at = self.0.below(1000);
        for profile in profiles {
            if at < profile.weight {
                return (label, Some(profile));
            }
            at -= profile.weight;
        }
        (label, profiles.last())
    }
}

impl Iterator for PhishingGenerator {
    type Item = [i8; 31];

    fn next(&mut self) -> Option<Self::Item> {
        let (label, profile) = self.profile();
        let mut row = [label; 31];
        for (cell, &(minus, zero)) in row.iter_mut().zip(&profile?.steps) {
            let at = self.0.below(1000);
            *cell = i8::from(at >= u32::from(minus)) + i8::from(at >= u32::from(zero)) - 1;
        }
        Some(row)
    }
}

/// What a synthetic phishing file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhishingSummary {
    /// Rows written, the header not counted.
    pub rows: u64,
    /// Bytes written, header included.
    pub bytes: u64,
    /// Rows labelled phishing.
    pub phishing: u64,
}

/// Writes a header and `rows` synthetic phishing rows as CSV (LF line ends): the UCI file's 31 columns, then `synthetic`,
/// which is `true` in every row.
///
/// A longer file of the same seed begins with a shorter one. The rows are invented; see [`PhishingGenerator`].
///
/// # Errors
/// [`GenerateError::Write`] when `out` refuses, [`GenerateError::Cancelled`] when asked to stop.
pub fn write_csv(
    rows: u64,
    seed: u64,
    mut out: impl Write,
    cancel: &CancelToken,
) -> Result<PhishingSummary, GenerateError> {
    let mut summary = PhishingSummary::default();
    let mut block = Vec::with_capacity(BLOCK + 1024);
    block.extend_from_slice(PHISHING_COLUMNS.join(",").as_bytes());
    block.extend_from_slice(b",synthetic\n");
    cancel.check()?;
    for row in PhishingGenerator::new(seed).take(usize::try_from(rows).unwrap_or(usize::MAX)) {
        if block.len() >= BLOCK {
            out.write_all(&block).map_err(|cause| GenerateError::Write {
                rows: summary.rows,
                cause,
            })?;
            summary.bytes += block.len() as u64;
            block.clear();
            cancel.check()?;
        }
        for cell in row {
            let text: &[u8] = match cell {
                -1 => b"-1,",
                0 => b"0,",
                _ => b"1,",
            };
            block.extend_from_slice(text);
        }
        block.extend_from_slice(b"true\n");
        summary.rows += 1;
        summary.phishing += u64::from(row.last() == Some(&-1));
    }
    out.write_all(&block)
        .and_then(|()| out.flush())
        .map_err(|cause| GenerateError::Write {
            rows: summary.rows,
            cause,
        })?;
    summary.bytes += block.len() as u64;
    Ok(summary)
}

#[cfg(test)]
mod tests;
