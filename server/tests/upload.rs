//! Uploads that are only tried (users.md 3.5 and Annex A; URS-SN-006).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use serde_json::json;
use support::CODE;
use support::road::{Road, file_of};

/// A dry run is checked like any other upload and never stored; the same file can be stored all the same, once.
#[test]
fn a_dry_run_is_never_stored_and_stands_in_nobodys_way() {
    Road::on_each_engine(|road| {
        road.product();
        let file = file_of("L1", &["A1".to_owned(), "A2".to_owned()]);
        let tried = road.upload("/v1/uploads?dry_run=true", &file);
        let told = road.get(&tried);
        assert_eq!(
            (
                &told["dry_run"],
                &told["state"],
                &told["summary"]["rows_right"]
            ),
            (&json!(true), &json!("checked"), &json!(2))
        );
        let refused = road.call("POST", &format!("{tried}:commit"), &[], &json!({}));
        assert_eq!((refused.status, refused.code().as_str()), (409, "UPL-050"));

        // The same file tried again is the same dry run; sent to be stored it is another upload.
        let begin = json!({ "name": "x", "size": file.len(), "sha256": told["sha256"] });
        let again = road.post("/v1/uploads?dry_run=true", &begin).json();
        assert_eq!((&again["id"], &again["same"]), (&told["id"], &json!(true)));
        let stored = road.upload("/v1/uploads", &file);
        assert_ne!(stored, tried);
        assert_eq!(road.get(&stored)["dry_run"], false);
        road.post(&format!("{stored}:commit"), &json!({}));
        road.server.work();
        assert_eq!(
            road.get(&format!("/v1/lots/{CODE}/L1"))["numbers"]["stored"],
            2
        );
        // Now that its packs are here, a dry run says what would come of the file; still nothing of it can be stored.
        let wrong = road.call("POST", "/v1/uploads?dry_run=yes", &[], &begin);
        assert_eq!(wrong.json()["errors"][0]["parameter"], "dry_run");
        let refused = road.call("POST", &format!("{tried}:commit"), &[], &json!({}));
        assert_eq!(refused.code(), "UPL-050");
    });
}
