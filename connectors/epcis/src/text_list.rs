//! A list of short texts in one piece of memory: the EPCs of an event, of which there may be tens of thousands.
//!
//! Two allocations for the whole list, kept for the next event. Whether the list stood in the document at all is kept too,
//! since EPCIS 1.x demands some lists even when they are empty.

/// Texts one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextList {
    text: String,
    ends: Vec<u32>,
    present: bool,
}

impl TextList {
    /// Empties the list and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.present = false;
    }

    /// Marks the list as standing in the document, even when nothing is in it.
    pub fn set_present(&mut self) {
        self.present = true;
    }

    /// Whether the list stands in the document.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.end_text();
    }

    /// Bytes of all texts; one event stays far below 4 GB, see the readers' limits.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text at this place, counted from 0.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let begin = match index {
            0 => 0,
            index => self.ends[index - 1] as usize,
        };
        self.text.get(begin..end)
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut begin = 0;
        self.ends.iter().map(move |&end| {
            let text = &self.text[begin..end as usize];
            begin = end as usize;
            text
        })
    }

    /// The same list with every text changed.
    pub fn map(&self, change: &mut dyn FnMut(&str) -> String) -> TextList {
        let mut changed = TextList {
            present: self.present,
            ..TextList::default()
        };
        for text in self.iter() {
            changed.push(&change(text));
        }
        changed
    }

    fn end_text(&mut self) {
        self.ends.push(self.text.len() as u32);
        self.present = true;
    }
}

impl<'t> FromIterator<&'t str> for TextList {
    fn from_iter<I: IntoIterator<Item = &'t str>>(texts: I) -> Self {
        let mut list = TextList::default();
        texts.into_iter().for_each(|text| list.push(text));
        list.set_present();
        list
    }
}
