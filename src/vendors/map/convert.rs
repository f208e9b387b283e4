//! One value, in the vendor's words: booleans, word lists, units, limits.

use crate::settings::catalogue::{Entry, Kind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a row spells its setting's value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// false, true.
    pub bool: [Arc<str>; 2],
    /// Neutral word → vendor's word. `*` catches the rest; as a vendor's word, `=` means the value itself and `-` that the
    /// parameter is left out.
    pub values: Vec<(String, Arc<str>)>,
    /// The word for `*`.
    pub rest: Option<Arc<str>>,
    /// Between the items of a list.
    pub join: Option<String>,
    /// After the last item of a list.
    pub suffix: String,
    pub times: Option<i64>,
    /// Rounded up: a timer that is too long does less harm than one of zero.
    pub divide: Option<i64>,
    /// A sign that the vendor does not want at the end.
    pub trim: Option<char>,
    /// The vendor's limits: numbers are moved inside them, text outside them is refused.
    pub min: Option<i64>,
    pub max: Option<i64>,
}

/// The converted value; most are not changed at all, or a word of the table, and need no new memory.
#[derive(Debug, PartialEq, Eq)]
pub enum Text {
    Same,
    Word(Arc<str>),
    New(String),
    /// Nothing is to be said.
    Nothing,
}

impl Words {
    pub fn convert(&self, entry: &Entry, text: &str) -> Result<Text, String> {
        if entry.list.is_none() {
            return self.one(&entry.kind, text);
        }
        let mut joined = String::new();
        for item in text.split(',') {
            let new = match self.one(&entry.kind, item)? {
                Text::Same => item.into(),
                Text::Word(word) => word,
                Text::New(item) => item.into(),
                Text::Nothing => continue,
            };
            if !joined.is_empty() {
                joined.push_str(self.join.as_deref().unwrap_or(","));
            }
            joined.push_str(&new);
        }
        if joined.is_empty() {
            return Err(format!("the phone knows nothing of {text}"));
        }
        joined.push_str(&self.suffix);
        if let Some(max) = self.max
            && joined.chars().count() as i64 > max
        {
            return Err(format!("the phone takes at most {max} characters"));
        }
        Ok(Text::New(joined))
    }

    fn one(&self, kind: &Kind, text: &str) -> Result<Text, String> {
        if self.has_words() {
            // A table that knows `de` also answers for `de-AT`.
            let language = || text.split('-').next().filter(|_| matches!(kind, Kind::Language));
            let word = self.word(text).or_else(|| self.word(language()?)).or(self.rest.as_ref());
            return match word.map(|word| &**word) {
                Some("=") => self.own(kind, text),
                Some("-") => Ok(Text::Nothing),
                Some(_) => Ok(word.map_or(Text::Nothing, |word| Text::Word(word.clone()))),
                None => Err(format!("the phone has no word for {text}")),
            };
        }
        self.own(kind, text)
    }

    fn own(&self, kind: &Kind, text: &str) -> Result<Text, String> {
        match kind {
            _ if self.trim.is_some_and(|sign| text.ends_with(sign)) => {
                Ok(Text::New(self.trim.map_or(text, |sign| text.trim_end_matches(sign)).to_owned()))
            }
            Kind::Bool => Ok(Text::Word(self.bool[usize::from(text == "true")].clone())),
            Kind::Int { .. } if self.limits_or_scales() => {
                let number: i64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
                let number = number.saturating_mul(self.times.unwrap_or(1));
                let by = self.divide.unwrap_or(1).max(1);
                let number = number.saturating_add(by - 1).div_euclid(by);
                let (min, max) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
                Ok(Text::New(number.clamp(min, max.max(min)).to_string()))
            }
            Kind::Text { .. } | Kind::Dial { .. } | Kind::Url { .. } | Kind::Host if self.limits_or_scales() => {
                let length = text.chars().count() as i64;
                match (self.min, self.max) {
                    (Some(min), _) if length < min => Err(format!("the phone needs at least {min} characters")),
                    (_, Some(max)) if length > max => Err(format!("the phone takes at most {max} characters")),
                    _ => Ok(Text::Same),
                }
            }
            _ => Ok(Text::Same),
        }
    }

    pub fn has_words(&self) -> bool {
        !self.values.is_empty() || self.rest.is_some()
    }

    /// The vendor's word for exactly this one.
    pub fn word(&self, text: &str) -> Option<&Arc<str>> {
        self.values.iter().find(|(word, _)| word == text).map(|(_, word)| word)
    }

    /// The words of a table's row.
    pub fn set_words(&mut self, values: &BTreeMap<String, String>) {
        self.rest = values.get("*").map(|own| own.as_str().into());
        let words = values.iter().filter(|(word, _)| *word != "*");
        self.values = words.map(|(word, own)| (word.clone(), own.as_str().into())).collect();
    }

    fn limits_or_scales(&self) -> bool {
        self.times.is_some() || self.divide.is_some() || self.min.is_some() || self.max.is_some()
    }
}
