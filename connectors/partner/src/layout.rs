//! Where the fields of one file stand, once its heading has been read.

use packtwin_connector_port::serial_check::quoted;
use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;

use crate::cells::{Cell, FIELDS, slot};
use crate::mapping::{Field, Mapping};

/// The places of the fields in a row.
pub(crate) struct Layout {
    places: [Option<usize>; FIELDS],
    fixed: [Option<String>; FIELDS],
    /// The heading of each field, as findings name it.
    pub(crate) columns: [String; FIELDS],
}

impl Layout {
    /// Brings mapping and heading together.
    pub(crate) fn new(mapping: &Mapping, heading: &[String]) -> Result<Self, ReadRefused> {
        let missing = mapping.missing();
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|field| field.as_str()).collect();
            return Err(ReadRefused::file(
                Code::UploadMappingNeeded,
                format!(
                    "No column is mapped to {}. Map the columns once, or give a fixed value.",
                    names.join(", ")
                ),
            ));
        }
        let twice = mapping.claimed_twice(heading);
        if !twice.is_empty() {
            return Err(ReadRefused::file(
                Code::UploadMappingNeeded,
                twice.join(" "),
            ));
        }
        let found = mapping.places(heading).map_err(|lost| {
            let names: Vec<String> = lost.iter().map(|name| quoted(name)).collect();
            ReadRefused::file(
                Code::UploadMappingNeeded,
                format!(
                    "The mapping names columns that this file does not have: {}. Map the columns again.",
                    names.join(", ")
                ),
            )
        })?;
        let mut layout = Layout {
            places: [None; FIELDS],
            fixed: Default::default(),
            columns: Default::default(),
        };
        for (field, place) in found {
            layout.places[slot(field)] = Some(place);
            layout.columns[slot(field)] = match heading.get(place) {
                Some(text) if !text.trim().is_empty() => text.clone(),
                _ => format!("column {}", place + 1),
            };
        }
        for (field, value) in &mapping.fixed {
            if *field != Field::Ignore {
                layout.fixed[slot(*field)] = Some(value.clone());
                layout.places[slot(*field)] = None;
                layout.columns[slot(*field)] = format!("fixed value {}", field.as_str());
            }
        }
        Ok(layout)
    }

    /// Where the serial stands; `None` when it is a fixed value, which only a file of one pack can have.
    pub(crate) fn serial_place(&self) -> Option<usize> {
        self.places[slot(Field::Serial)]
    }

    /// The last column that is read, counted from 1.
    pub(crate) fn width(&self) -> usize {
        self.places
            .iter()
            .flatten()
            .max()
            .map_or(0, |place| place + 1)
    }

    /// The values of the fields; `cell` gives the value at a place.
    pub(crate) fn pick<'c>(&'c self, cell: impl Fn(usize) -> Cell<'c>) -> [Cell<'c>; FIELDS] {
        std::array::from_fn(|index| match (&self.fixed[index], self.places[index]) {
            (Some(value), _) => Cell::Text(value),
            (None, Some(place)) => cell(place),
            (None, None) => Cell::Text(""),
        })
    }
}
