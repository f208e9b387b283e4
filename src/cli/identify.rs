//! `phonebox identify`: JSON Lines in, one identity per line out. No database, no network.
//!
//! Byte strings travel as Latin-1: the JSON character U+00FF is the byte 0xff, as phones send it.

use crate::net::Mac;
use crate::vendors::identify;
use crate::vendors::identify::{Evidence, Said};
use std::borrow::Cow;
use std::io::{self, BufRead, Write};

/// Reads evidence from `input` until its end. A line that cannot be read is answered with an error and its number.
///
/// Answers leave whenever the input has to be waited for, so that a person at a terminal gets each one at once.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let (mut begun, mut answers, mut number) = (Vec::new(), Vec::new(), 0u64);
    loop {
        let chunk = input.fill_buf()?;
        let last = chunk.is_empty();
        let whole = chunk.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (lines, rest) = chunk.split_at(whole);
        for part in lines.split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            if begun.is_empty() {
                answer(number, part, &mut answers);
            } else {
                begun.extend_from_slice(part);
                answer(number, &begun, &mut answers);
                begun.clear();
            }
        }
        begun.extend_from_slice(rest);
        let read = chunk.len();
        input.consume(read);
        if last && !begun.is_empty() {
            answer(number + 1, &begun, &mut answers);
        }
        output.write_all(&answers)?;
        output.flush()?;
        if last {
            return Ok(());
        }
        answers.clear();
    }
}

fn answer(number: u64, line: &[u8], output: &mut Vec<u8>) {
    if line.trim_ascii().is_empty() {
        return;
    }
    match serde_json::from_slice::<Line<'_>>(line) {
        Ok(line) => identified(&line, output),
        Err(error) => {
            let mut object = Object::open(output);
            object.text("error", Some(&format!("line {number}: {error}")));
            object.close();
        }
    }
    output.push(b'\n');
}

fn identified(line: &Line<'_>, output: &mut Vec<u8>) {
    let user_agent = line.user_agent.as_ref().map(Text::bytes);
    let path = line.path.as_ref().map(Text::bytes);
    let dhcp_vendor_class = line.dhcp_vendor_class.as_ref().map(Text::bytes);
    let client_cert_dn = line.client_cert_dn.as_ref().map(Text::bytes);
    let sip_user_agent = line.sip_user_agent.as_ref().map(Text::bytes);
    let sip_request_uri = line.sip_request_uri.as_ref().map(Text::bytes);
    let sip_event = line.sip_event.as_ref().map(Text::bytes);
    let identity = identify(&Evidence {
        user_agent: user_agent.as_deref(),
        path: path.as_deref(),
        dhcp_vendor_class: dhcp_vendor_class.as_deref(),
        client_cert_dn: client_cert_dn.as_deref(),
        sip_user_agent: sip_user_agent.as_deref(),
        sip_request_uri: sip_request_uri.as_deref(),
        sip_event: sip_event.as_deref(),
    });
    let mut object = Object::open(output);
    object.text("vendor", identity.vendor.map(|vendor| vendor.name));
    object.text("model", identity.model.as_deref());
    object.text("version", identity.version.as_deref());
    object.mac("mac", identity.mac);
    if identity.conflict.is_some() {
        object.mac("conflict", identity.conflict);
    }
    object.text("file", identity.file.as_deref());
    object.evidence(&identity.evidence);
    object.close();
}

/// Writes the two flat objects of an answer. By hand, because a general serializer takes longer to print an identity than
/// it takes to find it; what needs escaping is left to serde_json.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    before: u8,
}

impl Object<'_> {
    fn open(out: &mut Vec<u8>) -> Object<'_> {
        Object { out, before: b'{' }
    }

    fn key(&mut self, name: &str) {
        self.out.extend_from_slice(&[self.before, b'"']);
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.before = b',';
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        self.key(name);
        // no early exit: the compiler then compares many bytes at once
        let plain = |text: &str| {
            text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\'))
        };
        match text {
            Some(text) if plain(text) => {
                self.out.push(b'"');
                self.out.extend_from_slice(text.as_bytes());
                self.out.push(b'"');
            }
            // a Vec takes every byte
            Some(text) => serde_json::to_writer(&mut *self.out, text).unwrap_or_default(),
            None => self.out.extend_from_slice(b"null"),
        }
    }

    fn mac(&mut self, name: &str, mac: Option<Mac>) {
        let digits = mac.map(Mac::hex);
        self.text(name, digits.as_ref().and_then(|digits| std::str::from_utf8(digits).ok()));
    }

    /// What each source said; what it did not say is left out.
    fn evidence(&mut self, evidence: &[Said<'_>]) {
        self.key("evidence");
        self.out.push(b'[');
        for (place, said) in evidence.iter().enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            let mut object = Object::open(self.out);
            object.text("source", Some(said.source.id()));
            let texts = [
                ("vendor", said.vendor.map(|vendor| vendor.name)),
                ("model", said.model.as_deref()),
                ("version", said.version.as_deref()),
            ];
            for (name, text) in texts.into_iter().filter(|(_, text)| text.is_some()) {
                object.text(name, text);
            }
            for (name, mac) in [("mac", said.mac), ("other_mac", said.other_mac)] {
                if mac.is_some() {
                    object.mac(name, mac);
                }
            }
            object.close();
        }
        self.out.push(b']');
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

/// The fields that are read; others (`kind`, `source`, `expected`) may be there.
#[derive(serde::Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    user_agent: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow)]
    dhcp_vendor_class: Option<Text<'a>>,
    #[serde(borrow)]
    client_cert_dn: Option<Text<'a>>,
    #[serde(borrow)]
    sip_user_agent: Option<Text<'a>>,
    #[serde(borrow)]
    sip_request_uri: Option<Text<'a>>,
    #[serde(borrow)]
    sip_event: Option<Text<'a>>,
}

/// Of its own, because serde borrows a `Cow` only where it stands directly in a struct.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn bytes(&self) -> Cow<'_, [u8]> {
        if self.0.is_ascii() {
            return self.0.as_bytes().into();
        }
        self.0.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect::<Vec<u8>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn answers(input: &str) -> Vec<Value> {
        let mut output = Vec::new();
        // a small buffer, so that lines are cut anywhere
        run(io::BufReader::with_capacity(7, input.as_bytes()), &mut output).unwrap();
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_in_is_a_line_out_with_nulls_for_what_is_not_known() {
        let found = answers(
            "{\"kind\":\"path\",\"path\":\"/x/805ec0aabb01.cfg\",\"user_agent\":null}\n{}\n{\"user_agent\":\"curl/8.5.0\"}",
        );
        assert_eq!(
            found,
            [
                json!({
                    "vendor": "Yealink", "model": null, "version": null, "mac": "805ec0aabb01", "file": "805ec0aabb01.cfg",
                    "evidence": [{ "source": "path", "mac": "805ec0aabb01" }, { "source": "mac-prefix", "vendor": "Yealink" }],
                }),
                json!({ "vendor": null, "model": null, "version": null, "mac": null, "file": null, "evidence": [] }),
                json!({ "vendor": null, "model": null, "version": null, "mac": null, "file": null, "evidence": [] }),
            ]
        );
    }

    #[test]
    fn evidence_is_written_as_serde_writes_it() {
        let agent = "Fanvil \"X\\4\" 1.2 0c383e000001 0c383e000002 é";
        let path = "/y000000000045.cfg";
        let line = json!({ "user_agent": agent, "path": path }).to_string();
        let agent = Text(agent.into());
        let agent = agent.bytes();
        let evidence = Evidence { user_agent: Some(&agent), path: Some(path.as_bytes()), ..Evidence::default() };
        assert_eq!(answers(&line)[0]["evidence"], serde_json::to_value(identify(&evidence).evidence).unwrap());
    }

    #[test]
    fn what_a_phone_sends_is_escaped() {
        let path = "/\"\\\u{1b}[31m\n<é>.cfg";
        let found = answers(&json!({ "path": path }).to_string());
        assert_eq!(found[0]["file"], "\u{1b}[31m\n<\u{fffd}>.cfg");
    }

    #[test]
    fn a_second_mac_is_told() {
        let found = answers(
            "{\"path\":\"/805ec0aabb01.cfg\",\"user_agent\":\"Yealink SIP-T46S 66.86.0.15 80:5e:c0:aa:bb:02\"}\n",
        );
        assert_eq!((&found[0]["mac"], &found[0]["conflict"]), (&json!("805ec0aabb01"), &json!("805ec0aabb02")));
    }

    #[test]
    fn a_letter_is_a_byte() {
        let found = answers(
            "{\"user_agent\":\"AVAYA/SIP12x0ÿ/04.01.13.00\"}\n{\"user_agent\":\"AVAYA/SIP12x0\\u00ff/04.01.13.00\"}\n",
        );
        for answer in found {
            assert_eq!((&answer["model"], &answer["version"]), (&json!("12x0"), &json!("04.01.13.00")));
        }
    }

    #[test]
    fn a_bad_line_is_answered_by_number_and_the_rest_goes_on() {
        let found = answers("{\"path\":\"/a\"}\n\nnonsense\n[1]\n{\"user_agent\":5}\n{\"path\":\"/b\"}");
        let error = |at: usize| found[at]["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(found.len(), 5);
        assert_eq!(found[0]["file"], "a");
        assert!(error(1).starts_with("line 3: "), "{}", error(1));
        assert!(error(2).starts_with("line 4: "), "{}", error(2));
        assert!(error(3).starts_with("line 5: "), "{}", error(3));
        assert_eq!(found[4]["file"], "b");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_an_error_and_not_the_end() {
        let mut output = Vec::new();
        run(b"{\"path\":\"/\xff\"}\n{\"path\":\"/b\"}\n".as_slice(), &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        assert!(output.starts_with("{\"error\":\"line 1: ") && output.contains("\"file\":\"b\""), "{output}");
    }
}
