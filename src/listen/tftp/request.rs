//! From a datagram on the request port to a read that can be answered, or to a refusal and its wire code. Pure.

use super::options::Asked;
use super::packet::{ErrorCode, Packet, Request};
use super::{Mode, Why};

pub type Understood<'a> = (Request<'a>, Mode, Asked);

/// The request, or why not, with the file's name as far as there is one. `cut`: the datagram was longer than this.
pub fn understand(bytes: &[u8], cut: bool) -> Result<Understood<'_>, (Why, &[u8])> {
    let request = match Packet::parse(bytes) {
        Ok(Packet::Read(request)) => request,
        Ok(Packet::Write(request)) => return Err((Why::Write, request.file)),
        Ok(_) => return Err((Why::NotARequest, &[])),
        Err(malformed) => return Err((malformed.into(), &[])),
    };
    let refused = |why| (why, request.file);
    let mode = match request.mode {
        mode if mode.eq_ignore_ascii_case(b"octet") => Mode::Octet,
        mode if mode.eq_ignore_ascii_case(b"netascii") => Mode::Netascii,
        _ => return Err(refused(Why::Mode)),
    };
    if cut {
        return Err(refused(Why::Long));
    }
    let asked = Asked::read(request.options).map_err(|unusable| refused(unusable.into()))?;
    Ok((request, mode, asked))
}

impl Why {
    /// What the client is told. `None`: nothing, because it did not ask for a file, or should ask again.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Why::Malformed(malformed) => malformed.in_request().then_some(ErrorCode::ILLEGAL),
            Why::NotARequest | Why::Busy => None,
            Why::Write => Some(ErrorCode::ACCESS),
            Why::Mode => Some(ErrorCode::ILLEGAL),
            Why::Option(_) | Why::Long => Some(ErrorCode::OPTIONS),
            Why::Panicked => Some(ErrorCode::OTHER),
        }
    }
}
