//! JSON rows: an array of objects, or one object a line. Keys are the columns of a CSV; `settings` and `lines` may stand
//! in them as the API has them.

use super::columns::{Column, column, shown};
use super::meter::Meter;
use super::{FileError, Place, Rows, unreadable};
use serde::Deserializer as _;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::sync::Arc;

/// Known names, so that each is looked up once and not in every row.
#[derive(Default)]
struct Names(HashMap<String, Column>);

pub fn read_lines(
    mut text: impl BufRead,
    meter: &Meter,
    name: Option<Arc<str>>,
    rows: &mut Rows,
) -> Result<(), FileError> {
    let mut names = Names::default();
    let mut line = Vec::new();
    for row in 1.. {
        line.clear();
        if text.read_until(b'\n', &mut line).map_err(|error| unreadable(&error))? == 0 {
            break;
        }
        meter.next_row();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let place = Place { file: name.clone(), row };
        let parsed = serde_json::from_slice::<Value>(&line).map_err(|error| format!("it is not JSON: {error}"));
        let cells = parsed.and_then(|value| names.cells(value));
        if !rows.take(place, cells.as_deref().map_err(Clone::clone))? {
            break;
        }
    }
    Ok(())
}

pub fn read_array(text: impl Read, meter: &Meter, name: Option<Arc<str>>, rows: &mut Rows) -> Result<(), FileError> {
    struct Elements<'a, 'b> {
        meter: &'a Meter<'a>,
        name: Option<Arc<str>>,
        rows: &'a mut Rows<'b>,
        failed: &'a mut Option<FileError>,
    }
    impl<'de> Visitor<'de> for Elements<'_, '_> {
        type Value = ();
        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("an array of devices")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
            let mut names = Names::default();
            let mut row = 0;
            while let Some(value) = elements.next_element::<Value>()? {
                self.meter.next_row();
                row += 1;
                let place = Place { file: self.name.clone(), row };
                let cells = names.cells(value);
                match self.rows.take(place, cells.as_deref().map_err(Clone::clone)) {
                    Ok(true) => {}
                    Ok(false) => return Err(A::Error::custom("stopped")),
                    Err(error) => {
                        *self.failed = Some(error);
                        return Err(A::Error::custom("failed"));
                    }
                }
            }
            Ok(())
        }
    }
    let mut failed = None;
    let mut json = serde_json::Deserializer::from_reader(text);
    let read = json.deserialize_seq(Elements { meter, name, rows, failed: &mut failed }).and_then(|()| json.end());
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(FileError(format!("it is not JSON: {error}"))),
        (None, Ok(())) => Ok(()),
    }
}

impl Names {
    fn column(&mut self, name: &str) -> Result<Column, String> {
        if let Some(column) = self.0.get(name) {
            return Ok(*column);
        }
        let column = column(name)?;
        self.0.insert(name.to_owned(), column);
        Ok(column)
    }

    fn cells(&mut self, value: Value) -> Result<Vec<(Column, Cow<'static, str>)>, String> {
        let Value::Object(object) = value else { return Err("it is not an object".into()) };
        let mut cells = Vec::with_capacity(object.len());
        for (name, value) in object {
            match (name.as_str(), value) {
                ("settings", Value::Object(settings)) => self.settings("", settings, &mut cells)?,
                ("lines", Value::Array(lines)) => {
                    for line in lines {
                        self.line(line, &mut cells)?;
                    }
                }
                (name, value) => self.cell(name, value, &mut cells)?,
            }
        }
        Ok(cells)
    }

    fn line(&mut self, line: Value, cells: &mut Vec<(Column, Cow<'static, str>)>) -> Result<(), String> {
        let Value::Object(mut line) = line else { return Err("a line is not an object".into()) };
        let number = line.remove("number").and_then(|number| number.as_u64());
        let number = number.ok_or("a line has no number")?;
        let prefix = format!("line{number}_");
        for (name, value) in line {
            match (name.as_str(), value) {
                ("settings", Value::Object(settings)) => self.settings(&prefix, settings, cells)?,
                (name, value) => self.cell(&format!("{prefix}{name}"), value, cells)?,
            }
        }
        Ok(())
    }

    fn settings(
        &mut self,
        prefix: &str,
        settings: Map<String, Value>,
        cells: &mut Vec<(Column, Cow<'static, str>)>,
    ) -> Result<(), String> {
        for (name, value) in settings {
            self.cell(&format!("{prefix}{name}"), value, cells)?;
        }
        Ok(())
    }

    fn cell(&mut self, name: &str, value: Value, cells: &mut Vec<(Column, Cow<'static, str>)>) -> Result<(), String> {
        let column = self.column(name)?;
        let text = match value {
            Value::Null => return Ok(()),
            Value::String(text) => text,
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return Err(format!("{} is neither text, number nor truth value", shown(name))),
        };
        if cells.iter().any(|(other, _)| *other == column) {
            return Err(format!("{} stands there twice", shown(name)));
        }
        cells.push((column, Cow::Owned(text)));
        Ok(())
    }
}
