//! THE pipeline. Reading [`serve`] is reading the product.
pub mod authorize;
