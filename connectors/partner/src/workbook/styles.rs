//! Which number formats show a number as a date (ECMA-376, part 1, sections 18.8.30 and 18.8.31).

use std::collections::HashMap;
use std::io::Read;

use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, attribute, local_name};
use packtwin_connector_port::serial_file::ReadRefused;

use super::xml_refused;

/// More cell formats than any program writes.
const FORMATS_MAX: usize = 100_000;

/// For each cell format whether it shows a date.
#[derive(Default)]
pub(crate) struct Styles(Vec<bool>);

impl Styles {
    /// Reads the part `styles.xml`.
    pub(crate) fn read(part: impl Read) -> Result<Self, ReadRefused> {
        let refused = |fault| xml_refused(fault, "its styles");
        let mut xml = SafeXml::new(part).map_err(refused)?;
        let mut own: HashMap<u32, bool> = HashMap::new();
        let mut dates = Vec::new();
        let mut in_cell_formats = false;
        let mut depth_of_formats = 0;
        loop {
            let depth = xml.depth();
            match xml.next_event().map_err(refused)? {
                XmlEvent::Start(element) => {
                    let number =
                        |name| attribute(&element, name).and_then(|text| text.parse().ok());
                    match local_name(&element) {
                        "numFmt" if own.len() < FORMATS_MAX => {
                            if let (Some(id), Some(code)) =
                                (number("numFmtId"), attribute(&element, "formatCode"))
                            {
                                own.insert(id, shows_date(&code));
                            }
                        }
                        "cellXfs" => {
                            in_cell_formats = true;
                            depth_of_formats = depth;
                        }
                        "xf" if in_cell_formats && dates.len() < FORMATS_MAX => {
                            let id = number("numFmtId").unwrap_or(0);
                            dates.push(own.get(&id).copied().unwrap_or_else(|| built_in_date(id)));
                        }
                        _ => {}
                    }
                }
                XmlEvent::End => in_cell_formats &= depth != depth_of_formats + 1,
                XmlEvent::Complete => return Ok(Styles(dates)),
                XmlEvent::Text(_) | XmlEvent::Other => {}
            }
        }
    }

    /// Whether the cell format shows a number as a date.
    pub(crate) fn is_date(&self, format: usize) -> bool {
        self.0.get(format).copied().unwrap_or(false)
    }
}

/// The formats every workbook has: 14 to 17 and 22 show a day; 27 to 36 and 50 to 58 do in East Asian versions.
fn built_in_date(id: u32) -> bool {
    matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58)
}

/// A format shows a date if a day, month or year stands in it outside of quotes and brackets.
fn shows_date(code: &str) -> bool {
    let first = code.split(';').next().unwrap_or_default();
    let mut chars = first.chars();
    let (mut year_or_day, mut month, mut clock) = (false, false, false);
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            // `[h]` counts hours; `[Red]` and `[$-407]` say nothing about dates.
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                clock |= matches!(
                    inside.to_ascii_lowercase().as_str(),
                    "h" | "hh" | "m" | "mm" | "s" | "ss"
                );
            }
            '\\' | '_' | '*' => {
                chars.next();
            }
            'y' | 'd' | 'j' | 't' => year_or_day = true,
            'm' => month = true,
            'h' | 's' => clock = true,
            _ => {}
        }
    }
    // `m` alone is a month, beside hours it is minutes.
    year_or_day || (month && !clock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_numbers_and_times() {
        for code in [
            "yyyy-mm-dd",
            "DD.MM.YYYY",
            "mmm yy",
            "[$-407]d. mmmm yyyy;@",
            "mm/yyyy",
            "tt.mm.jjjj",
        ] {
            assert!(shows_date(code), "{code}");
        }
        for code in [
            "General",
            "0",
            "@",
            "0.00E+00",
            "#,##0 \"days\"",
            "hh:mm:ss",
            "[h]:mm",
            "\\d0",
            "[Red]0",
        ] {
            assert!(!shows_date(code), "{code}");
        }
    }

    #[test]
    fn formats_are_counted_in_their_list_only() {
        let styles = "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='yyyy\\-mm'/></numFmts>\
            <cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>\
            <cellXfs><xf numFmtId='0'/><xf numFmtId='164'><alignment/></xf><xf numFmtId='14'/></cellXfs>\
            <cellStyles><xf numFmtId='14'/></cellStyles></styleSheet>";
        let styles = Styles::read(styles.as_bytes()).unwrap();
        let found: Vec<bool> = (0..4).map(|format| styles.is_date(format)).collect();
        assert_eq!(found, [false, true, true, false]);
    }
}
