//! `phonebox openapi`: the document that is committed as packaging/openapi.json.

use super::{Failure, table};
use crate::server::admin;

pub fn run() -> Result<(), Failure> {
    table::say(admin::document().trim_end());
    Ok(())
}
