//! Abuse and faults of the phones' HTTP and HTTPS doors: what is tried, and the answer that counts as right. Numbers
//! are those of the threat list; each test's name starts with them.

mod faults;
mod fill;
mod fuzz;
mod http;
mod paths;
mod proxy;
mod secrets;
mod slow;
mod strangers;
