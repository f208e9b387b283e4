//! Who may transfer at once: the rows, found by number or by client, and the rule for a full house (T39).
//!
//! A row that waits for its handler cannot be thrown out, so a handler at work is always counted.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

pub struct Row<T> {
    pub peer: SocketAddr,
    pub arrived: Instant,
    /// Requests of one turn arrive at one instant.
    order: u64,
    /// Not the newest request of its client any more.
    pub superseded: bool,
    /// Never acknowledged anything: the first to go.
    pub expendable: bool,
    pub state: T,
}

pub struct Table<T> {
    rows: Vec<Option<Row<T>>>,
    /// Rows ever made.
    made: u64,
    free: Vec<usize>,
    by_peer: HashMap<SocketAddr, usize>,
    per_source: HashMap<IpAddr, usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Room {
    Free,
    /// After this row is gone.
    InPlaceOf(usize),
    None,
}

impl<T> Table<T> {
    pub fn new() -> Table<T> {
        Table { rows: Vec::new(), made: 0, free: Vec::new(), by_peer: HashMap::new(), per_source: HashMap::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.per_source.is_empty()
    }

    /// Full means full for everybody, or for this source: then its own oldest expendable row makes room.
    pub fn room(&self, source: IpAddr, limit: usize, per_source: usize) -> Room {
        let source_full = self.per_source.get(&source).is_some_and(|&count| count >= per_source);
        if !source_full && self.rows.len() - self.free.len() < limit {
            return Room::Free;
        }
        let rows = self.rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.as_ref()?)));
        let candidates = rows.filter(|(_, row)| row.expendable && (!source_full || row.peer.ip() == source));
        match candidates.min_by_key(|(_, row)| row.order) {
            Some((index, _)) => Room::InPlaceOf(index),
            None => Room::None,
        }
    }

    /// The client's row from now on.
    pub fn insert(&mut self, peer: SocketAddr, arrived: Instant, state: T) -> usize {
        self.made += 1;
        let row = Some(Row { peer, arrived, order: self.made, superseded: false, expendable: false, state });
        let index = match self.free.pop() {
            Some(index) => {
                self.rows[index] = row;
                index
            }
            None => {
                self.rows.push(row);
                self.rows.len() - 1
            }
        };
        *self.per_source.entry(peer.ip()).or_insert(0) += 1;
        if let Some(older) = self.by_peer.insert(peer, index).and_then(|older| self.get(older)) {
            older.superseded = true;
        }
        index
    }

    pub fn get(&mut self, index: usize) -> Option<&mut Row<T>> {
        self.rows.get_mut(index)?.as_mut()
    }

    pub fn by_peer(&self, peer: SocketAddr) -> Option<usize> {
        self.by_peer.get(&peer).copied()
    }

    pub fn remove(&mut self, index: usize) -> Option<Row<T>> {
        let row = self.rows.get_mut(index)?.take()?;
        self.free.push(index);
        if !row.superseded {
            self.by_peer.remove(&row.peer);
        }
        if let Some(count) = self.per_source.get_mut(&row.peer.ip()) {
            *count -= 1;
            if *count == 0 {
                self.per_source.remove(&row.peer.ip());
            }
        }
        Some(row)
    }

    pub fn rows(&self) -> impl Iterator<Item = (usize, &Row<T>)> {
        self.rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(source: u8, port: u16) -> SocketAddr {
        SocketAddr::new([10, 0, 0, source].into(), port)
    }

    #[test]
    fn threat_039_the_oldest_expendable_row_makes_room() {
        let start = Instant::now();
        let mut table = Table::new();
        for (source, port) in [(1, 1), (1, 2), (2, 1), (3, 1)] {
            let index = table.insert(peer(source, port), start, ());
            table.get(index).unwrap().expendable = index != 0;
        }
        assert_eq!(table.room([10, 0, 0, 9].into(), 5, 2), Room::Free);
        assert_eq!(table.room([10, 0, 0, 9].into(), 4, 2), Room::InPlaceOf(1));
        assert_eq!(table.room([10, 0, 0, 2].into(), 9, 1), Room::InPlaceOf(2), "a source pays for itself");
        table.get(1).unwrap().expendable = false;
        assert_eq!(table.room([10, 0, 0, 1].into(), 9, 2), Room::None, "and never with another's row");
        assert_eq!(table.room([10, 0, 0, 9].into(), 4, 2), Room::InPlaceOf(2));
        for index in 0..4 {
            table.remove(index);
        }
        assert!(table.is_empty() && table.by_peer.is_empty());
    }

    #[test]
    fn the_newest_row_of_a_client_is_found() {
        let mut table = Table::new();
        let older = table.insert(peer(1, 1), Instant::now(), ());
        let newer = table.insert(peer(1, 1), Instant::now(), ());
        assert!(table.get(older).unwrap().superseded);
        table.remove(older);
        assert_eq!(table.by_peer(peer(1, 1)), Some(newer));
        assert_eq!(table.insert(peer(1, 2), Instant::now(), ()), older, "numbers are used again");
    }
}
