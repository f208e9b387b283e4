//! The sites of a customer as the account above sees them, and the customer itself: added, given a profile, several at once
//! (AVA-135, AVA-136, AVA-143). Providers and resellers keep their own sites by working in them (AVA-144).

pub mod api;
