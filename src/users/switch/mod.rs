//! Working inside another account: one below, or one that has let one's own in. The session gets a new cookie both ways,
//! and both accounts' logs tell it.

pub mod api;
