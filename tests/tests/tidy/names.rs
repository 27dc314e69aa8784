//! One noun, one file name, in every room.

use std::path::PathBuf;

use super::project::{files, relative, root};

/// A noun, the files it has, and the words that would be second names for it.
const NOUNS: [(&str, &[&str], &[&str]); 12] = [
    (
        "product",
        &[
            "core/src",
            "tenants/src/store",
            "app/src",
            "server/src/pages/view",
        ],
        &["article", "item", "medicine"],
    ),
    (
        "lot",
        &[
            "core/src",
            "tenants/src/store",
            "app/src",
            "server/src/pages/view",
        ],
        &["batch", "charge"],
    ),
    (
        "pack",
        &["core/src", "tenants/src/store", "server/src/pages/view"],
        &["unit", "package_unit"],
    ),
    (
        "upload",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["import", "ingest_file"],
    ),
    (
        "mapping",
        &[
            "connectors/partner/src",
            "tenants/src/store",
            "server/src/pages/view",
        ],
        &["column_map", "columns"],
    ),
    (
        "connector",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["adapter", "interface"],
    ),
    (
        "message",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["outgoing_message", "msg"],
    ),
    (
        "job",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["task", "background_job"],
    ),
    (
        "webhook",
        &["tenants/src/store", "app/src", "server/src/pages/view"],
        &["hook", "subscription"],
    ),
    (
        "user",
        &[
            "tenants/src/store",
            "server/src/http",
            "server/src/pages/view",
        ],
        &["person", "account_user"],
    ),
    (
        "api_key",
        &[
            "tenants/src/store",
            "server/src/http",
            "server/src/pages/view",
        ],
        &["apikey", "api_token"],
    ),
    (
        "audit",
        &[
            "core/src",
            "tenants/src",
            "server/src/http",
            "server/src/pages/view",
        ],
        &["audit_trail", "audit_log"],
    ),
];

/// One noun, one file name, in every room (style.md section 3).
#[test]
fn one_noun_has_one_file_name() {
    let sources: Vec<PathBuf> = files(&["rs"]);
    let mut faults = Vec::new();
    for (noun, rooms, other_words) in NOUNS {
        for room in rooms {
            let file = root().join(room).join(format!("{noun}.rs"));
            let folder = root().join(room).join(noun).join("mod.rs");
            if !file.is_file() && !folder.is_file() {
                faults.push(format!("{room} has no {noun}"));
            }
        }
        for source in &sources {
            let stem = source
                .file_stem()
                .and_then(|stem| stem.to_str())
                .unwrap_or_default();
            if other_words.contains(&stem) {
                faults.push(format!(
                    "{}: our word for {stem} is {noun}",
                    relative(source)
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
