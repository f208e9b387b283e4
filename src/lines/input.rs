//! What a person says of a line: checked here once, for the API, the import and device bodies alike.

use super::store::Change;
use crate::layers::{Checked, checked};
use crate::settings::{Secret, SettingError};
use crate::web::Text;
use crate::web::json::{double, values};
use std::collections::BTreeMap;

/// Fields that are absent stay as they are; `null` empties them.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LineInput {
    /// User part of the SIP address. A line gets an account when it is first named.
    pub user: Option<Text>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<Text>)]
    pub auth_id: Option<Option<Text>>,
    /// It can be set, never read.
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<Text>)]
    pub password: Option<Option<Text>>,
    #[serde(deserialize_with = "double")]
    #[schema(value_type = Option<Text>)]
    pub display_name: Option<Option<Text>>,
    /// Id of a SIP account there is, instead of an own one.
    pub sip_account: Option<i64>,
    /// Settings of this line only.
    #[serde(deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    pub settings: BTreeMap<String, Text>,
    /// Names of line settings to take away.
    pub unset: Vec<String>,
}

/// The number of a line, for the document.
#[derive(utoipa::ToSchema)]
#[schema(minimum = 1, maximum = 255)]
pub struct LineNumber(pub u8);

/// The same with the line's number, in a device's body.
#[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberedLine {
    #[schema(minimum = 1, maximum = 255)]
    pub number: u8,
    pub user: Option<Text>,
    pub auth_id: Option<Text>,
    pub password: Option<Text>,
    pub display_name: Option<Text>,
    pub sip_account: Option<i64>,
    #[serde(default, deserialize_with = "values")]
    #[schema(value_type = std::collections::HashMap<String, Text>)]
    pub settings: BTreeMap<String, Text>,
}

impl From<NumberedLine> for LineInput {
    fn from(line: NumberedLine) -> LineInput {
        LineInput {
            user: line.user,
            auth_id: line.auth_id.map(Some),
            password: line.password.map(Some),
            display_name: line.display_name.map(Some),
            sip_account: line.sip_account,
            settings: line.settings,
            unset: Vec::new(),
        }
    }
}

/// A line's words after the check.
#[derive(Debug, Clone, Default)]
pub struct CheckedLine {
    pub account: Change,
    pub sip_account: Option<i64>,
    pub settings: Vec<Checked>,
    pub unset: Vec<String>,
}

impl LineInput {
    pub fn check(self) -> Result<CheckedLine, SettingError> {
        let word = |name: &str, text: Text| checked(name, &text.0, true).map(|checked| checked.value.text().to_owned());
        let field = |name: &str, field: Option<Option<Text>>| -> Result<Option<Option<String>>, SettingError> {
            let Some(field) = field else { return Ok(None) };
            let text = field.filter(|text| !text.0.is_empty());
            Ok(Some(text.map(|text| word(name, text)).transpose()?))
        };
        let account = Change {
            user: self.user.map(|text| word("line.user", text)).transpose()?,
            auth_id: field("line.auth_id", self.auth_id)?,
            password: field("line.password", self.password)?.map(|text| text.map(Secret::new)),
            display_name: field("line.display_name", self.display_name)?,
        };
        let settings = self.settings.iter().map(|(name, text)| checked(name, &text.0, true));
        Ok(CheckedLine {
            account,
            sip_account: self.sip_account,
            settings: settings.collect::<Result<_, _>>()?,
            unset: self.unset,
        })
    }
}
