//! One file on its way to one client: which blocks to send next, and when it is done. No socket, no clock.
//!
//! Follows RFC 1350 with the windows of RFC 7440 (a window of one block is RFC 1350). Blocks are counted in 64 bits
//! and cut to 16 on the wire, so the number rolls over from 65535 to 0. Block 0 is the OACK.
//!
//! Duplicate acknowledgements: with a window of one they are never answered (the Sorcerer's Apprentice, RFC 1123
//! §4.2.3.1). With larger windows they mean a lost block and are answered by going back, but only once until a
//! window went through in one piece: otherwise each block that was sent twice could bring two acknowledgements, and
//! those four blocks. What is lost in spite of that is sent again by the timer.

use super::options::Agreed;
use super::packet::data_header;
use super::source::{Place, Source};
use std::io;

pub struct Transfer {
    source: Source,
    agreed: Agreed,
    /// First block that the client has not acknowledged, and where its bytes begin.
    base: u64,
    base_place: Place,
    /// First block to send next.
    next: u64,
    next_place: Place,
    /// First block never sent so far.
    fresh: u64,
    /// The block that ends the file, once it was read.
    last: Option<u64>,
    /// An incomplete acknowledgement makes the sender go back only when `base` has come this far.
    go_back_from: u64,
    retransmits: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Old, repeated or impossible.
    Nothing,
    /// The client is there, and waits for what [`Transfer::pack`] gives.
    Progress,
    /// It has the last byte.
    Complete,
}

impl Transfer {
    pub fn new(source: Source, agreed: Agreed) -> Transfer {
        let first = u64::from(agreed.is_plain());
        Transfer {
            source,
            agreed,
            base: first,
            base_place: Place::default(),
            next: first,
            next_place: Place::default(),
            fresh: first,
            last: None,
            go_back_from: 0,
            retransmits: 0,
        }
    }

    /// Bytes of the file, before any translation, that the client has for certain.
    pub fn bytes_acknowledged(&self) -> u64 {
        self.base_place.offset
    }

    /// Blocks sent more than once, the OACK among them.
    pub fn retransmits(&self) -> u32 {
        self.retransmits
    }

    pub fn acknowledge(&mut self, block: u16) -> io::Result<Heard> {
        // 0: the block before `base` once more.
        let gained = u64::from(block.wrapping_sub(self.base as u16).wrapping_add(1));
        let sent = self.next - self.base;
        let repeated = gained == 0 && (self.base == 0 || self.agreed.window() == 1);
        if gained > sent || repeated {
            return Ok(Heard::Nothing);
        }
        if gained == sent {
            self.base_place = self.next_place;
        } else {
            let octets = gained * self.agreed.block_size() as u64;
            self.base_place = self.source.skip(self.base_place, octets)?;
        }
        self.base += gained;
        if self.last.is_some_and(|last| self.base > last) {
            return Ok(Heard::Complete);
        }
        if gained < sent {
            if self.base < self.go_back_from {
                return Ok(if gained == 0 { Heard::Nothing } else { Heard::Progress });
            }
            self.go_back();
        }
        Ok(Heard::Progress)
    }

    /// The window is to be sent again from its first unacknowledged block.
    pub fn go_back(&mut self) {
        self.next = self.base;
        self.next_place = self.base_place;
        self.go_back_from = self.fresh + 1;
    }

    /// Writes the packets that are due, one behind the other, and counts them as sent; gives the size of one (the
    /// last may be shorter). None may be due.
    pub fn pack(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        out.clear();
        if self.base == 0 {
            if self.next == 0 {
                self.agreed.emit(out)?;
                self.count_sent();
            }
            return Ok(out.len());
        }
        let end = self.base + self.agreed.window();
        while self.next < end && self.last.is_none_or(|last| self.next <= last) {
            out.extend_from_slice(&data_header(self.next as u16));
            let start = out.len();
            out.resize(start + self.agreed.block_size(), 0);
            let (filled, place) = self.source.read(self.next_place, &mut out[start..])?;
            if filled < self.agreed.block_size() {
                out.truncate(start + filled);
                self.last = Some(self.next);
            }
            self.next_place = place;
            self.count_sent();
        }
        Ok(data_header(0).len() + self.agreed.block_size())
    }

    fn count_sent(&mut self) {
        if self.next < self.fresh {
            self.retransmits += 1;
        }
        self.next += 1;
        self.fresh = self.fresh.max(self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::options::Asked;
    use super::super::packet::{Packet, RawOptions};
    use super::super::source::Body;
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn transfer(length: usize, options: &[u8]) -> Transfer {
        let bytes: Bytes = (0..length).map(|index| (index % 251) as u8).collect();
        let agreed = Asked::read(RawOptions(options)).unwrap().agree(65464, 64, Some(length as u64));
        Transfer::new(Source::new(Body::Bytes(bytes), Mode::Octet), agreed)
    }

    /// The numbers of the blocks that are due, with their bytes; the OACK is block 0.
    fn due(transfer: &mut Transfer) -> Vec<(u16, Vec<u8>)> {
        let mut out = Vec::new();
        let size = transfer.pack(&mut out).unwrap().max(1);
        let block = |packet: &[u8]| match Packet::parse(packet).unwrap() {
            Packet::Data { block, payload } => (block, payload.to_vec()),
            _ => (0, Vec::new()),
        };
        out.chunks(size).map(block).collect()
    }

    fn numbers(transfer: &mut Transfer) -> Vec<u16> {
        due(transfer).into_iter().map(|(number, _)| number).collect()
    }

    fn none() -> Vec<u16> {
        Vec::new()
    }

    #[test]
    fn without_options_the_blocks_go_one_by_one() {
        let mut transfer = transfer(1024, b"");
        assert_eq!(numbers(&mut transfer), [1]);
        assert_eq!(transfer.acknowledge(1).unwrap(), Heard::Progress);
        assert_eq!(numbers(&mut transfer), [2]);
        assert_eq!(transfer.acknowledge(2).unwrap(), Heard::Progress);
        assert_eq!(due(&mut transfer), [(3, vec![])], "a full last block is followed by an empty one");
        assert_eq!(transfer.acknowledge(3).unwrap(), Heard::Complete);
        assert_eq!((transfer.bytes_acknowledged(), transfer.retransmits()), (1024, 0));
    }

    #[test]
    fn repeated_old_and_future_acknowledgements_send_nothing() {
        let mut transfer = transfer(4096, b"");
        assert_eq!(numbers(&mut transfer), [1]);
        for block in [0, 2, 65535] {
            assert_eq!(transfer.acknowledge(block).unwrap(), Heard::Nothing);
        }
        transfer.acknowledge(1).unwrap();
        assert_eq!(numbers(&mut transfer), [2]);
        for block in [1, 0, 3] {
            assert_eq!(transfer.acknowledge(block).unwrap(), Heard::Nothing);
            assert_eq!(numbers(&mut transfer), none());
        }
        assert_eq!(transfer.retransmits(), 0);
    }

    #[test]
    fn the_oack_is_acknowledged_as_block_0_before_any_data() {
        let mut transfer = transfer(4096, b"windowsize\x004\0");
        assert_eq!(numbers(&mut transfer), [0]);
        for block in [65535, 1, 4] {
            assert_eq!(transfer.acknowledge(block).unwrap(), Heard::Nothing);
        }
        assert_eq!(numbers(&mut transfer), none());
        transfer.go_back();
        assert_eq!(numbers(&mut transfer), [0]);
        assert_eq!(transfer.acknowledge(0).unwrap(), Heard::Progress);
        assert_eq!(numbers(&mut transfer), [1, 2, 3, 4]);
        assert_eq!(transfer.retransmits(), 1);
    }

    #[test]
    fn a_gap_in_a_window_goes_back_once() {
        let mut transfer = transfer(1 << 20, b"windowsize\x008\0");
        transfer.pack(&mut Vec::new()).unwrap();
        transfer.acknowledge(0).unwrap();
        assert_eq!(numbers(&mut transfer), [1, 2, 3, 4, 5, 6, 7, 8]);
        transfer.acknowledge(3).unwrap();
        assert_eq!(numbers(&mut transfer), [4, 5, 6, 7, 8, 9, 10, 11]);
        for _ in 0..4 {
            assert_eq!(transfer.acknowledge(3).unwrap(), Heard::Nothing, "the client repeats itself per block");
        }
        transfer.acknowledge(5).unwrap();
        assert_eq!(numbers(&mut transfer), [12, 13], "the window slides, nothing is sent a third time");
        transfer.acknowledge(13).unwrap();
        assert_eq!(numbers(&mut transfer).len(), 8);
        transfer.acknowledge(21).unwrap();
        assert_eq!(numbers(&mut transfer).first(), Some(&22));
        transfer.acknowledge(21).unwrap();
        assert_eq!(numbers(&mut transfer).first(), Some(&22), "its first block was lost");
        assert_eq!(transfer.acknowledge(21).unwrap(), Heard::Nothing);
    }

    #[test]
    fn threat_041_block_numbers_roll_over_to_0() {
        let mut transfer = transfer(8 * 65_540, b"blksize\x008\0windowsize\x007\0");
        let mut received = Vec::new();
        assert_eq!(numbers(&mut transfer), [0]);
        let mut heard = transfer.acknowledge(0).unwrap();
        while heard == Heard::Progress {
            let blocks = due(&mut transfer);
            received.extend(blocks.iter().flat_map(|(_, bytes)| bytes.clone()));
            heard = transfer.acknowledge(blocks.last().unwrap().0).unwrap();
        }
        assert_eq!(heard, Heard::Complete);
        assert!(received.iter().enumerate().all(|(index, &byte)| byte == (index % 251) as u8));
        assert_eq!(received.len(), 8 * 65_540);
    }

    proptest! {
        /// A client of RFC 7440 behind a line that loses, repeats and delays: the bytes arrive, and the number of
        /// blocks sent stays in proportion to the losses.
        #[test]
        fn the_bytes_arrive_over_a_bad_line(
            length in 0usize..6000,
            window in 1u16..12,
            fates in prop::collection::vec(0u8..12, 1..400),
        ) {
            let mut transfer = transfer(length, format!("blksize\x0064\0windowsize\0{window}\0").as_bytes());
            let mut fates = fates.into_iter().chain(std::iter::repeat(9));
            let mut client = Client { window, expected: 1, since_ack: 0, received: Vec::new() };
            let mut harm = 0u32;
            let mut heard = Heard::Nothing;
            for _ in 0..20_000 {
                let mut acks = Vec::new();
                for (number, bytes) in due(&mut transfer) {
                    match fates.next().unwrap() {
                        0 => harm += 1,
                        1 => {
                            harm += 1;
                            acks.extend(client.hear(number, &bytes));
                            acks.extend(client.hear(number, &bytes));
                        }
                        _ => acks.extend(client.hear(number, &bytes)),
                    }
                }
                let mut arrived = false;
                for ack in acks {
                    let copies = match fates.next().unwrap() {
                        2 => 0,
                        3 => 2,
                        _ => 1,
                    };
                    harm += u32::from(copies != 1);
                    for _ in 0..copies {
                        if heard != Heard::Complete {
                            heard = transfer.acknowledge(ack).unwrap();
                            arrived |= heard != Heard::Nothing;
                        }
                    }
                }
                if heard == Heard::Complete {
                    break;
                }
                if !arrived {
                    transfer.go_back();
                }
            }
            prop_assert_eq!(heard, Heard::Complete);
            prop_assert_eq!(client.received.len(), length);
            prop_assert!(client.received.iter().enumerate().all(|(index, &byte)| byte == (index % 251) as u8));
            prop_assert!(transfer.retransmits() <= (harm + 1) * 3 * u32::from(window), "{} after {harm}", transfer.retransmits());
        }
    }

    struct Client {
        window: u16,
        expected: u16,
        since_ack: u16,
        received: Vec<u8>,
    }

    impl Client {
        fn hear(&mut self, number: u16, bytes: &[u8]) -> Option<u16> {
            if number == 0 && self.expected == 1 {
                return Some(0);
            }
            if number == self.expected {
                self.received.extend_from_slice(bytes);
                self.expected += 1;
                self.since_ack += 1;
                if self.since_ack < self.window && bytes.len() == 64 {
                    return None;
                }
            }
            self.since_ack = 0;
            Some(self.expected - 1)
        }
    }
}
