//! Owns expressions in the making: their text in one dialect, and how many elements and levels ClickHouse's parser would
//! make of them.

use super::dialect::Dialect;

/// An expression, in parentheses where that matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expr {
    /// The text.
    pub(super) text: String,
    /// Nodes of the syntax tree: literals, names, and two for each function or operator (itself and its list).
    pub(super) elements: usize,
    /// Levels of the syntax tree.
    pub(super) depth: usize,
}

/// Terms of a sum that stand in one chain. Longer sums are sums of chains, so that they do not grow deep.
const CHAIN: usize = 64;

impl Expr {
    fn atom(text: String) -> Self {
        Self {
            text,
            elements: 1,
            depth: 1,
        }
    }

    /// A name that is quoted already.
    pub(super) fn name(quoted: &str) -> Self {
        Self::atom(quoted.to_owned())
    }

    /// A text that is quoted already.
    pub(super) fn text(quoted: String) -> Self {
        Self::atom(quoted)
    }

    /// A whole number.
    pub(super) fn int(value: i64) -> Self {
        if value == i64::MIN {
            // Its digits alone are no number that fits.
            return Self::int(value + 1).operator("-", &Self::int(1));
        }
        if value < 0 {
            return Self::function(&[Self::atom(value.to_string())], |args| format!("({})", args[0]));
        }
        Self::atom(value.to_string())
    }

    /// A double, with an exponent: without one some engines read a decimal. The shortest text that reads back.
    pub(super) fn number(value: f64) -> Self {
        if value.is_sign_negative() && value != 0.0 {
            return Self::function(&[Self::atom(format!("{value:e}"))], |args| format!("({})", args[0]));
        }
        Self::atom(format!("{:e}", value.abs()))
    }

    /// No value.
    pub(super) fn null() -> Self {
        Self::atom("NULL".to_owned())
    }

    /// A function or operator of some arguments; `write` puts their texts together.
    fn function(arguments: &[Self], write: impl Fn(&[&str]) -> String) -> Self {
        let texts: Vec<&str> = arguments.iter().map(|a| a.text.as_str()).collect();
        Self {
            text: write(&texts),
            elements: 2 + arguments.iter().map(|a| a.elements).sum::<usize>(),
            depth: 2 + arguments.iter().map(|a| a.depth).max().unwrap_or(0),
        }
    }

    /// `name(self, …)`.
    pub(super) fn call(name: &str, arguments: &[Self]) -> Self {
        Self::function(arguments, |texts| format!("{name}({})", texts.join(", ")))
    }

    /// `(self operator other)`.
    pub(super) fn operator(&self, operator: &str, other: &Self) -> Self {
        Self::function(&[self.clone(), other.clone()], |texts| {
            format!("({} {operator} {})", texts[0], texts[1])
        })
    }

    /// What [`Dialect::to_double`] and its like put around it.
    pub(super) fn cast(&self, around: (&str, &str)) -> Self {
        let mut cast = Self::function(std::slice::from_ref(self), |texts| {
            format!("{}{}{}", around.0, texts[0], around.1)
        });
        // The type's name is an element in some forms.
        cast.elements += 1;
        cast
    }

    /// Rounded to single precision and back, as features are.
    pub(super) fn narrowed(&self, dialect: Dialect) -> Self {
        self.cast(dialect.to_single()).cast(dialect.to_double())
    }

    /// `self IS NULL`.
    pub(super) fn is_null(&self) -> Self {
        Self::function(std::slice::from_ref(self), |texts| format!("({} IS NULL)", texts[0]))
    }

    /// `self IN (…)`; false where nothing is in the list.
    pub(super) fn is_one_of(&self, list: &[Self]) -> Self {
        match list {
            [] => Self::int(1).operator("=", &Self::int(0)),
            [one] => self.operator("=", one),
            _ => {
                let mut all = vec![self.clone()];
                all.extend_from_slice(list);
                let mut found = Self::function(&all, |texts| format!("({} IN ({}))", texts[0], texts[1..].join(", ")));
                // The list is a tuple of its own.
                found.elements += 2;
                found.depth += 2;
                found
            }
        }
    }

    /// `CASE WHEN … THEN … ELSE … END`; only `otherwise` where there is no case.
    pub(super) fn case(cases: &[(Self, Self)], otherwise: &Self) -> Self {
        if cases.is_empty() {
            return otherwise.clone();
        }
        let mut all: Vec<Self> = Vec::with_capacity(2 * cases.len() + 1);
        for (when, then) in cases {
            all.extend([when.clone(), then.clone()]);
        }
        all.push(otherwise.clone());
        Self::function(&all, |texts| {
            let mut text = "CASE".to_owned();
            for pair in texts.chunks(2) {
                match pair {
                    [when, then] => text.extend([" WHEN ", when, " THEN ", then]),
                    [otherwise] => text.extend([" ELSE ", otherwise]),
                    _ => {}
                }
            }
            text + " END"
        })
    }

    /// The sum of terms, from the first to the last; 0 of none.
    pub(super) fn sum(terms: &[Self]) -> Self {
        if terms.len() > CHAIN {
            let chains: Vec<Self> = terms.chunks(CHAIN).map(Self::sum).collect();
            return Self::sum(&chains);
        }
        let Some(depth) = terms.iter().map(|term| term.depth).max() else {
            return Self::number(0.0);
        };
        if let [only] = terms {
            return only.clone();
        }
        let texts: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
        Self {
            text: format!("({})", texts.join(" + ")),
            elements: terms.iter().map(|term| term.elements).sum::<usize>() + 2 * (terms.len() - 1),
            depth: depth + 2 * (terms.len() - 1),
        }
    }
}
