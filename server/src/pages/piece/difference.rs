//! Two sides beside each other, field by field, with what differs marked: our product beside the hub's copy, sent beside
//! known.

use askama::Template;

/// One field on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DifferenceRow {
    /// The field in plain words.
    pub label: String,
    /// Left value; `None` when the side does not have the field (absent is not empty).
    pub left: Option<String>,
    /// Right value.
    pub right: Option<String>,
}

impl DifferenceRow {
    /// Whether the sides differ.
    pub fn differs(&self) -> bool {
        self.left != self.right
    }
}

/// A side-by-side difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "piece/difference.html")]
pub struct Difference {
    /// Heading of the left side.
    pub left_title: String,
    /// Heading of the right side.
    pub right_title: String,
    /// Fields in order.
    pub rows: Vec<DifferenceRow>,
    /// Said when there is nothing to compare.
    pub when_empty: String,
}

super::embeddable!(Difference);

impl Difference {
    /// How many fields differ.
    pub fn count(&self) -> usize {
        self.rows.iter().filter(|row| row.differs()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::{Difference, DifferenceRow};

    #[test]
    fn absent_differs_from_empty() {
        let row = |left: Option<&str>, right: Option<&str>| DifferenceRow {
            label: "name".into(),
            left: left.map(Into::into),
            right: right.map(Into::into),
        };
        let rows = vec![
            row(None, Some("")),
            row(Some("a"), Some("a")),
            row(Some("a"), Some("A")),
        ];
        assert_eq!(
            Difference {
                rows,
                ..Difference::default()
            }
            .count(),
            2
        );
    }
}
