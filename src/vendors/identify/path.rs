//! Reads what a path says: the file name first, then the query (`?mac=`), then the directories (Avaya's `$MACADDR` in HTTPDIR).

use super::index::INDEX;
use super::phrase::unescape;
use super::{Said, Source, mac, ouis};
use crate::net::Mac;

/// The file name without directory and query. Cisco's softphone writes `Communicator\LdapDirectories.xml`.
pub fn base_name(path: &[u8]) -> &[u8] {
    let path = split_query(path).0;
    let after = path.iter().rposition(|byte| matches!(byte, b'/' | b'\\')).map_or(0, |slash| slash + 1);
    path.get(after..).unwrap_or_default()
}

fn split_query(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().position(|byte| *byte == b'?') {
        Some(mark) => (path.get(..mark).unwrap_or_default(), path.get(mark + 1..).unwrap_or_default()),
        None => (path, &[]),
    }
}

pub fn read(path: &[u8]) -> Said<'_> {
    let mut said = Said::nothing(Source::Path);
    let name = base_name(path);
    let (place, query) = split_query(path);
    let directories = place.get(..place.len() - name.len()).unwrap_or_default();

    if let Some((mac, _)) = mac::at_start(name).filter(|_| mac::halves(name).is_none()) {
        said.mac = Some(mac);
    } else if let Some(mac) = owned_halves(name) {
        said.mac = Some(mac);
    } else {
        if let Some((entry, found)) = INDEX.names.find(name) {
            said.take(entry, found, name);
        }
        if let Some((vendor, model)) = INDEX.common(name) {
            said.vendor = Some(vendor);
            said.model = Some(model.name.as_str().into());
        }
        said.add_macs(mac::all(&unescape(name)));
    }
    if !query.is_empty() {
        read_query(&unescape(query), &mut said);
    }
    if directories.len() > 1 {
        read_directories(directories, &mut said);
    }
    said
}

fn owned_halves(text: &[u8]) -> Option<Mac> {
    mac::halves(text).filter(|mac| ouis::owners(*mac).next().is_some())
}

/// `mac=805ec0aabb01`, and Cisco's `name=SEP001122AABBCC`.
fn read_query(query: &[u8], said: &mut Said<'_>) {
    for value in query.split(|byte| matches!(byte, b'&' | b'=' | b'?')) {
        match value.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case(b"SEP") => {
                said.add_macs(mac::at_start(value.get(3..).unwrap_or_default()).map(|(mac, _)| mac).into_iter());
            }
            _ => said.add_macs(mac::all(value).chain(owned_halves(value))),
        }
    }
}

fn read_directories<'a>(directories: &'a [u8], said: &mut Said<'a>) {
    let mut start = 0;
    for (at, byte) in directories.iter().enumerate() {
        if !matches!(byte, b'/' | b'\\') {
            continue;
        }
        // patterns end in a slash of their own, whichever slash the phone wrote
        let segment = directories.get(start..at).unwrap_or_default();
        if let Some((entry, found)) = INDEX.directories.find(segment) {
            said.take(entry, found, segment);
        }
        said.add_macs(owned_halves(segment).into_iter());
        start = at + 1;
    }
    said.add_macs(mac::all(&unescape(directories)));
}
