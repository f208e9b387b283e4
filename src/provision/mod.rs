//! THE pipeline. Reading [`Pipeline::serve`] is reading the product:
//!
//! ```text
//! 1 identify    request            → Identity            pure
//! 2 load        MAC or token       → Subject, Shared     cached until a commit touches them
//! 3 authorize   facts              → Grant | Refusal     pure
//! 4 resolve     layers, grant      → settings            pure; without secrets in the grant they are gone here
//! 5 render      vendor, settings   → Document            pure, the same bytes every time
//! 6 commit      effects            → on disk before any byte leaves
//! 7 respond     the listener maps the answer to its wire
//! 8 record      the check-in       → folded in memory, written behind, never waited for
//! ```

mod answer;
pub mod api;
pub mod authorize;
pub mod budget;
pub mod certificate_file;
mod claims;
mod code;
mod credential;
mod documents;
mod effects;
pub mod enroll;
pub mod explain;
mod kept_files;
mod load;
pub mod login;
mod make;
mod own;
mod pipeline;
mod reach;
pub mod record;
mod render;
mod request;
pub mod resolve;
mod rounds;
mod sections;
mod shared;
mod strangers;
mod subject;

pub use answer::{Answer, Delivered, Delivery};
pub use documents::Rendered;
pub use enroll::Enrollment;
pub use pipeline::{Limits, Pipeline};
pub use reach::Reach;
pub use record::{Kept, Served};
pub use request::{ClientCert, Method, Path, Request, masked, parse};
pub use resolve::Origin;
pub use subject::Subject;
