//! What is kept of a lot's numbers equals what counting its loads, messages and packs gives, after any sequence of changes
//! (URS-SN-009), and after the migration that began to keep them.

use std::cell::RefCell;

use packtwin_core::ids::{LoadNo, LotNo, MessageId, ProductNo, TenantId};
use packtwin_core::lot::{Completeness, StateCounts};
use packtwin_core::pack::PackState;
use packtwin_core::serial::Serial;
use packtwin_tenants::engine::AnyConnection;
use packtwin_tenants::scope::{Housekeeping, TenantScope};
use packtwin_tenants::store::message::{MessageContent, MessageState};
use packtwin_tenants::store::message_answer::MessageAnswer;
use packtwin_tenants::testing::{TestSite, for_each_engine, lines, now, number};

use super::fixture::*;

const GTIN: &str = "04012345678901";
/// Packs of one load.
const LOAD_PACKS: u32 = 12;

/// A tenant's lots in the hands of chance. The same seed tells the same story on both engines.
struct Chance {
    /// Counts past every scope.
    owner: RefCell<AnyConnection>,
    tenant: TenantId,
    scope: TenantScope,
    product: ProductNo,
    lots: Vec<LotNo>,
    loads: Vec<(LotNo, LoadNo, Vec<Serial>)>,
    messages: Vec<MessageId>,
    packs: u32,
    seed: u64,
}

impl Chance {
    fn begin(site: &TestSite, seed: u64) -> Self {
        let tenant = site.tenant(&format!("chance{seed}"));
        let scope = site.scope_of(tenant);
        let product = product(&scope, &gtin(seed));
        let lots = ["A1", "A2", "A3"].map(|batch| lot(&scope, product, batch));
        Chance {
            owner: RefCell::new(site.owner_connection()),
            tenant,
            scope,
            product,
            lots: lots.to_vec(),
            loads: Vec::new(),
            messages: Vec::new(),
            packs: 0,
            seed,
        }
    }

    /// A number below `limit`, from a generator of our own (the one of Knuth's MMIX).
    fn below(&mut self, limit: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as usize % limit
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }

    fn state(&mut self) -> MessageState {
        MessageState::ALL[self.below(MessageState::ALL.len())]
    }

    fn step(&mut self) {
        match self.below(14) {
            0 => self.store_load(),
            1 | 2 => self.publish_load(),
            3 | 4 => self.write_message(),
            5 | 6 => self.move_message(),
            7..=9 => self.answer_message(),
            10..=12 => self.change_packs(),
            _ => self.enter_produced(),
        }
    }

    fn store_load(&mut self) {
        let lots = self.lots.clone();
        let Some(lot) = self.one_of(&lots) else {
            return;
        };
        let upload = upload(&self.scope, "lot.csv");
        let serials = serials(self.packs, LOAD_PACKS);
        self.packs += LOAD_PACKS;
        let load = stored_load(&self.scope, self.product, lot, upload, &serials);
        self.loads.push((lot, load, serials));
    }

    fn publish_load(&mut self) {
        let loads = self.loads.clone();
        let Some((_, load, serials)) = self.one_of(&loads) else {
            return;
        };
        // A load that is visible already changes nothing.
        change(&self.scope, |writer| {
            writer.load_publish(self.product, load, serials.len() as u64, &hash(7))
        });
    }

    fn write_message(&mut self) {
        let loads = self.loads.clone();
        let Some((lot, load, _)) = self.one_of(&loads) else {
            return;
        };
        let count = 1 + self.below(LOAD_PACKS as usize) as u64;
        let repeats = self.below(count as usize + 1) as u64;
        let content = match self.below(2) {
            0 => MessageContent::Stretch {
                load,
                first: 0,
                count,
            },
            _ => MessageContent::List {
                sha256: hash(3),
                count,
                load: Some(load),
                repeats,
            },
        };
        self.messages
            .push(message(&self.scope, self.product, lot, content));
    }

    fn move_message(&mut self) {
        let messages = self.messages.clone();
        let Some(id) = self.one_of(&messages) else {
            return;
        };
        let to = self.state();
        change(&self.scope, |writer| {
            writer.message_state(id, &MessageState::ALL, to)
        });
    }

    fn answer_message(&mut self) {
        let messages = self.messages.clone();
        let Some(id) = self.one_of(&messages) else {
            return;
        };
        let ends = [
            MessageState::Accepted,
            MessageState::Partial,
            MessageState::Refused,
        ];
        let to = ends[self.below(ends.len())];
        let answer = MessageAnswer {
            acknowledgement: "ack".to_owned(),
            acknowledged_at: None,
            acknowledged_packs: self.below(LOAD_PACKS as usize) as u64,
            faults: "[]".to_owned(),
        };
        // A message that is not out takes no answer and changes nothing.
        change(&self.scope, |writer| {
            writer.message_answer(id, to, &answer, &[])
        });
    }

    /// Packs of two loads at once: visible or not, in the state or in another.
    fn change_packs(&mut self) {
        let loads = self.loads.clone();
        let (Some(first), Some(second)) = (self.one_of(&loads), self.one_of(&loads)) else {
            return;
        };
        let mut serials = first.2[..1 + self.below(4)].to_vec();
        serials.extend(&second.2[self.below(4)..8]);
        serials.sort_unstable();
        serials.dedup();
        let from = PackState::ALL[self.below(2)];
        let to = PackState::ALL[self.below(PackState::ALL.len())];
        change(&self.scope, |writer| {
            writer.pack_state_set(self.product, &serials, from, to)
        });
    }

    fn enter_produced(&mut self) {
        let lots = self.lots.clone();
        let Some(lot) = self.one_of(&lots) else {
            return;
        };
        let record = read(&self.scope, |reader| reader.lot_get(self.product, lot));
        let version = record.map_or(0, |lot| lot.row_version);
        let packs = self.below(40) as u64;
        change(&self.scope, |writer| {
            writer.lot_produced(self.product, lot, Some(packs), version)
        });
    }

    /// The retention of one lot ends: its visible loads are purged, a few packs at a time.
    fn end_retention(&mut self, lot: LotNo) {
        let after_retention = now().plus_days(5 * 366 + 2);
        let loads = self.loads.clone();
        for (_, load, _) in loads.iter().filter(|(of, _, _)| *of == lot) {
            let mut after = None;
            loop {
                let removal = self
                    .scope
                    .housekeep(after_retention, Housekeeping::Sweep, |writer| {
                        writer.pack_purge(self.product, *load, after.as_ref(), 5)
                    })
                    .unwrap();
                after = removal.next;
                self.check_states(lot, "in the middle of a purge");
                if after.is_none() {
                    break;
                }
            }
            change(&self.scope, |writer| {
                writer.load_purged(self.product, *load)
            });
        }
    }

    fn number(&self, sql: &str) -> u64 {
        let (tenant, product) = (self.tenant, self.product);
        let sql = sql.replace(
            "$mine",
            &format!("tenant_id = {tenant} AND x.product_no = {product}"),
        );
        let number = number(&mut self.owner.borrow_mut(), &sql).unwrap();
        number.try_into().unwrap()
    }

    fn counted(&self, lot: LotNo) -> Completeness {
        let record = read(&self.scope, |reader| reader.lot_get(self.product, lot)).unwrap();
        let pack_messages = format!(
            "message x JOIN message_content c ON c.tenant_id = x.tenant_id AND c.message_id = x.message_id
             LEFT JOIN message_answer a ON a.tenant_id = x.tenant_id AND a.message_id = x.message_id
             WHERE x.$mine AND x.lot_no = {lot} AND x.kind = 'commissioned' AND x.state IN"
        );
        Completeness {
            produced: record.produced,
            stored: self.number(&format!(
                "SELECT CAST(COALESCE(SUM(x.packs), 0) AS BIGINT) AS number FROM load x
                 WHERE x.$mine AND x.lot_no = {lot} AND x.state = 'visible'"
            )),
            sent: self.number(&format!(
                "SELECT CAST(COALESCE(SUM(x.packs - c.repeats), 0) AS BIGINT) AS number FROM {pack_messages}
                 ('waiting', 'accepted', 'partial', 'unknown')"
            )),
            acknowledged: self.number(&format!(
                "SELECT CAST(COALESCE(SUM(a.acknowledged_packs), 0) AS BIGINT) AS number FROM {pack_messages}
                 ('accepted', 'partial')"
            )),
        }
    }

    /// Packs of visible loads by state; active ones are the rest of what is stored.
    fn counted_states(&self, lot: LotNo, stored: u64) -> StateCounts {
        let (tenant, product) = (self.tenant, self.product);
        let sql = format!(
            "SELECT CAST(x.state AS TEXT) || ':' || CAST(COUNT(*) AS TEXT) AS line FROM pack x
             JOIN load l ON l.tenant_id = x.tenant_id AND l.product_no = x.product_no AND l.load_no = x.load_no
             WHERE x.tenant_id = {tenant} AND x.product_no = {product} AND l.lot_no = {lot} AND l.state = 'visible'
             GROUP BY x.state"
        );
        let counted = lines(&mut self.owner.borrow_mut(), &sql).unwrap();
        let pair = |line: &String| {
            let (state, packs) = line.split_once(':').unwrap();
            let state = PackState::from_number(state.parse().unwrap()).unwrap();
            (state, packs.parse().unwrap())
        };
        StateCounts::new(stored, counted.iter().map(pair))
    }

    fn check_states(&self, lot: LotNo, when: &str) {
        let kept = read(&self.scope, |reader| reader.lot_summary(self.product, lot)).unwrap();
        let counted = self.counted_states(lot, kept.completeness.stored);
        assert_eq!(kept.states, counted, "lot {lot} {when}");
    }

    /// Everything kept equals everything counted, and the list of differences holds exactly the lots that differ.
    fn check(&self, when: &str) {
        let mut differing = Vec::new();
        for lot in &self.lots {
            let kept = read(&self.scope, |reader| reader.lot_summary(self.product, *lot)).unwrap();
            let counted = self.counted(*lot);
            assert_eq!(kept.completeness, counted, "lot {lot} {when}");
            self.check_states(*lot, when);
            // A lot whose packs were all removed is in no list.
            if counted.stored > 0 && !counted.differences().is_empty() {
                differing.push(*lot);
            }
        }
        let filter = packtwin_tenants::store::lot_list::LotFilter {
            difference_only: true,
            ..Default::default()
        };
        let list = read(&self.scope, |reader| reader.lot_list(&filter, None, 10));
        let mut listed: Vec<LotNo> = list.iter().map(|lot| lot.lot.no).collect();
        listed.sort_unstable();
        assert_eq!(listed, differing, "{when}");
    }
}

/// Takes the kept numbers away and lets the migration fill them as on a site that was there before it.
fn migrate_anew(site: &TestSite) {
    let (down, up) = match site.owner_address() {
        Some(_) => (
            include_str!("../../../migrations/postgres/2026-11-22-000003_lot_counts/down.sql"),
            include_str!("../../../migrations/postgres/2026-11-22-000003_lot_counts/up.sql"),
        ),
        None => (
            include_str!("../../../migrations/sqlite/2026-11-22-000003_lot_counts/down.sql"),
            include_str!("../../../migrations/sqlite/2026-11-22-000003_lot_counts/up.sql"),
        ),
    };
    site.execute_as_owner(down);
    site.execute_as_owner(up);
}

/// A code of its own for each seed, since a code belongs to one tenant of the site.
fn gtin(seed: u64) -> String {
    let body = format!("{:013}", 401_234_567_000 + seed);
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[test]
fn kept_numbers_equal_counted_numbers_after_any_sequence() {
    for_each_engine(|site| {
        // Whether anything was sent, acknowledged, and in another state than active at any time.
        let mut seen = (false, false, false);
        for seed in 1..=2 {
            let mut chance = Chance::begin(site, seed);
            for step in 0..90 {
                chance.step();
                chance.check(&format!(
                    "seed {seed} step {step} on {}",
                    site.engine_name()
                ));
                for lot in &chance.lots {
                    let kept = read(&chance.scope, |reader| {
                        reader.lot_summary(chance.product, *lot)
                    });
                    let (numbers, states) = kept.map(|lot| (lot.completeness, lot.states)).unwrap();
                    seen.0 |= numbers.sent > 0;
                    seen.1 |= numbers.acknowledged > 0;
                    seen.2 |= states.of(PackState::Active) < numbers.stored;
                }
            }
            migrate_anew(site);
            chance.check(&format!("seed {seed} after the migration"));
            chance.end_retention(chance.lots[0]);
            chance.check(&format!("seed {seed} after the retention"));
        }
        assert_eq!(
            seen,
            (true, true, true),
            "too little was moved to be counted"
        );
    });
}

/// Two who change two messages of one lot at once do not miss each other's.
#[test]
fn two_answers_at_once_are_both_counted() {
    for_each_engine(|site| {
        let scope = site.scope_of(site.tenant("alder"));
        let no = product(&scope, GTIN);
        let (lot, upload) = (lot(&scope, no, "A1"), upload(&scope, "lot.csv"));
        let load = visible_load(&scope, no, lot, upload, &serials(0, 40));
        let stretch = |first: u64| {
            let content = MessageContent::Stretch {
                load,
                first,
                count: 10,
            };
            message(&scope, no, lot, content)
        };
        let messages: Vec<MessageId> = (0..4).map(|place| stretch(place * 10)).collect();
        std::thread::scope(|threads| {
            for id in messages {
                let scope = scope.clone();
                threads.spawn(move || {
                    let from = [MessageState::Writing];
                    assert!(change(&scope, |writer| writer.message_state(
                        id,
                        &from,
                        MessageState::Waiting
                    )));
                });
            }
        });
        let kept = read(&scope, |reader| reader.lot_completeness(no, lot));
        assert_eq!((kept.stored, kept.sent), (40, 40));
    });
}
