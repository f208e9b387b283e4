//! What a device's requests leave in its row: the window used, the proof seen, a conflict, a suspected reset.

pub mod store;
