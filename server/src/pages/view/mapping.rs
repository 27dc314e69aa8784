//! The mapping editor (users.md 3.5): columns of an unknown table to fields, date form, fixed values, tried on the first
//! thousand rows, kept per partner.

use crate::pages::filters;
use crate::pages::{
    frame::Frame,
    piece::{Field, Link, Select, Title},
    view::upload::FindingRow,
};
use askama::Template;

/// `GET /uploads/{id}/mapping`, `GET /mappings/{id}`, and again after `POST` with `do=test` or `do=save`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/mapping.html")]
pub struct MappingPage {
    /// The frame.
    pub frame: Frame,
    /// The title line.
    pub title: Title,
    /// What was recognised: "Semicolon, UTF-8 with BOM, 6 columns, heading in row 1".
    pub recognised: String,
    /// Where the form posts to.
    pub action: String,
    /// The file's columns in order.
    pub columns: Vec<MappingColumn>,
    /// How dates are written.
    pub date_format: Select,
    /// Values that hold for every row where no column gives them.
    pub fixed: Vec<Field>,
    /// Whose files look like this.
    pub partner: Field,
    /// The mapping's name.
    pub name: Field,
    /// The trial on the first rows; `None` before one was made.
    pub trial: Option<MappingTrial>,
    /// Everything that was refused last time.
    pub refusals: Vec<String>,
    /// Back without saving.
    pub cancel: Link,
}

/// A column of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingColumn {
    /// Position, from 1.
    pub position: u64,
    /// Its heading; may be empty.
    pub heading: String,
    /// First values found in it.
    pub examples: Vec<String>,
    /// The field it is read as.
    pub target: Select,
}

/// What the mapping makes of the first rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingTrial {
    /// Rows tried.
    pub rows_tried: u64,
    /// Rows that came out right.
    pub rows_right: u64,
    /// Field headings.
    pub headings: Vec<String>,
    /// The first rows as they would be read.
    pub rows: Vec<TrialRow>,
    /// What was found in other rows; the first few.
    pub findings: Vec<FindingRow>,
}

/// One row of the trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialRow {
    /// Row number in the file.
    pub row: u64,
    /// One cell per heading.
    pub cells: Vec<TrialCell>,
}

/// One value of the trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialCell {
    /// The value as read.
    pub text: String,
    /// What is wrong with it.
    pub fault: Option<String>,
}
