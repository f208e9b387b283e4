//! Tables as CSV, for spreadsheets.

use super::Problem;

/// A cell that no spreadsheet runs.
pub fn safe(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

pub fn line(cells: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(Problem::internal)?;
    writer.into_inner().map_err(Problem::internal)
}
