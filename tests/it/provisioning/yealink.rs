//! Yealink (vendors.md §1): two optional boot files, the model's common file, the device's own.
//! YMC-047: the model's configuration comes before that of the MAC.

use super::stories;

stories!(
    t54w,
    "T54W",
    Token,
    &["805ec0aabb01.boot 404", "y000000000000.boot 404", "y000000000096.cfg 200", "805ec0aabb01.cfg 200"]
);
