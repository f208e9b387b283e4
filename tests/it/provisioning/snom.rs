//! Snom (vendors.md §3): the model's file, a container, and the file it points at.

use super::stories;

stories!(d785, "D785", Token, &["snomD785.htm 200", "snomD785-000413922D24.htm 200", "000413922d24.xml 200"]);
