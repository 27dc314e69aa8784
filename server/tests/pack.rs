//! One pack over HTTP: what it was at a time, which messages told of it, and what an outsider computes again (users.md 3.7).

#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

mod support;

use packtwin_core::role::{Permission, Role};
use packtwin_simulators::eu_hub::{Fault, Switches};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::CODE;
use support::road::Road;

/// Serials of several lengths, in the order of their bytes.
fn serials() -> Vec<String> {
    let mut serials: Vec<String> = (0..500)
        .map(|number: u32| format!("{:X}", number.wrapping_mul(2_654_435_761)))
        .collect();
    serials.sort_unstable();
    serials.dedup();
    assert_eq!(serials.len(), 500);
    serials
}

fn pack(serial: &str) -> String {
    format!("/v1/packs/{CODE}/{serial}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// URS-SN-009: each pack is told by the one message whose document names it, with what became of the pack there.
#[test]
fn a_pack_knows_its_messages() {
    Road::on_each_engine(|road| {
        road.product();
        let serials = serials();
        road.hub.set_switches(Switches {
            next: [Fault::RefuseEvery { nth: 7 }].into(),
            ..Switches::default()
        });
        road.lot("L1", &serials);
        let (mut accepted, mut refused) = (0, 0);
        for index in [0, 6, 199, 200, 206, 399, 400, 406, 499] {
            let serial = &serials[index];
            let told = road.get(&format!("{}/messages", pack(serial)));
            let [message] = told["items"].as_array().unwrap().as_slice() else {
                panic!("{told}")
            };
            let document = road.ask(&format!("{}/document", message["link"].as_str().unwrap()));
            let written = [format!(">{serial}<"), format!("\"{serial}\"")];
            assert!(
                written.iter().any(|text| document.body.contains(text)),
                "{serial}"
            );
            let sha256 = hex(&Sha256::digest(document.body.as_bytes()));
            assert_eq!(message["document_sha256"], sha256.as_str());
            assert_eq!(
                (&message["kind"], &message["tells_of"]),
                (&json!("commissioned"), &json!("pack"))
            );
            match message["verdict"].as_str().unwrap() {
                "accepted" => accepted += 1,
                "refused" => {
                    refused += 1;
                    assert!(!message["refusal_text"].as_str().unwrap().is_empty());
                }
                other => panic!("{other}: {message}"),
            }
            assert!(message["sent_at"].is_string() && message["answered_at"].is_string());
        }
        assert_eq!((accepted, refused), (8, 1));

        // What was refused is sent again in a list of its own; the pack has both messages, the newest first.
        let again = json!({ "what": "difference" });
        let lost = serials
            .iter()
            .find(|serial| {
                let told = road.get(&format!("{}/messages", pack(serial)));
                told["items"][0]["verdict"] == "refused"
            })
            .unwrap();
        road.server.clock.forward(60);
        road.post(&format!("/v1/lots/{CODE}/L1:send"), &again);
        road.server.work();
        let told = road.get(&format!("{}/messages", pack(lost)));
        let verdicts: Vec<&Value> = told["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| &message["verdict"])
            .collect();
        assert_eq!(verdicts, ["accepted", "refused"], "{told}");

        // A change of state names its packs; a recall names the lot.
        road.server.clock.forward(60);
        let change =
            json!({ "product": CODE, "lot": "L1", "serials": [serials[3]], "state": "destroyed" });
        road.post("/v1/packs:change-bulk", &change);
        let recall = json!({ "markets": ["DE"], "reason": "A reason of some length" });
        road.server.clock.forward(60);
        road.post(&format!("/v1/lots/{CODE}/L1:recall"), &recall);
        let kinds = |serial: &str| -> Vec<(String, String)> {
            let told = road.get(&format!("{}/messages", pack(serial)));
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            told["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|told| (word(&told["kind"]), word(&told["tells_of"])))
                .collect()
        };
        let (recalled, changed, commissioned) = (
            ("recalled".to_owned(), "lot".to_owned()),
            ("state_changed".to_owned(), "pack".to_owned()),
            ("commissioned".to_owned(), "pack".to_owned()),
        );
        assert_eq!(
            kinds(&serials[3]),
            [recalled.clone(), changed, commissioned.clone()]
        );
        assert_eq!(kinds(&serials[4]), [recalled, commissioned]);
        let table = road
            .server
            .call("GET", &format!("{}/messages", pack(&serials[3])))
            .bearer(&road.key)
            .header("Accept", "text/csv")
            .send();
        assert_eq!(table.body.lines().count(), 4, "{}", table.body);
    });
}

/// URS-SN-010: a pack as it was, told from its facts; before its commissioning there was none.
#[test]
fn a_pack_is_told_as_it_was() {
    Road::on_each_engine(|road| {
        let at = |seconds: i64| {
            road.server.clock.forward(seconds);
            let now = packtwin_core::time::Clock::now(&*road.server.clock);
            now.to_string()
        };
        road.product();
        let before = at(100);
        at(100);
        road.lot("L1", &serials());
        let serial = serials()[3].clone();
        let stored = at(100);
        at(100);
        let change =
            json!({ "product": CODE, "lot": "L1", "serials": [serial], "state": "sample" });
        road.post("/v1/packs:change-bulk", &change);
        let sampled = at(100);
        at(100);
        let change =
            json!({ "product": CODE, "lot": "L1", "serials": [serial], "state": "active" });
        road.post("/v1/packs:change-bulk", &change);
        let back = at(100);
        at(100);
        let recall = json!({ "markets": ["DE"], "reason": "A reason of some length" });
        road.post(&format!("/v1/lots/{CODE}/L1:recall"), &recall);

        let of = |time: &str| road.get(&format!("{}?as_of={time}", pack(&serial)));
        for (time, state, recalled) in [
            (&stored, "active", json!([])),
            (&sampled, "sample", json!([])),
            (&back, "active", json!([])),
        ] {
            let then = of(time);
            assert_eq!(
                (&then["state"], &then["recalled_in"]),
                (&json!(state), &recalled)
            );
            assert_eq!((&then["lot"], &then["as_of"]), (&json!("L1"), &json!(time)));
        }
        let (now, then) = (road.get(&pack(&serial)), of(&at(0)));
        assert_eq!(now["recalled_in"], json!(["DE"]));
        for member in ["state", "recalled_in", "withdrawn_in", "lot", "expiry"] {
            assert_eq!(now[member], then[member], "facts and tables agree");
        }
        let early = road.ask(&format!("{}?as_of={before}", pack(&serial)));
        assert_eq!((early.status, early.code().as_str()), (404, "REQ-404"));
        assert!(
            early.body.contains("there was no such pack"),
            "{}",
            early.body
        );
        for wrong in ["2026-11-22", "2099-01-01T00:00:00Z"] {
            let refused = road.ask(&format!("{}?as_of={wrong}", pack(&serial)));
            assert_eq!(refused.status, 400, "{}", refused.body);
            assert_eq!(refused.json()["errors"][0]["parameter"], "as_of");
        }
    });
}

/// URS-SN-009, URS-AT-009: every hash of a proof is computed again from what is told.
#[test]
fn an_outsider_computes_the_proof_again() {
    Road::on_each_engine(|road| {
        road.product();
        let serials = serials();
        road.lot("L1", &serials);
        let change =
            json!({ "product": CODE, "lot": "L1", "serials": [serials[3]], "state": "destroyed" });
        road.post("/v1/packs:change-bulk", &change);
        road.server.work();
        let proof = road.get(&format!("{}/proof", pack(&serials[250])));
        let list: String = serials.iter().map(|serial| format!("{serial}\n")).collect();
        assert_eq!(
            proof["list"]["sha256"],
            hex(&Sha256::digest(list.as_bytes())).as_str()
        );
        assert_eq!(
            (&proof["list"]["line"], &proof["list"]["packs"]),
            (&json!(251), &json!(500))
        );
        let acknowledgement = &proof["messages"][0]["acknowledgement"];
        assert!(!acknowledgement.as_str().unwrap().is_empty(), "{proof}");

        let entries = proof["audit"]["entries"].as_array().unwrap();
        for entry in entries {
            let mut digest = Sha256::new();
            digest.update(b"packtwin audit entry v1\0");
            digest.update(entry["seq"].as_i64().unwrap().to_be_bytes());
            digest.update(bytes(&entry["previous_hash"]));
            digest.update(entry["at_micros"].as_i64().unwrap().to_be_bytes());
            for member in [
                "actor",
                "action",
                "object",
                "detail",
                "reason",
                "correlation",
            ] {
                let text = entry[member].as_str().unwrap();
                digest.update((text.len() as u64).to_be_bytes());
                digest.update(text);
            }
            assert_eq!(entry["hash"], hex(&digest.finalize()).as_str(), "{entry}");
        }
        let actions: Vec<&str> = entries
            .iter()
            .map(|entry| entry["action"].as_str().unwrap())
            .collect();
        for action in [
            "upload.committed",
            "lot.sent",
            "message.queued",
            "message.answered",
        ] {
            assert!(actions.contains(&action), "{actions:?}");
        }
        assert!(
            !actions.contains(&"pack.state_changed"),
            "another pack's act does not concern this one: {actions:?}"
        );
        let other = road.get(&format!("{}/proof", pack(&serials[3])));
        assert!(other.to_string().contains("pack.state_changed"), "{other}");
        let trail = road.get("/v1/audit?limit=1");
        assert_eq!(proof["audit"]["head"]["seq"], trail["items"][0]["seq"]);

        // Old values and actors are for whoever may read the trail.
        let reader = road.server.key(road.tenant, &[Permission::LotsRead]);
        let plain = road
            .server
            .call("GET", &format!("{}/proof", pack(&serials[250])))
            .bearer(&reader)
            .send();
        assert_eq!(plain.status, 200, "{}", plain.body);
        assert!(plain.json()["audit"].is_null() && plain.json()["list"].is_object());
    });
}

/// The page shows what the API tells, now and at the end of a day.
#[test]
fn the_page_shows_messages_proof_and_days() {
    Road::on_each_engine(|road| {
        road.product();
        let serials = serials();
        road.lot("L1", &serials);
        road.server.person(
            road.tenant,
            "quality@example.test",
            &[Role::ComplianceManager],
        );
        let page = |query: &str| {
            let cookie = road.server.sign_in("quality@example.test");
            let path = format!("/packs/{CODE}/{}{query}", serials[250]);
            let page = road.server.call("GET", &path).cookie(&cookie).send();
            assert_eq!(page.status, 200, "{query}: {}", page.body);
            page.body
        };
        let told = road.get(&format!("{}/proof", pack(&serials[250])));
        let now = page("");
        for text in [
            told["list"]["sha256"].as_str().unwrap(),
            told["messages"][0]["id"].as_str().unwrap(),
            told["audit"]["entries"][0]["hash"].as_str().unwrap(),
            "<dd>251</dd>",
            "name=\"as_of\"",
        ] {
            assert!(now.contains(text), "{text}");
        }
        assert!(page("?as_of=2026-11-21").contains("there was no such pack"));
        assert!(
            page("?as_of=2026-11-22").contains("At the end of 2026-11-22 this pack was active")
        );
        road.server.clock.forward(3 * 86_400);
        assert!(
            page("?as_of=2026-11-23").contains("At the end of 2026-11-23 this pack was active")
        );
    });
}
