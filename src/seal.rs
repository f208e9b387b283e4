//! Secrets at rest: AES-256-GCM with a key that lies outside the database.
//!
//! A sealed value is `1 | key id (4) | nonce (12) | ciphertext and tag`; the place it belongs to (table, column, row)
//! is authenticated with it, so that a value moved elsewhere does not open. Knows no table and no database.

use crate::settings::Secret;
use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FORMAT: u8 = 1;
const HEAD: usize = 1 + 4 + NONCE_LEN;
const KEY_LEN: usize = 32;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("the sealing key {path} cannot be read: {reason}. Without it no stored secret opens; put it back")]
    Key { path: String, reason: String },
    #[error("a stored secret does not open with the sealing key in {path}: it was sealed with another key, or changed")]
    Open { path: String },
    #[error(
        "the sealing key {path} is not the one of this database: nothing stored opens with it. Put the right one back"
    )]
    Foreign { path: String },
    #[error("the box could not make random numbers")]
    Random,
}

/// Fills a buffer from the operating system's generator.
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0u8; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(bytes)
}

pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut out = [0u8; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
    out
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Key {
    id: [u8; 4],
    key: LessSafeKey,
}

/// The keys in force, newest first: the first one seals, all of them open.
#[derive(Clone)]
pub struct Keyring {
    path: Arc<PathBuf>,
    keys: Arc<ArcSwap<Vec<Key>>>,
}

impl Keyring {
    /// Reads the key file, or makes it (0600) when it is missing and `create` allows.
    pub fn open(path: &Path, create: bool) -> Result<Keyring, SealError> {
        let fail = |reason: String| SealError::Key { path: path.display().to_string(), reason };
        if create && !path.exists() {
            write_keys(path, &[random::<KEY_LEN>()?]).map_err(|error| fail(error.to_string()))?;
        }
        let ring = Keyring { path: Arc::new(path.into()), keys: Arc::default() };
        ring.load().map_err(fail)?;
        Ok(ring)
    }

    fn load(&self) -> Result<(), String> {
        let keys = read_keys(&self.path)?.iter().map(key).collect::<Option<Vec<_>>>().ok_or("not a key")?;
        self.keys.store(Arc::new(keys));
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn seal(&self, place: &str, text: &[u8]) -> Result<Vec<u8>, SealError> {
        let keys = self.keys.load();
        let key = keys.first().ok_or(SealError::Random)?;
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = Vec::with_capacity(HEAD + text.len() + 16);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        let mut body = text.to_vec();
        key.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut body)
            .map_err(|_| SealError::Random)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let fail = || SealError::Open { path: self.path.display().to_string() };
        let (head, body) = sealed.split_at_checked(HEAD).ok_or_else(fail)?;
        let id = head.get(1..5).filter(|_| head.first() == Some(&FORMAT)).ok_or_else(fail)?;
        let nonce = Nonce::try_assume_unique_for_key(head.get(5..).unwrap_or_default()).map_err(|_| fail())?;
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.id == id).ok_or_else(fail)?;
        let mut body = body.to_vec();
        let length = key.key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut body).map_err(|_| fail())?.len();
        body.truncate(length);
        Ok(body)
    }

    /// Whether a value, if it is a sealed one, was sealed with one of these keys.
    pub fn knows(&self, sealed: &[u8]) -> bool {
        match sealed {
            [FORMAT, a, b, c, d, ..] => self.keys.load().iter().any(|key| key.id == [*a, *b, *c, *d]),
            _ => true,
        }
    }

    pub fn open_secret(&self, place: &str, sealed: &[u8]) -> Result<Secret, SealError> {
        // Copied to its own length: what was sealed had more, and thousands of these are kept.
        let opened = zeroize::Zeroizing::new(self.open_bytes(place, sealed)?);
        let text =
            std::str::from_utf8(&opened).map_err(|_| SealError::Open { path: self.path.display().to_string() })?;
        Ok(Secret::new(text))
    }

    /// First half of a rotation: a new key seals from now on, the old ones still open. Call [`Keyring::retire`] when
    /// everything has been sealed anew; a crash between the two loses nothing.
    pub fn add(&self) -> Result<(), SealError> {
        let fail = |reason: String| SealError::Key { path: self.path.display().to_string(), reason };
        let mut keys = read_keys(&self.path).map_err(fail)?;
        keys.insert(0, random::<KEY_LEN>()?);
        write_keys(&self.path, &keys).map_err(|error| fail(error.to_string()))?;
        self.load().map_err(fail)
    }

    /// Second half of a rotation: forgets every key but the newest.
    pub fn retire(&self) -> Result<(), SealError> {
        let fail = |reason: String| SealError::Key { path: self.path.display().to_string(), reason };
        let mut keys = read_keys(&self.path).map_err(fail)?;
        keys.truncate(1);
        write_keys(&self.path, &keys).map_err(|error| fail(error.to_string()))?;
        self.load().map_err(fail)
    }
}

fn key(bytes: &[u8; KEY_LEN]) -> Option<Key> {
    let id = sha256(&[b"phonebox key id", bytes.as_slice()].concat());
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).ok()?);
    Some(Key { id: [id[0], id[1], id[2], id[3]], key })
}

/// One key a line, 64 hex digits, newest first.
fn read_keys(path: &Path) -> Result<Vec<[u8; KEY_LEN]>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let keys: Option<Vec<_>> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(unhex).collect();
    match keys {
        Some(keys) if !keys.is_empty() => Ok(keys),
        _ => Err("it must hold one key a line, 64 hex digits each".into()),
    }
}

fn unhex(line: &str) -> Option<[u8; KEY_LEN]> {
    let mut key = [0u8; KEY_LEN];
    if line.len() != 2 * KEY_LEN || !line.is_ascii() {
        return None;
    }
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(line.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(key)
}

fn write_keys(path: &Path, keys: &[[u8; KEY_LEN]]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let part = path.with_extension("part");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    for key in keys {
        writeln!(file, "{}", hex(key))?;
    }
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |dir| std::fs::File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place_and_with_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Keyring::open(&dir.path().join("seal.key"), true).unwrap();
        let sealed = ring.seal("device.token/1", b"secret").unwrap();
        assert_eq!(ring.open_bytes("device.token/1", &sealed).unwrap(), b"secret");
        assert!(ring.open_bytes("device.token/2", &sealed).is_err());
        let other = Keyring::open(&dir.path().join("other.key"), true).unwrap();
        assert!(other.open_bytes("device.token/1", &sealed).is_err());
        for cut in 0..sealed.len() {
            assert!(ring.open_bytes("device.token/1", &sealed[..cut]).is_err());
        }
    }

    #[test]
    fn rotation_opens_old_values_until_the_old_key_is_retired() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Keyring::open(&dir.path().join("seal.key"), true).unwrap();
        let old = ring.seal("a", b"1").unwrap();
        ring.add().unwrap();
        let new = ring.seal("a", b"2").unwrap();
        assert_eq!(ring.open_bytes("a", &old).unwrap(), b"1");
        ring.retire().unwrap();
        assert!(ring.open_bytes("a", &old).is_err());
        assert_eq!(ring.open_bytes("a", &new).unwrap(), b"2");
    }
}
