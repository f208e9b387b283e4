//! How caches of what phones ask for are set up.

use quick_cache::{Options, OptionsBuilder};

/// Phones come round: each asks for its own file at every boot and every poll, thousands of others in between. What was
/// put out must be remembered for as many names as are kept, or nothing new would ever stay in a full cache.
pub fn options(items: usize, weight: u64) -> Options {
    let built =
        OptionsBuilder::new().estimated_items_capacity(items).weight_capacity(weight).ghost_allocation(1.0).build();
    built.expect("both capacities are set")
}
