//! `phonebox openapi`: the document that is committed as packaging/openapi.json.

use super::{Failure, table};
use crate::server::document::document;

pub fn run() -> Result<(), Failure> {
    table::say(document().trim_end());
    Ok(())
}
