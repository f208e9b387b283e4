//! The start page's numbers: what there is in an account, as far as whoever asks may see it.

pub mod api;
