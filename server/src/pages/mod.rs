//! How Packtwin looks: view structs, the pieces every page shares, their templates, the stylesheet and the scripts.
//!
//! A page is a plain struct (`view/…`) that a handler fills and askama renders; a piece (`piece/…`) is a smaller struct
//! with one template and one style block, and prints itself inside a page. Nothing here reads the database, checks a
//! right or decides a state: it is handed words, numbers and marks. It serves users.md sections 2 and 3
//! (environment band, exact counts, state never by colour alone, two steps for what cannot be undone) and URS-CN-009.
//!
//! No page sets a colour or a size of its own: those are custom properties in `static/css/tokens.css`. No page holds
//! an inline script or style, so the site can send `Content-Security-Policy: default-src 'self'`.

pub mod asset;
pub mod format;
pub mod frame;
pub mod piece;
pub mod view;

#[cfg(test)]
mod check;

/// The filters templates may use, under the name askama looks for.
pub(crate) mod filters {
    pub(crate) use super::format::filter::*;
}
