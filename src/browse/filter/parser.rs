//! Owns the grammar of conditions.

use super::super::contract::ColumnInfo;
use super::super::pattern::Pattern;
use super::error::FilterError;
use super::expression::{Comparison, Expression, Filter, Operand};
use super::lexer::{Token, Tokens, lex};
use super::like::{like, regex};
use super::words::is_keyword;

/// Parentheses and `not` inside one another at most.
const DEEPEST: usize = 50;

/// Reads a condition. One without any operator is a text that is looked for in all cells; its case counts if it has a
/// capital.
///
/// # Errors
/// Says where, what was expected, and the column that may have been meant.
pub(in super::super) fn parse(text: &str, columns: &[ColumnInfo]) -> Result<Filter, FilterError> {
    let (tokens, error) = lex(text);
    let operator = tokens.iter().any(|(_, token)| is_operator(token));
    let mut parser = Parser {
        columns,
        tokens,
        next: 0,
        end: text.chars().count(),
        depth: 0,
        used: Vec::new(),
    };
    if !operator {
        let text = match parser.tokens.as_slice() {
            [(_, Token::Text(inside))] if error.is_none() => inside,
            _ => text.trim(),
        };
        if text.is_empty() {
            return Err(FilterError::new(
                0,
                "nothing to look for; give a text, or a condition such as `column = 1`",
            ));
        }
        let expression = anywhere(text, 0)?;
        return Ok(Filter {
            expression,
            columns: Vec::new(),
        });
    }
    if let Some(error) = error {
        return Err(error);
    }
    let expression = parser.alternatives()?;
    if let Some((at, token)) = parser.peek() {
        let message = format!(
            "{} is not expected here; expected `and`, `or` or the end",
            token.shown()
        );
        return Err(FilterError::new(at, message));
    }
    let mut columns = parser.used.clone();
    columns.sort_unstable();
    let places: Vec<usize> = parser
        .used
        .iter()
        .map(|used| columns.partition_point(|c| c < used))
        .collect();
    let mut expression = expression;
    renumber(&mut expression, &places);
    Ok(Filter { expression, columns })
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Operator(_) => true,
        Token::Word(_) => ["like", "ilike", "in", "is", "between"]
            .iter()
            .any(|keyword| token.is(keyword)),
        _ => false,
    }
}

/// Cells are numbered in the order of their first use while parsing, and by column when evaluated.
fn renumber(expression: &mut Expression, places: &[usize]) {
    let operand = |operand: &mut Operand| {
        if let Operand::Cell(slot) = operand {
            *slot = places[*slot];
        }
    };
    match expression {
        Expression::All(parts) | Expression::Any(parts) => parts.iter_mut().for_each(|part| renumber(part, places)),
        Expression::Not(part) => renumber(part, places),
        Expression::Compare(a, _, b) => {
            operand(a);
            operand(b);
        }
        Expression::Like(slot, _) | Expression::Matches(slot, _) | Expression::Null(slot) => *slot = places[*slot],
        Expression::Anywhere(_) => {}
    }
}

fn anywhere(text: &str, at: usize) -> Result<Expression, FilterError> {
    let pattern = Pattern::new(text, false, None).map_err(|error| FilterError::new(at, error.to_string()))?;
    Ok(Expression::Anywhere(Box::new(pattern)))
}

struct Parser<'c> {
    columns: &'c [ColumnInfo],
    tokens: Tokens,
    next: usize,
    /// The text's length in characters.
    end: usize,
    depth: usize,
    /// Columns in the order of their first use.
    used: Vec<usize>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<(usize, &Token)> {
        self.tokens.get(self.next).map(|(at, token)| (*at, token))
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |(at, _)| at)
    }

    fn take(&mut self) -> Option<(usize, Token)> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|(_, token)| token.is(keyword));
        self.next += usize::from(found);
        found
    }

    /// The error for what comes next.
    fn expected(&self, what: &str) -> FilterError {
        let found = self.peek().map_or("the end".to_owned(), |(_, token)| token.shown());
        FilterError::new(self.at(), format!("expected {what}, found {found}"))
    }

    fn alternatives(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.conjunction()?];
        while self.take_word("or") {
            parts.push(self.conjunction()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::Any(parts)
        })
    }

    fn conjunction(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.factor()?];
        while self.take_word("and") {
            parts.push(self.factor()?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Expression::All(parts)
        })
    }

    fn factor(&mut self) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError::new(self.at(), "too deep; use fewer parentheses"));
        }
        let expression = if self.take_word("not") {
            Expression::Not(Box::new(self.factor()?))
        } else if let Some((at, Token::Open)) = self.peek() {
            self.next += 1;
            let inside = self.alternatives()?;
            if !matches!(self.take(), Some((_, Token::Close))) {
                return Err(FilterError::new(at, "this `(` is never closed; add `)`"));
            }
            inside
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn comparison(&mut self) -> Result<Expression, FilterError> {
        let start = self.at();
        let left = self.operand("a column's name")?;
        match self.peek() {
            Some((_, Token::Operator(operator))) if !operator.ends_with('~') => {
                let operator = *operator;
                self.next += 1;
                let right = self.operand("a column's name, a number or a 'text'")?;
                Ok(compare(left, operator, right))
            }
            other => {
                let more = other.is_some_and(|(_, token)| is_operator(token) || token.is("not"));
                match left {
                    Operand::Cell(slot) => self.of_cell(slot),
                    Operand::Text(text) if !more => anywhere(&String::from_utf8_lossy(&text), start),
                    _ if more => Err(FilterError::new(
                        start,
                        "a column's name must stand before this operator",
                    )),
                    _ => Err(self.expected("an operator such as `=` or `<`")),
                }
            }
        }
    }

    /// What can be asked of one column's cell.
    fn of_cell(&mut self, slot: usize) -> Result<Expression, FilterError> {
        if self.take_word("is") {
            let not = self.take_word("not");
            if !self.take_word("null") {
                return Err(self.expected("`null` or `not null`"));
            }
            return Ok(negated(not, Expression::Null(slot)));
        }
        let not = self.take_word("not");
        if let Some((_, Token::Operator(operator))) = self.peek()
            && !not
        {
            let not = *operator == "!~";
            self.next += 1;
            let (at, pattern) = self.text("a regular expression in single quotes")?;
            return Ok(negated(not, Expression::Matches(slot, regex(&pattern, false, at)?)));
        }
        let expression = if self.take_word("like") {
            let (at, pattern) = self.text("a text in single quotes")?;
            Expression::Like(slot, like(&pattern, false, at)?)
        } else if self.take_word("ilike") {
            let (at, pattern) = self.text("a text in single quotes")?;
            Expression::Like(slot, like(&pattern, true, at)?)
        } else if self.take_word("in") {
            self.list(slot)?
        } else if self.take_word("between") {
            let low = self.operand("a number or a 'text'")?;
            if !self.take_word("and") {
                return Err(self.expected("`and`"));
            }
            let high = self.operand("a number or a 'text'")?;
            Expression::All(vec![
                Expression::Compare(low, Comparison::AtMost, Operand::Cell(slot)),
                Expression::Compare(Operand::Cell(slot), Comparison::AtMost, high),
            ])
        } else {
            let what = if not {
                "`like`, `ilike`, `in` or `between`"
            } else {
                "an operator such as `=`, `<`, `like`, `in` or `is null`"
            };
            return Err(self.expected(what));
        };
        Ok(negated(not, expression))
    }

    fn list(&mut self, slot: usize) -> Result<Expression, FilterError> {
        if !matches!(self.peek(), Some((_, Token::Open))) {
            return Err(self.expected("`(`"));
        }
        self.next += 1;
        let mut parts = Vec::new();
        loop {
            let value = self.operand("a number or a 'text'")?;
            parts.push(Expression::Compare(Operand::Cell(slot), Comparison::Equal, value));
            match self.peek() {
                Some((_, Token::Comma)) => self.next += 1,
                Some((_, Token::Close)) => {
                    self.next += 1;
                    return Ok(Expression::Any(parts));
                }
                _ => return Err(self.expected("`,` or `)`")),
            }
        }
    }

    fn text(&mut self, what: &str) -> Result<(usize, String), FilterError> {
        let at = self.at();
        match self.peek() {
            Some((_, Token::Text(text))) => {
                let text = text.clone();
                self.next += 1;
                Ok((at, text))
            }
            _ => Err(self.expected(what)),
        }
    }

    fn operand(&mut self, what: &str) -> Result<Operand, FilterError> {
        let at = self.at();
        let operand = match self.peek() {
            Some((_, Token::Number(value))) => Operand::Number(*value),
            Some((_, Token::Text(text))) => Operand::Text(text.clone().into_bytes()),
            Some((_, Token::Name(name))) => {
                let name = name.clone();
                self.column(&name, at)?
            }
            Some((_, Token::Word(word))) if !is_keyword(word) => {
                let name = word.clone();
                self.column(&name, at)?
            }
            _ => return Err(self.expected(what)),
        };
        self.next += 1;
        Ok(operand)
    }

    /// The column of a name: as it is spelt, else the only one that differs in case alone.
    fn column(&mut self, name: &str, at: usize) -> Result<Operand, FilterError> {
        let exact = self.columns.iter().position(|column| column.name == name);
        let column = exact.or_else(|| {
            let lower = name.to_lowercase();
            let mut alike = self
                .columns
                .iter()
                .enumerate()
                .filter(|(_, column)| column.name.to_lowercase() == lower);
            alike
                .next()
                .filter(|_| alike.next().is_none())
                .map(|(column, _)| column)
        });
        let Some(column) = column else {
            return Err(FilterError::new(at, self.unknown(name)));
        };
        let slot = self.used.iter().position(|&used| used == column).unwrap_or_else(|| {
            self.used.push(column);
            self.used.len() - 1
        });
        Ok(Operand::Cell(slot))
    }

    fn unknown(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        let likeness =
            |column: &&ColumnInfo| strsim::normalized_damerau_levenshtein(&lower, &column.name.to_lowercase());
        let nearest = self.columns.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        match nearest.filter(|column| likeness(column) >= 0.5) {
            Some(near) => format!(
                "no column is named \"{name}\"; did you mean \"{}\"? Texts stand in single quotes",
                near.name
            ),
            None => format!("no column is named \"{name}\"; if it is a text, put it in single quotes: '{name}'"),
        }
    }
}

fn negated(not: bool, expression: Expression) -> Expression {
    if not {
        Expression::Not(Box::new(expression))
    } else {
        expression
    }
}

fn compare(left: Operand, operator: &str, right: Operand) -> Expression {
    match operator {
        "!=" => negated(true, Expression::Compare(left, Comparison::Equal, right)),
        "<" => Expression::Compare(left, Comparison::Less, right),
        "<=" => Expression::Compare(left, Comparison::AtMost, right),
        ">" => Expression::Compare(right, Comparison::Less, left),
        ">=" => Expression::Compare(right, Comparison::AtMost, left),
        _ => Expression::Compare(left, Comparison::Equal, right),
    }
}
