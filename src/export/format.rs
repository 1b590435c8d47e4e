//! Owns the names of the formats and the endings of their files.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::text::visible_text;

/// A format in which scored rows leave the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The columns of `output.csv`.
    Csv,
    /// One JSON document a line, in the Elastic Common Schema.
    Ndjson,
    /// A STIX 2.1 bundle.
    Stix,
    /// Typed columns.
    Parquet,
    /// A hand-over of the shift, to be read.
    Markdown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Ndjson, Self::Stix, Self::Parquet, Self::Markdown];

    /// As the command line has it: `csv`, `ndjson`, `stix`, `parquet`, `md`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Stix => "stix",
            Self::Parquet => "parquet",
            Self::Markdown => "md",
        }
    }

    /// The ending of its files, without the dot: `json` for STIX, else the name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Stix => "json",
            other => other.name(),
        }
    }

    /// The format that a file's ending means, in any case: `csv`, `ndjson` or `jsonl`, `stix` or `json`, `parquet`, `md` or
    /// `markdown`; `None` for any other.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "stix" | "json" => Some(Self::Stix),
            "parquet" => Some(Self::Parquet),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    /// Reads [`Format::name`], in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|f| f.name().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{}` is no format; there are {names}", visible_text(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_are_read() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
            assert_eq!(format.name().to_uppercase().parse(), Ok(format));
            assert_eq!(
                Format::of_path(Path::new(&format!("a/b.{}", format.extension()))),
                Some(format)
            );
        }
        assert_eq!(Format::of_path(Path::new("x.JSONL")), Some(Format::Ndjson));
        for path in ["x", "x.gz", ".csv", "x.csv.gz"] {
            assert_eq!(Format::of_path(Path::new(path)), None, "{path}");
        }
        let refused = "x\u{1b}lsx".parse::<Format>().unwrap_err();
        assert_eq!(
            refused,
            "`x\\x1blsx` is no format; there are csv, ndjson, stix, parquet, md"
        );
    }
}
