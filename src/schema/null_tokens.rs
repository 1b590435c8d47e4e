//! Owns the cell texts that mean "no value".

/// The texts that CSV files of this field use for "no value".
pub const DEFAULT_NULL_TEXTS: [&str; 8] = ["NA", "na", "N/A", "NaN", "nan", "null", "NULL", "None"];

/// The cell texts that mean "no value". The empty cell always does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NullTokens(Vec<Vec<u8>>);

impl NullTokens {
    /// Only the empty cell and these texts, compared byte for byte after trimming ASCII white space.
    pub fn new<T: Into<Vec<u8>>>(tokens: impl IntoIterator<Item = T>) -> Self {
        Self(tokens.into_iter().map(Into::into).collect())
    }

    /// Whether this cell, trimmed, means "no value".
    #[inline]
    pub fn is_null(&self, cell: &[u8]) -> bool {
        let cell = cell.trim_ascii();
        cell.is_empty() || self.0.iter().any(|token| token == cell)
    }

    /// Whether some token could itself be read as a number (`-1`, `-9999`); then numbers must be compared too.
    pub fn any_numeric(&self) -> bool {
        self.0.iter().any(|token| token.iter().any(u8::is_ascii_digit))
    }
}

impl Default for NullTokens {
    /// What CSV files of this field use: `NA`, `na`, `N/A`, `NaN`, `nan`, `null`, `NULL`, `None`.
    fn default() -> Self {
        Self::new(DEFAULT_NULL_TEXTS)
    }
}
