//! Owns the building of a graph: nodes and constants under names that no input bears, constants of one value shared.

use std::collections::HashMap;

use super::proto::{
    AttributeProto, DimensionProto, GraphProto, NodeProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto, attribute_type, data_type,
};

/// The family of operators for classical models.
pub(super) const ML: &str = "ai.onnx.ml";

/// A graph in the making.
pub(super) struct Graph {
    proto: GraphProto,
    /// What every name of our own begins with.
    prefix: String,
    constants: HashMap<(i32, Vec<i64>, Vec<u8>), String>,
}

impl Graph {
    /// An empty graph whose inputs and outputs will bear these names.
    pub(super) fn new<'a>(name: &str, taken: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut prefix = "nsec_".to_owned();
        while taken.clone().any(|name| name.starts_with(&prefix)) {
            prefix.push('_');
        }
        Self {
            proto: GraphProto {
                name: Some(name.to_owned()),
                ..GraphProto::default()
            },
            prefix,
            constants: HashMap::new(),
        }
    }

    /// An input of shape rows x 1.
    pub(super) fn input(&mut self, name: &str, element: i32, doc: &str) -> String {
        self.proto.input.push(value_info(name, element, doc));
        name.to_owned()
    }

    /// An output of shape rows x 1 that is `value`.
    pub(super) fn output(&mut self, name: &str, value: &str, element: i32, doc: &str) {
        let outputs = vec![name.to_owned()];
        self.push("Identity", "", &[value], outputs, Vec::new());
        self.proto.output.push(value_info(name, element, doc));
    }

    /// A node of `ai.onnx` with one output, whose name is answered.
    pub(super) fn op(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.op_with(operator, "", inputs, Vec::new())
    }

    /// A node with settings.
    pub(super) fn op_with(
        &mut self,
        operator: &str,
        domain: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = format!("{}{}", self.prefix, self.proto.node.len());
        self.push(operator, domain, inputs, vec![name.clone()], attributes);
        name
    }

    fn push(
        &mut self,
        operator: &str,
        domain: &str,
        inputs: &[&str],
        output: Vec<String>,
        attribute: Vec<AttributeProto>,
    ) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output,
            name: Some(format!("{}node_{}", self.prefix, self.proto.node.len())),
            op_type: Some(operator.to_owned()),
            attribute,
            domain: Some(domain.to_owned()),
        });
    }

    /// `value` as another element type.
    pub(super) fn cast(&mut self, value: &str, element: i32) -> String {
        self.op_with("Cast", "", &[value], vec![int("to", i64::from(element))])
    }

    /// A constant of `f64`.
    pub(super) fn doubles(&mut self, dims: &[i64], values: &[f64]) -> String {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(data_type::DOUBLE, dims, bytes)
    }

    /// One `f64`.
    pub(super) fn double(&mut self, value: f64) -> String {
        self.doubles(&[], &[value])
    }

    /// A constant of `f32`.
    pub(super) fn floats(&mut self, dims: &[i64], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(data_type::FLOAT, dims, bytes)
    }

    /// A constant of `i64`.
    pub(super) fn ints(&mut self, dims: &[i64], values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(data_type::INT64, dims, bytes)
    }

    fn constant(&mut self, element: i32, dims: &[i64], bytes: Vec<u8>) -> String {
        let next = format!("{}constant_{}", self.prefix, self.constants.len());
        let key = (element, dims.to_vec(), bytes);
        if let Some(name) = self.constants.get(&key) {
            return name.clone();
        }
        self.proto.initializer.push(TensorProto {
            dims: key.1.clone(),
            data_type: Some(element),
            name: Some(next.clone()),
            raw_data: Some(key.2.clone()),
        });
        self.constants.insert(key, next.clone());
        next
    }

    /// Columns `from..to` of a matrix.
    pub(super) fn columns(&mut self, matrix: &str, from: usize, to: usize) -> String {
        let from = self.ints(&[1], &[from as i64]);
        let to = self.ints(&[1], &[to as i64]);
        let axis = self.ints(&[1], &[1]);
        self.op("Slice", &[matrix, &from, &to, &axis])
    }

    /// Matrices of the same rows side by side.
    pub(super) fn beside(&mut self, parts: &[String]) -> String {
        if let [only] = parts {
            return only.clone();
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.op_with("Concat", "", &parts, vec![int("axis", 1)])
    }

    /// The sum of a matrix's columns of `f64`, added one after the other from the left as a loop does.
    pub(super) fn sum_in_order(&mut self, matrix: &str, width: usize) -> String {
        let axis = self.ints(&[], &[1]);
        let sums = self.op("CumSum", &[matrix, &axis]);
        self.columns(&sums, width.saturating_sub(1), width)
    }

    /// The graph.
    pub(super) fn finish(self) -> GraphProto {
        self.proto
    }
}

fn value_info(name: &str, element: i32, doc: &str) -> ValueInfoProto {
    let rows = DimensionProto {
        dim_value: None,
        dim_param: Some("rows".to_owned()),
    };
    let one = DimensionProto {
        dim_value: Some(1),
        dim_param: None,
    };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Some(element),
                shape: Some(TensorShapeProto { dim: vec![rows, one] }),
            }),
        }),
        doc_string: Some(doc.to_owned()),
    }
}

fn attribute(name: &str, kind: i32) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        r#type: Some(kind),
        ..AttributeProto::default()
    }
}

/// A whole number.
pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        i: Some(value),
        ..attribute(name, attribute_type::INT)
    }
}

/// A text.
pub(super) fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        s: Some(value.as_bytes().to_vec()),
        ..attribute(name, attribute_type::STRING)
    }
}

/// Numbers.
pub(super) fn floats(name: &str, floats: Vec<f32>) -> AttributeProto {
    AttributeProto {
        floats,
        ..attribute(name, attribute_type::FLOATS)
    }
}

/// Whole numbers.
pub(super) fn ints(name: &str, ints: Vec<i64>) -> AttributeProto {
    AttributeProto {
        ints,
        ..attribute(name, attribute_type::INTS)
    }
}

/// Texts.
pub(super) fn texts(name: &str, texts: impl Iterator<Item = String>) -> AttributeProto {
    AttributeProto {
        strings: texts.map(String::into_bytes).collect(),
        ..attribute(name, attribute_type::STRINGS)
    }
}
