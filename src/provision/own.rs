//! Step 2, when a file must be made: the device's own lines, SIP accounts, settings and raw text. Read, used, forgotten.

use super::shared::{self, RawItems};
use crate::db::{Db, Result};
use crate::devices::{Device, Line, store};
use crate::seal::Keyring;
use crate::settings::{Layer, Provenance, Set, SettingId, Value, Values, catalogue, store as settings};
use std::sync::{Arc, LazyLock};

pub struct Own {
    pub lines: Vec<u8>,
    /// Values of the device layer.
    pub values: Values,
    /// Values of the line layer, the SIP accounts' among them.
    pub line_values: Values,
    pub raw: Vec<RawItems>,
}

impl Own {
    pub fn load(db: &Db, keys: &Keyring, device: &Device) -> Result<Own> {
        db.read_at_once(|conn| {
            let lines = store::lines(conn, keys, device.id)?;
            let label: Arc<str> = device.mac.to_string().into();
            let mut of_lines = lines.iter().flat_map(|line| account_sets(line, &label)).collect::<Vec<_>>();
            of_lines.extend(settings::values(conn, keys, Layer::Line, device.id, &label)?);
            Ok(Own {
                lines: lines.iter().map(|line| line.number).collect(),
                values: Values::new(settings::values(conn, keys, Layer::Device, device.id, &label)?),
                line_values: Values::new(of_lines),
                raw: shared::raw(conn, keys, Layer::Device, device.id, &label)?,
            })
        })
    }
}

/// What a SIP account says about its line.
fn account_sets(line: &Line, label: &Arc<str>) -> Vec<Set> {
    static IDS: LazyLock<[Option<SettingId>; 5]> = LazyLock::new(|| {
        ["line.user", "line.auth_id", "line.password", "line.display_name", "line.enabled"]
            .map(|name| catalogue().find(name).ok())
    });
    let Some(account) = &line.account else { return Vec::new() };
    let from = Provenance {
        layer: Layer::Line,
        scope: label.clone(),
        author: account.author.as_str().into(),
        at: account.updated_at,
    };
    let from = Arc::new(from);
    let plain = |text: &str| Some(Value::Plain(text.into()));
    let values = [
        plain(&account.user),
        account.auth_id.as_deref().and_then(plain),
        account.password.clone().map(Value::Secret),
        account.display_name.as_deref().and_then(plain),
        plain("true"),
    ];
    let sets = IDS
        .iter()
        .zip(values)
        .filter_map(|(id, value)| Some(Set { id: (*id)?, line: line.number, value: value?, from: from.clone() }));
    sets.collect()
}
