//! `phonebox identify`: JSON Lines in, one identity per line out. No database, no network.
//!
//! Byte strings travel as Latin-1: the JSON character U+00FF is the byte 0xff, as phones send it.

use crate::net::Mac;
use crate::vendors::identify;
use crate::vendors::identify::{Evidence, Said};
use std::borrow::Cow;
use std::io::{self, BufRead, Write};

/// Reads evidence from `input` until its end. A line that cannot be read is answered with an error and its number.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Line<'_>>(&line) {
            Ok(line) => answer(&line, &mut output)?,
            Err(error) => {
                let text = format!("line {number}: {error}");
                serde_json::to_writer(&mut output, &serde_json::json!({ "error": text }))?;
            }
        }
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn answer(line: &Line<'_>, output: impl Write) -> io::Result<()> {
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
    serde_json::to_writer(output, &answer)?;
    Ok(())
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
