//! Vendor, model and firmware: there are few of each three, so that a device has a number for them.

use std::collections::HashMap;

/// As the rows have them, letter by letter.
pub struct Kind {
    pub vendor: Option<Box<str>>,
    pub model: Option<Box<str>>,
    pub firmware: Option<Box<str>>,
}

#[derive(Default)]
pub struct Kinds {
    pub all: Vec<Kind>,
    numbers: HashMap<Box<[u8]>, u32, foldhash::fast::RandomState>,
    key: Vec<u8>,
}

impl Kinds {
    pub fn words(&self, number: u32) -> [Option<&str>; 3] {
        let Some(kind) = self.all.get(number as usize) else { return [None; 3] };
        [kind.vendor.as_deref(), kind.model.as_deref(), kind.firmware.as_deref()]
    }

    pub fn number(&mut self, words: [Option<&str>; 3]) -> u32 {
        self.key.clear();
        for word in words {
            // Bytes that no UTF-8 has: none is not an empty word.
            self.key.push(if word.is_some() { 0xff } else { 0xfe });
            self.key.extend_from_slice(word.unwrap_or_default().as_bytes());
        }
        if let Some(number) = self.numbers.get(self.key.as_slice()) {
            return *number;
        }
        let number = self.all.len() as u32;
        let [vendor, model, firmware] = words.map(|word| word.map(Box::from));
        self.all.push(Kind { vendor, model, firmware });
        self.numbers.insert(self.key.as_slice().into(), number);
        number
    }
}
