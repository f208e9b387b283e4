//! A site's settings archive (AVA-071): a ZIP with `46xxsettings.txt` and what it names, sent once for all phones of a site.
//!
//! The settings become the site's own text for Avaya phones, so that whoever reads, edits or explains settings finds them
//! where the others are. The other files are the site's: its phones get them as they were sent, under their exact names.

pub mod api;
mod contents;
pub mod store;
