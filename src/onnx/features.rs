//! Owns the preprocessor as nodes: from one input a column to the matrix of `f32` that the model sees, each step in the
//! precision and order in which `transform` does it.

use crate::schema::ColumnType;
use crate::transform::{Codes, Flag, KeyView, Keys, Made, NumberView, Recipe, RecipeColumn, Scale, Shape};

use super::graph::{Graph, ML, ints, texts};
use super::proto::{attribute_type, data_type};

/// Whole numbers beyond this do not all have an `f64` of their own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Bounds of numbers in a matrix.
const LARGEST: f64 = f32::MAX as f64;

/// Names the reason why one of the recipe's columns has no exact form, if one has none.
pub(super) fn refusal(recipe: &Recipe<'_>) -> Option<String> {
    recipe.columns.iter().find_map(|column| {
        let name = column.name;
        match column.kind {
            ColumnType::Ip => Some(format!(
                "column `{name}` is read as an address, which no standard operator does; train with \
                 `transform.ip_features: false`, or score with nsec-tui score"
            )),
            ColumnType::Timestamp => Some(format!(
                "column `{name}` is read as a time, which no standard operator does; train with \
                 `transform.timestamp_parts: false`, or score with nsec-tui score"
            )),
            _ => column.parts.iter().find_map(|part| keys_refusal(name, &part.made)),
        }
    })
}

fn keys_refusal(column: &str, made: &Made<'_>) -> Option<String> {
    let (Made::OneHot { codes, .. } | Made::Lookup { codes, .. }) = made else {
        return None;
    };
    let unusable = match codes.keys {
        Keys::Ints(keys) => keys.iter().any(|key| key.unsigned_abs() >= EXACT as u64),
        Keys::Texts(texts) => texts.iter().any(String::is_empty),
    };
    unusable.then(|| {
        format!(
            "a category of column `{column}` is empty or beyond 2^53, so it cannot be told from others; \
             give the column the role `ignore` and train again"
        )
    })
}

/// The element type of a column's input.
pub(super) fn element_of(kind: ColumnType) -> i32 {
    match kind {
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => data_type::STRING,
        _ => data_type::DOUBLE,
    }
}

/// Adds the nodes that make the matrix, rows x features of `f32`, and answers its name. The inputs bear the columns' names.
pub(super) fn add(graph: &mut Graph, recipe: &Recipe<'_>) -> String {
    let mut parts = Vec::new();
    for column in &recipe.columns {
        let mut cells = Cells::new(graph, column);
        for part in &column.parts {
            parts.push(cells.part(&part.made));
        }
    }
    graph.beside(&parts)
}

/// One column's input and what was made of it so far.
struct Cells<'g> {
    graph: &'g mut Graph,
    input: String,
    text: bool,
    /// Where a number is there: finite.
    present: Option<String>,
    /// The number, 0 where it is missing, within the bounds.
    number: Option<String>,
}

impl<'g> Cells<'g> {
    fn new(graph: &'g mut Graph, column: &RecipeColumn<'_>) -> Self {
        let element = element_of(column.kind);
        let text = element == data_type::STRING;
        let missing = if text { "the empty text" } else { "NaN" };
        let doc = format!("{}; missing is {missing}", column.kind.word());
        let input = graph.input(column.name, element, &doc);
        Self {
            graph,
            input,
            text,
            present: None,
            number: None,
        }
    }

    fn part(&mut self, made: &Made<'_>) -> String {
        match made {
            Made::Number {
                view: NumberView::Value,
                fill,
                shape,
                scale,
            } => self.scaled(*fill, *shape, scale),
            // Times are refused beforehand.
            Made::Number { .. } => self.present_number(),
            Made::OneHot { codes, kept } => self.one_hot(codes, kept),
            Made::Lookup { codes, values } => self.lookup(codes, values),
            Made::Flags(flags) => {
                let columns: Vec<String> = flags.iter().map(|flag| self.flag(*flag)).collect();
                self.graph.beside(&columns)
            }
        }
    }

    /// Neither NaN nor an infinity: both have no number at or above their absolute value.
    fn present(&mut self) -> String {
        if let Some(known) = &self.present {
            return known.clone();
        }
        let largest = self.graph.double(f64::MAX);
        let size = self.graph.op("Abs", &[&self.input]);
        let present = self.graph.op("LessOrEqual", &[&size, &largest]);
        self.present = Some(present.clone());
        present
    }

    fn present_number(&mut self) -> String {
        if let Some(known) = &self.number {
            return known.clone();
        }
        let present = self.present();
        let zero = self.graph.double(0.0);
        let number = self.graph.op("Where", &[&present, &self.input, &zero]);
        let number = bounded(self.graph, &number, -LARGEST, LARGEST);
        self.number = Some(number.clone());
        number
    }

    fn scaled(&mut self, fill: Option<f64>, shape: Shape, scale: &Scale) -> String {
        let present = self.present();
        let mut x = self.present_number();
        let g = &mut *self.graph;
        if let Some(fill) = fill {
            let fill = g.double(fill);
            x = g.op("Where", &[&present, &x, &fill]);
        }
        x = shaped(g, &x, shape);
        x = match *scale {
            Scale::None => x,
            Scale::Linear { center, divisor } => {
                let (center, divisor) = (g.double(center), g.double(divisor));
                let from_center = g.op("Sub", &[&x, &center]);
                let scaled = g.op("Div", &[&from_center, &divisor]);
                bounded(g, &scaled, -LARGEST, LARGEST)
            }
            Scale::Range { low, high } => {
                let (from, span) = (g.double(low), g.double(high - low));
                let from_low = g.op("Sub", &[&x, &from]);
                let scaled = g.op("Div", &[&from_low, &span]);
                bounded(g, &scaled, 0.0, 1.0)
            }
            Scale::Zero => {
                let zero = g.double(0.0);
                g.op("Mul", &[&x, &zero])
            }
        };
        let narrow = g.cast(&x, data_type::FLOAT);
        if fill.is_some() {
            return narrow;
        }
        let nan = g.floats(&[], &[f32::NAN]);
        g.op("Where", &[&present, &narrow, &nan])
    }

    /// The code of each cell as `i64`. A missing cell that is passed on has the code one beyond `other`.
    fn codes(&mut self, codes: &Codes<'_>) -> String {
        let missing = i64::from(codes.missing.unwrap_or(codes.other + 1));
        let other = i64::from(codes.other);
        match codes.keys {
            Keys::Texts(keys) => {
                let known = keys.iter().cloned().chain([String::new()]);
                let values = (0..keys.len() as i64).chain([missing]).collect();
                self.graph.op_with(
                    "LabelEncoder",
                    ML,
                    &[&self.input],
                    vec![
                        texts("keys_strings", known),
                        ints("values_int64s", values),
                        super::graph::int("default_int64", other),
                    ],
                )
            }
            Keys::Ints(keys) if keys.is_empty() => {
                let present = self.present();
                let (other, missing) = (self.graph.ints(&[], &[other]), self.graph.ints(&[], &[missing]));
                self.graph.op("Where", &[&present, &other, &missing])
            }
            Keys::Ints(keys) => {
                let whole = self.whole(codes.view);
                let found = self.graph.op_with(
                    "LabelEncoder",
                    ML,
                    &[&whole],
                    vec![
                        ints("keys_int64s", keys.clone()),
                        ints("values_int64s", (0..keys.len() as i64).collect()),
                        super::graph::int("default_int64", other),
                    ],
                );
                let present = self.present();
                let missing = self.graph.ints(&[], &[missing]);
                self.graph.op("Where", &[&present, &found, &missing])
            }
        }
    }

    /// What a category is read from, as `i64`: a number that is not whole, or has none, becomes 2^53, which is no key.
    fn whole(&mut self, view: KeyView) -> String {
        let none = self.graph.double(EXACT);
        let number = self.present_number();
        let present = self.present();
        let g = &mut *self.graph;
        let key = if view == KeyView::PortBand {
            port_band(g, &number)
        } else {
            number
        };
        let floor = g.op("Floor", &[&key]);
        let is_whole = g.op("Equal", &[&floor, &key]);
        let usable = g.op("And", &[&is_whole, &present]);
        let within = bounded(g, &key, -EXACT, EXACT);
        let key = g.op("Where", &[&usable, &within, &none]);
        g.cast(&key, data_type::INT64)
    }

    fn one_hot(&mut self, codes: &Codes<'_>, kept: &[u32]) -> String {
        let code = self.codes(codes);
        let kept: Vec<i64> = kept.iter().map(|code| i64::from(*code)).collect();
        let columns = self.graph.ints(&[1, kept.len() as i64], &kept);
        let equal = self.graph.op("Equal", &[&code, &columns]);
        self.graph.cast(&equal, data_type::FLOAT)
    }

    fn lookup(&mut self, codes: &Codes<'_>, values: &[f32]) -> String {
        let code = self.codes(codes);
        let mut values = values.to_vec();
        values.push(f32::NAN);
        let table = self.graph.floats(&[values.len() as i64], &values);
        self.graph.op("Gather", &[&table, &code])
    }

    /// Of the flags only `missing` stands for columns that are not refused.
    fn flag(&mut self, _: Flag) -> String {
        if self.text {
            let is_empty = vec![
                texts("keys_strings", std::iter::once(String::new())),
                super::graph::floats("values_floats", vec![1.0]),
                super::proto::AttributeProto {
                    name: Some("default_float".to_owned()),
                    f: Some(0.0),
                    r#type: Some(attribute_type::FLOAT),
                    ..Default::default()
                },
            ];
            return self.graph.op_with("LabelEncoder", ML, &[&self.input], is_empty);
        }
        let present = self.present();
        let absent = self.graph.op("Not", &[&present]);
        self.graph.cast(&absent, data_type::FLOAT)
    }
}

/// `low <= x <= high`; NaN does not come here.
fn bounded(g: &mut Graph, x: &str, low: f64, high: f64) -> String {
    let (low, high) = (g.double(low), g.double(high));
    let above = g.op("Max", &[x, &low]);
    g.op("Min", &[&above, &high])
}

fn shaped(g: &mut Graph, x: &str, shape: Shape) -> String {
    if shape == Shape::Identity {
        return x.to_owned();
    }
    let size = g.op("Abs", &[x]);
    let shaped = if shape == Shape::SquareRoot {
        g.op("Sqrt", &[&size])
    } else {
        log_1p(g, &size)
    };
    let sign = g.op("Sign", &[x]);
    g.op("Mul", &[&sign, &shaped])
}

/// ln(1 + x) for x >= 0 without the loss of small x: ln(u) x / (u - 1) with u = 1 + x as it is rounded, and x itself where
/// u is 1 (W. Kahan).
fn log_1p(g: &mut Graph, x: &str) -> String {
    let one = g.double(1.0);
    let u = g.op("Add", &[x, &one]);
    let log = g.op("Log", &[&u]);
    let step = g.op("Sub", &[&u, &one]);
    let correction = g.op("Div", &[x, &step]);
    let corrected = g.op("Mul", &[&log, &correction]);
    let tiny = g.op("Equal", &[&u, &one]);
    g.op("Where", &[&tiny, x, &corrected])
}

/// Key of a port's band: 0, 1 or 2, and -1 for what is no port.
fn port_band(g: &mut Graph, port: &str) -> String {
    let at_least = |g: &mut Graph, low: f64| {
        let low = g.double(low);
        g.op("GreaterOrEqual", &[port, &low])
    };
    let registered = at_least(g, 1024.0);
    let ephemeral = at_least(g, 49152.0);
    let beyond = at_least(g, 65536.0);
    let a_port = at_least(g, 0.0);
    let [none, first, second, third] = [-1.0, 0.0, 1.0, 2.0].map(|band| g.double(band));
    let band = g.op("Where", &[&registered, &second, &first]);
    let band = g.op("Where", &[&ephemeral, &third, &band]);
    let band = g.op("Where", &[&beyond, &none, &band]);
    g.op("Where", &[&a_port, &band, &none])
}
