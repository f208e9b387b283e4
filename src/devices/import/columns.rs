//! What a column is called, and what it means.

use crate::settings::{NO_SUCH, SettingId, catalogue};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Mac,
    Vendor,
    Model,
    Serial,
    Name,
    Site,
    Profile,
    Group,
    /// Its own target.
    Url,
    Active,
    /// SHA-256 of the certificate that it left the factory with.
    Certificate,
    Line(u8, LineWord),
    /// 0: of the device; otherwise of that line.
    Setting(u8, SettingId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineWord {
    User,
    AuthId,
    Password,
    DisplayName,
}

const WORDS: [(&str, Column); 15] = [
    ("mac", Column::Mac),
    ("mac_address", Column::Mac),
    ("vendor", Column::Vendor),
    ("model", Column::Model),
    ("serial", Column::Serial),
    ("serial_number", Column::Serial),
    ("name", Column::Name),
    ("site", Column::Site),
    ("profile", Column::Profile),
    ("group", Column::Group),
    ("url", Column::Url),
    ("active", Column::Active),
    ("activate", Column::Active),
    ("certificate", Column::Certificate),
    ("thumbprint", Column::Certificate),
];

const LINE_WORDS: [(&str, LineWord); 4] = [
    ("user", LineWord::User),
    ("auth_id", LineWord::AuthId),
    ("password", LineWord::Password),
    ("display_name", LineWord::DisplayName),
];

/// A column's name in a header: letter case does not matter, blanks and hyphens are underscores.
pub fn column(name: &str) -> Result<Column, String> {
    let name = name.trim();
    let plain = name.to_ascii_lowercase().replace([' ', '-'], "_");
    if let Some((_, column)) = WORDS.iter().find(|(word, _)| *word == plain) {
        return Ok(*column);
    }
    if let Some((number, word)) = plain.strip_prefix("line").and_then(|rest| rest.split_once('_'))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        let number = number.parse().ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| format!("column {}: lines go from 1 to {}", shown(name), u8::MAX))?;
        if let Some((_, word)) = LINE_WORDS.iter().find(|(one, _)| *one == word) {
            return Ok(Column::Line(number, *word));
        }
        let id = catalogue().find(word).map_err(|error| format!("column {}: {}", shown(name), error.rule))?;
        if !catalogue().entry(id).per_line {
            return Err(format!("column {}: this setting belongs to the whole phone", shown(name)));
        }
        return Ok(Column::Setting(number, id));
    }
    let id = catalogue().find(&plain).map_err(|error| match error.rule.as_str() {
        NO_SUCH => unknown(name, &plain, &error.next),
        rule => format!("column {}: {rule}", shown(name)),
    })?;
    Ok(Column::Setting(0, id))
}

fn unknown(name: &str, plain: &str, setting: &str) -> String {
    let words = WORDS.iter().map(|(word, _)| *word);
    let near = words.clone().find(|word| strsim::damerau_levenshtein(plain, word) <= plain.len() / 4);
    let meant = match near {
        Some(word) => format!(" Did you mean {word}?"),
        None if setting.starts_with("Did") => format!(" {setting}"),
        None => String::new(),
    };
    let lines = LINE_WORDS.iter().map(|(word, _)| format!("line1_{word}")).collect::<Vec<_>>().join(", ");
    let words = words.collect::<Vec<_>>().join(", ");
    format!("column {} is not known.{meant} Known are {words}, {lines} and every setting's name", shown(name))
}

/// A stranger's word in a message.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_others_are_refused() {
        assert_eq!(column(" MAC "), Ok(Column::Mac));
        assert_eq!(column("Serial Number"), Ok(Column::Serial));
        assert_eq!(column("line255_display_name"), Ok(Column::Line(255, LineWord::DisplayName)));
        assert!(matches!(column("sip.server"), Ok(Column::Setting(0, _))));
        assert!(matches!(column("line2_line.label"), Ok(Column::Setting(2, _))));
        for name in
            ["account_id", "line0_user", "line256_user", "line_user", "line1_", "line1_time.zone", "", "token_sealed"]
        {
            assert!(column(name).is_err(), "{name}");
        }
    }
}
