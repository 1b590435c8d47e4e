//! Owns cutting a condition into tokens.

use super::super::value::{Number, number};
use super::error::FilterError;

/// A piece of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word: a keyword or a column's name.
    Word(String),
    /// A name in double quotes or backticks.
    Name(String),
    /// A text in single quotes.
    Text(String),
    /// A number.
    Number(Number),
    /// `=` `!=` `<` `<=` `>` `>=` `~` `!~`.
    Operator(&'static str),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

impl Token {
    /// As it is named in messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Name(name) => format!("the name \"{name}\""),
            Self::Text(text) => format!("the text '{text}'"),
            Self::Number(Number::Int(value)) => format!("the number {value}"),
            Self::Number(Number::Float(value)) => format!("the number {value}"),
            Self::Operator(operator) => format!("`{operator}`"),
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
        }
    }

    /// Whether it is this keyword, in any case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// The longest first.
const OPERATORS: [(&str, &str); 12] = [
    ("<=", "<="),
    (">=", ">="),
    ("<>", "!="),
    ("!=", "!="),
    ("==", "="),
    ("!~", "!~"),
    ("=~", "~"),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("~", "~"),
    ("\u{2260}", "!="),
];

/// Tokens with the character at which each starts.
pub(super) type Tokens = Vec<(usize, Token)>;

/// Cuts a condition into tokens. With an error come the tokens before it.
pub(super) fn lex(text: &str) -> (Tokens, Option<FilterError>) {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        match token(&characters, at) {
            Ok((token, next)) => {
                tokens.push((at, token));
                at = next;
            }
            Err(error) => return (tokens, Some(error)),
        }
    }
    (tokens, None)
}

fn token(text: &[char], at: usize) -> Result<(Token, usize), FilterError> {
    let c = text[at];
    match c {
        '(' => return Ok((Token::Open, at + 1)),
        ')' => return Ok((Token::Close, at + 1)),
        ',' => return Ok((Token::Comma, at + 1)),
        '\'' => return enclosed(text, at, '\'').map(|(inside, next)| (Token::Text(inside), next)),
        '"' | '`' => return enclosed(text, at, c).map(|(inside, next)| (Token::Name(inside), next)),
        _ => {}
    }
    for (spelt, meant) in OPERATORS {
        let length = spelt.chars().count();
        if text
            .get(at..at + length)
            .is_some_and(|found| found.iter().copied().eq(spelt.chars()))
        {
            return Ok((Token::Operator(meant), at + length));
        }
    }
    let digit = |at: usize| text.get(at).is_some_and(|c: &char| c.is_ascii_digit() || *c == '.');
    if c.is_ascii_digit() || (matches!(c, '-' | '+' | '.') && digit(at + 1)) {
        return number_token(text, at);
    }
    if is_word(c) {
        let end = text[at..]
            .iter()
            .position(|&c| !is_word(c))
            .map_or(text.len(), |length| at + length);
        return Ok((Token::Word(text[at..end].iter().collect()), end));
    }
    let message = format!("`{c}` has no meaning here; put names in double quotes and texts in single quotes");
    Err(FilterError::new(at, message))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.') || (!c.is_ascii() && !c.is_whitespace() && c != '\u{2260}')
}

fn number_token(text: &[char], at: usize) -> Result<(Token, usize), FilterError> {
    let mut end = at + 1;
    while let Some(&c) = text.get(end) {
        let exponent_sign = matches!(c, '-' | '+') && matches!(text[end - 1], 'e' | 'E');
        if !(is_word(c) || exponent_sign) {
            break;
        }
        end += 1;
    }
    let spelt: String = text[at..end].iter().collect();
    match number(spelt.as_bytes()) {
        Some(value) => Ok((Token::Number(value), end)),
        // `2xx_count` may be a column.
        None if text[at].is_ascii_digit() => Ok((Token::Word(spelt), end)),
        None => Err(FilterError::new(
            at,
            format!("`{spelt}` is not a number; put texts in single quotes"),
        )),
    }
}

/// What stands between two marks, of which doubled ones mean one.
fn enclosed(text: &[char], at: usize, mark: char) -> Result<(String, usize), FilterError> {
    let mut inside = String::new();
    let mut next = at + 1;
    loop {
        match text.get(next) {
            None => {
                return Err(FilterError::new(
                    at,
                    format!("this {mark} is never closed; add another {mark}"),
                ));
            }
            Some(&c) if c == mark && text.get(next + 1) == Some(&mark) => {
                inside.push(mark);
                next += 2;
            }
            Some(&c) if c == mark => return Ok((inside, next + 1)),
            Some(&c) => {
                inside.push(c);
                next += 1;
            }
        }
    }
}
