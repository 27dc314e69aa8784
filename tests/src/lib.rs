//! Stories across rooms and the runner of conformance vectors. Nothing here is part of the product.

pub mod browser;
pub mod conformance;
pub mod served_site;
pub mod server_process;
pub mod story;
