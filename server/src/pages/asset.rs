//! Static files, embedded in the binary: one stylesheet, the icons, the scripts. Nothing is read from disk at run time,
//! and nothing comes from another host, so `default-src 'self'` suffices.

/// An embedded static file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Path below `/static/`.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The stylesheet: tokens first, then the frame, the pieces and what single pages lay out.
pub const STYLESHEET: &str = concat!(
    include_str!("../../static/css/tokens.css"),
    include_str!("../../static/css/base.css"),
    include_str!("../../static/css/frame.css"),
    include_str!("../../static/css/piece_table.css"),
    include_str!("../../static/css/piece_form.css"),
    include_str!("../../static/css/piece_state.css"),
    include_str!("../../static/css/page.css"),
    include_str!("../../static/css/print.css"),
);

/// Every static file.
pub const ASSETS: &[Asset] = &[
    Asset {
        path: "packtwin.css",
        content_type: "text/css; charset=utf-8",
        bytes: STYLESHEET.as_bytes(),
    },
    Asset {
        path: "icons.svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../../static/icons.svg"),
    },
    Asset {
        path: "theme.js",
        content_type: JAVASCRIPT,
        bytes: include_bytes!("../../static/theme.js"),
    },
    Asset {
        path: "keys.js",
        content_type: JAVASCRIPT,
        bytes: include_bytes!("../../static/keys.js"),
    },
    Asset {
        path: "copy.js",
        content_type: JAVASCRIPT,
        bytes: include_bytes!("../../static/copy.js"),
    },
    Asset {
        path: "confirm.js",
        content_type: JAVASCRIPT,
        bytes: include_bytes!("../../static/confirm.js"),
    },
    Asset {
        path: "progress.js",
        content_type: JAVASCRIPT,
        bytes: include_bytes!("../../static/progress.js"),
    },
    Asset {
        path: "upload.js",
        content_type: JAVASCRIPT,
        bytes: include_bytes!("../../static/upload.js"),
    },
];

/// The static file at this path below `/static/`.
pub fn asset_find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_known_paths_are_answered() {
        for (path, is_known) in [
            ("packtwin.css", true),
            ("keys.js", true),
            ("../Cargo.toml", false),
            ("", false),
        ] {
            assert_eq!(super::asset_find(path).is_some(), is_known, "{path}");
        }
    }
}
