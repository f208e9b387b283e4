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
                answer(number, part, &mut answers)?;
            } else {
                begun.extend_from_slice(part);
                answer(number, &begun, &mut answers)?;
                begun.clear();
            }
        }
        begun.extend_from_slice(rest);
        let read = chunk.len();
        input.consume(read);
        if last && !begun.is_empty() {
            answer(number + 1, &begun, &mut answers)?;
        }
        output.write_all(&answers)?;
        output.flush()?;
        if last {
            return Ok(());
        }
        answers.clear();
    }
}

fn answer(number: u64, line: &[u8], output: &mut Vec<u8>) -> io::Result<()> {
    if line.trim_ascii().is_empty() {
        return Ok(());
    }
    match serde_json::from_slice::<Line<'_>>(line) {
        Ok(line) => identified(&line, output)?,
        Err(error) => {
            serde_json::to_writer(&mut *output, &serde_json::json!({ "error": format!("line {number}: {error}") }))?;
        }
    }
    output.push(b'\n');
    Ok(())
}

fn identified(line: &Line<'_>, output: &mut Vec<u8>) -> serde_json::Result<()> {
    let bytes = line.fields().map(|text| text.map(|text| latin1(&text.0)));
    let [user_agent, path, dhcp_vendor_class, client_cert_dn, sip_user_agent, sip_request_uri, sip_event] =
        bytes.each_ref().map(|bytes| bytes.as_deref());
    let identity = identify(&Evidence {
        user_agent,
        path,
        dhcp_vendor_class,
        client_cert_dn,
        sip_user_agent,
        sip_request_uri,
        sip_event,
    });
    let answer = Answer {
        vendor: identity.vendor.map(|vendor| vendor.name),
        model: identity.model.as_deref(),
        version: identity.version.as_deref(),
        mac: identity.mac,
        conflict: identity.conflict,
        file: identity.file.as_deref(),
        evidence: &identity.evidence,
    };
    serde_json::to_writer(output, &answer)
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

impl<'a> Line<'a> {
    fn fields(&self) -> [Option<&Text<'a>>; 7] {
        [
            &self.user_agent,
            &self.path,
            &self.dhcp_vendor_class,
            &self.client_cert_dn,
            &self.sip_user_agent,
            &self.sip_request_uri,
            &self.sip_event,
        ]
        .map(Option::as_ref)
    }
}

/// Of its own, because serde borrows a `Cow` only where it stands directly in a struct.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(serde::Serialize)]
struct Answer<'a> {
    vendor: Option<&'a str>,
    model: Option<&'a str>,
    version: Option<&'a str>,
    mac: Option<Mac>,
    /// Only where the evidence names a second MAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<Mac>,
    file: Option<&'a str>,
    evidence: &'a [Said<'a>],
}

fn latin1(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return text.as_bytes().into();
    }
    text.chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect::<Vec<u8>>().into()
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
