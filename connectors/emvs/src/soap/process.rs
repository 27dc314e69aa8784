//! Process numbers: which operation, entered how, on how many packs (emvs.md 3.1).
//!
//! `G1x0` is single, +1 undo, +2 manual, +3 manual undo, +5 bulk, +7 bulk undo. Destroy and stolen have no undo numbers. The
//! manual numbers from G132 on are inferred from the pattern.

use packtwin_core::verification::{EntryMode, Operation, Removal, Undo};

/// On how many packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One pack, answered at once.
    Single,
    /// Many packs of one product and batch, picked up later with G188.
    Bulk,
}

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Process {
    /// An operation on packs.
    Packs {
        /// Which operation.
        operation: Operation,
        /// Entered how.
        entry: EntryMode,
        /// On how many.
        form: Form,
    },
    /// Picks up a homogeneous bulk.
    BulkResult,
    /// Submits many different operations.
    MixedBulk,
    /// Picks them up.
    MixedBulkResult,
}

/// The tens digit of each removal.
const TENS: [(u16, Removal); 7] = [
    (2, Removal::Supply),
    (3, Removal::Destroy),
    (4, Removal::Export),
    (5, Removal::Sample),
    (6, Removal::FreeSample),
    (7, Removal::Lock),
    (8, Removal::Stolen),
];

impl Process {
    /// Reads `G110` to `G196`; `None` for a number that does not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let number: u16 = text
            .strip_prefix('G')
            .filter(|digits| digits.len() == 3)?
            .parse()
            .ok()?;
        let (scan, manual) = (EntryMode::Scan, EntryMode::Manual);
        let packs = |operation, entry, form| {
            Some(Process::Packs {
                operation,
                entry,
                form,
            })
        };
        match number {
            110 => packs(Operation::Verify, scan, Form::Single),
            112 => packs(Operation::Verify, manual, Form::Single),
            115 => packs(Operation::Verify, scan, Form::Bulk),
            188 => Some(Process::BulkResult),
            195 => Some(Process::MixedBulk),
            196 => Some(Process::MixedBulkResult),
            _ => {
                let tens = (number / 10).checked_sub(10)?;
                let (_, removal) = TENS.into_iter().find(|(digit, _)| *digit == tens)?;
                let remove = Operation::Remove(removal);
                let undo = Operation::Undo(Undo::Of(removal));
                let undoable = !matches!(removal, Removal::Destroy | Removal::Stolen);
                match number % 10 {
                    0 => packs(remove, scan, Form::Single),
                    1 if undoable => packs(undo, scan, Form::Single),
                    2 => packs(remove, manual, Form::Single),
                    3 if undoable => packs(undo, manual, Form::Single),
                    5 => packs(remove, scan, Form::Bulk),
                    7 if undoable => packs(undo, scan, Form::Bulk),
                    _ => None,
                }
            }
        }
    }

    /// The number, such as `G121`; `None` for what this dialect cannot ask (check out, and an undo of anything whatever).
    pub fn number(self) -> Option<String> {
        let number = match self {
            Process::BulkResult => 188,
            Process::MixedBulk => 195,
            Process::MixedBulkResult => 196,
            Process::Packs {
                operation,
                entry,
                form,
            } => {
                let tens = |removal| {
                    let found = TENS.into_iter().find(|(_, known)| *known == removal);
                    found.map(|(tens, _)| 100 + tens * 10)
                };
                let (base, undo) = match operation {
                    Operation::Verify => (110, 0),
                    Operation::Remove(removal) => (tens(removal)?, 0),
                    Operation::Undo(Undo::Of(removal)) => (tens(removal)?, 1),
                    Operation::Status | Operation::Undo(Undo::Whatever) => return None,
                };
                match (form, entry) {
                    (Form::Single, EntryMode::Scan) => base + undo,
                    (Form::Single, EntryMode::Manual) => base + 2 + undo,
                    (Form::Bulk, EntryMode::Scan) => base + 5 + undo * 2,
                    (Form::Bulk, EntryMode::Manual) => return None,
                }
            }
        };
        let text = format!("G{number}");
        (Process::parse(&text) == Some(self)).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_table() {
        let numbers: Vec<String> = (100..200)
            .map(|number| format!("G{number}"))
            .filter(|text| Process::parse(text).is_some())
            .collect();
        let expected = "G110 G112 G115 G120 G121 G122 G123 G125 G127 G130 G132 G135 G140 G141 G142 G143 G145 G147 G150 \
                        G151 G152 G153 G155 G157 G160 G161 G162 G163 G165 G167 G170 G171 G172 G173 G175 G177 G180 G182 \
                        G185 G188 G195 G196";
        assert_eq!(numbers.join(" "), expected);
        for text in numbers {
            assert_eq!(Process::parse(&text).unwrap().number().unwrap(), text);
        }
        for wrong in [
            "", "G11", "G1100", "110", "G131", "G181", "G099", "G190", "G+10",
        ] {
            assert_eq!(Process::parse(wrong), None, "{wrong}");
        }
        let check_out = Process::Packs {
            operation: Operation::Remove(Removal::CheckOut),
            entry: EntryMode::Scan,
            form: Form::Single,
        };
        assert_eq!(check_out.number(), None);
    }
}
