//! Owns what the binary carries with it: the schemas and the bundled data, so that it works in an empty directory.

/// The schema of the bundled data set, as `data_schema/schema.yaml`.
pub const SCHEMA: &str = include_str!("../data_schema/schema.yaml");

/// The schema of the synthetic network flows, as `data_schema/network_flows.yaml`.
pub const FLOWS_SCHEMA: &str = include_str!("../data_schema/network_flows.yaml");

/// The bundled data set, `Network_Data/phisingData.csv`, as one gzip member.
///
/// UCI Phishing Websites (Mohammad & McCluskey, DOI 10.24432/C51W2X, CC BY 4.0), 11,055 rows, 23 of its 30 features;
/// `Network_Data/README.md` says where the rows come from.
pub const DATA_GZ: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/phisingData.csv.gz"));

#[cfg(test)]
mod tests;
