//! Writes every sample page, in every fill and theme, with the static files beside, to a folder given as argument:
//!
//! ```text
//! cargo run -p packtwin-server --example design_preview -- /tmp/preview
//! ```
//!
//! Serve the folder on loopback (the pages name their files from the root) and look at them; `ui.md`, "Looking", says how.

use packtwin_server::pages::{
    asset::ASSETS,
    frame::Theme,
    view::samples::{Fill, samples_render},
};
use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("name the folder to write to")?,
    );
    let statics = folder.join("static");
    fs::create_dir_all(&statics)?;
    for asset in ASSETS {
        fs::write(statics.join(asset.path), asset.bytes)?;
    }
    for fill in Fill::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            for sample in samples_render(fill, theme)? {
                let file = format!("{}-{}-{}.html", sample.name, fill.name(), theme.name());
                fs::write(folder.join(file), sample.html)?;
            }
        }
    }
    Ok(())
}
