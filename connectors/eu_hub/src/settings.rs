//! What about the hub is not public, or was inferred, and must therefore be changeable without changing code.

/// The inferred and contractual values of one connection to the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubSettings {
    /// Most packs in one message. The hub's own limit is contractual; 250 000 is a de-facto limit (emvs.md 5.1, I).
    pub packs_per_message: u64,
    /// Longest reason of a recall or withdrawal, in characters (I).
    pub reason_characters_max: usize,
    /// As whom we speak to the hub: it decides which states may be set (emvs.md 2.2).
    pub role: Role,
}

/// As whom an on-boarding partner speaks to the hub (emvs.md 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Manufacturer or marketing authorisation holder.
    Manufacturer,
    /// Parallel distributor: may check packs out for repackaging, may not supply.
    ParallelDistributor,
}

impl Default for HubSettings {
    fn default() -> Self {
        HubSettings {
            packs_per_message: 250_000,
            reason_characters_max: 500,
            role: Role::Manufacturer,
        }
    }
}

impl HubSettings {
    /// The sizes of the messages that carry `packs` packs, largest first: all full but the last.
    pub fn split(&self, packs: u64) -> impl Iterator<Item = u64> {
        let most = self.packs_per_message.max(1);
        let full = packs / most;
        let rest = packs % most;
        (0..full)
            .map(move |_| most)
            .chain((rest > 0).then_some(rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_are_split_at_the_limit() {
        let settings = HubSettings {
            packs_per_message: 250,
            ..HubSettings::default()
        };
        for (packs, expected) in [
            (0, vec![]),
            (249, vec![249]),
            (250, vec![250]),
            (251, vec![250, 1]),
            (600, vec![250, 250, 100]),
        ] {
            assert_eq!(
                settings.split(packs).collect::<Vec<_>>(),
                expected,
                "{packs}"
            );
        }
    }
}
