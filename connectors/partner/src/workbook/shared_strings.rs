//! The table of texts that cells refer to by number (ECMA-376, part 1, section 18.4), kept in a file and not in memory.
//!
//! With a unique serial in every row the table is as large as the sheet. It is written to a temporary file in blocks; cells
//! refer to it nearly in order, so that a few blocks in memory answer nearly every question.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

use packtwin_connector_port::safe_xml::{SafeXml, XmlEvent, local_name};
use packtwin_connector_port::serial_file::ReadRefused;
use packtwin_core::code::Code;

use super::xml_refused;

/// Bytes of a block; a single text may be longer.
const BLOCK_BYTES: usize = 16 * 1024;
/// Blocks kept in memory.
const BLOCKS_CACHED: usize = 64;
/// The longest text a cell can hold is 32,767 characters.
const TEXT_BYTES_MAX: usize = 32_767 * 4;

/// The texts, by number.
pub(crate) struct SharedStrings {
    file: File,
    /// The number of the first text of each block and where the block begins.
    blocks: Vec<(u32, u64)>,
    count: u32,
    cache: Vec<Option<Block>>,
}

struct Block {
    index: usize,
    first: u32,
    /// Where each text ends in `text`.
    ends: Vec<u32>,
    text: String,
}

impl SharedStrings {
    /// A workbook without shared texts.
    pub(crate) fn none() -> Result<Self, ReadRefused> {
        Ok(SharedStrings {
            file: tempfile::tempfile()?,
            blocks: Vec::new(),
            count: 0,
            cache: Vec::new(),
        })
    }

    /// Reads the part `sharedStrings.xml`.
    pub(crate) fn read(part: impl Read) -> Result<Self, ReadRefused> {
        let mut xml = SafeXml::new(part).map_err(|fault| xml_refused(fault, "its shared texts"))?;
        let mut writer = BlockWriter {
            out: BufWriter::new(tempfile::tempfile()?),
            written: 0,
            blocks: Vec::new(),
            count: 0,
            first: 0,
            ends: Vec::new(),
            text: String::new(),
        };
        let mut open: Vec<Part> = Vec::new();
        let mut text = String::new();
        loop {
            match xml
                .next_event()
                .map_err(|fault| xml_refused(fault, "its shared texts"))?
            {
                XmlEvent::Start(element) => {
                    open.push(Part::of(local_name(&element)));
                    if open.last() == Some(&Part::Item) {
                        text.clear();
                    }
                }
                XmlEvent::Text(part) => {
                    if open.last() == Some(&Part::Text)
                        && !open.contains(&Part::Phonetic)
                        && text.len() < TEXT_BYTES_MAX
                    {
                        text.push_str(&part);
                    }
                }
                XmlEvent::End => {
                    if open.pop() == Some(Part::Item) {
                        writer.push(&text)?;
                    }
                }
                XmlEvent::Other => {}
                XmlEvent::Complete => break,
            }
        }
        writer.finish()
    }

    /// The text with this number.
    pub(crate) fn get(&mut self, number: u32) -> Result<&str, ReadRefused> {
        if number >= self.count {
            return Err(ReadRefused::file(
                Code::UploadCut,
                format!(
                    "The workbook is damaged: a cell refers to text {number}, and there are {}.",
                    self.count
                ),
            ));
        }
        let index = self.blocks.partition_point(|(first, _)| *first <= number) - 1;
        let slot = index % BLOCKS_CACHED;
        if self.cache[slot]
            .as_ref()
            .is_none_or(|block| block.index != index)
        {
            self.cache[slot] = Some(self.load(index)?);
        }
        let block = self.cache[slot].as_ref().map(|block| block.text_of(number));
        Ok(block.unwrap_or_default())
    }

    fn load(&mut self, index: usize) -> Result<Block, ReadRefused> {
        let (first, at) = self.blocks[index];
        let next = self
            .blocks
            .get(index + 1)
            .map_or(self.count, |(first, _)| *first);
        self.file.seek(SeekFrom::Start(at))?;
        let mut number = [0; 4];
        let mut ends = Vec::with_capacity((next - first) as usize);
        let mut raw = vec![0; (next - first) as usize * 4];
        self.file.read_exact(&mut raw)?;
        for bytes in raw.chunks_exact(4) {
            number.copy_from_slice(bytes);
            ends.push(u32::from_le_bytes(number));
        }
        let mut text = vec![0; ends.last().copied().unwrap_or(0) as usize];
        self.file.read_exact(&mut text)?;
        let text = String::from_utf8(text).map_err(std::io::Error::other)?;
        Ok(Block {
            index,
            first,
            ends,
            text,
        })
    }
}

impl Block {
    fn text_of(&self, number: u32) -> &str {
        let place = (number - self.first) as usize;
        let start = match place {
            0 => 0,
            _ => self.ends[place - 1],
        };
        &self.text[start as usize..self.ends[place] as usize]
    }
}

/// Writes texts in blocks: the ends of its texts, then the texts.
struct BlockWriter {
    out: BufWriter<File>,
    written: u64,
    blocks: Vec<(u32, u64)>,
    count: u32,
    first: u32,
    ends: Vec<u32>,
    text: String,
}

impl BlockWriter {
    fn push(&mut self, text: &str) -> Result<(), ReadRefused> {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        self.count += 1;
        // Empty texts cost their end alone, which is why it counts.
        if self.text.len() + self.ends.len() * 4 >= BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), ReadRefused> {
        if self.ends.is_empty() {
            return Ok(());
        }
        self.blocks.push((self.first, self.written));
        for end in &self.ends {
            self.out.write_all(&end.to_le_bytes())?;
        }
        self.out.write_all(self.text.as_bytes())?;
        self.written += (self.ends.len() * 4 + self.text.len()) as u64;
        self.first = self.count;
        self.ends.clear();
        self.text.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<SharedStrings, ReadRefused> {
        self.end_block()?;
        let file = self
            .out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        Ok(SharedStrings {
            file,
            blocks: self.blocks,
            count: self.count,
            cache: (0..BLOCKS_CACHED).map(|_| None).collect(),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Item,
    Text,
    /// How a word is spoken, which is not part of it.
    Phonetic,
    Other,
}

impl Part {
    fn of(name: &str) -> Self {
        match name {
            "si" => Part::Item,
            "t" => Part::Text,
            "rPh" => Part::Phonetic,
            _ => Part::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_in_any_order() {
        let mut table = String::from("<sst>");
        for number in 0..20_000 {
            table.push_str(&format!("<si><t>text {number}</t></si>"));
        }
        table.push_str(
            "<si><r><t>ri</t></r><r><t>ch &amp; </t></r><rPh><t>no</t></rPh></si><si/></sst>",
        );
        let mut strings = SharedStrings::read(table.as_bytes()).unwrap();
        for number in [0, 19_999, 7, 7, 10_000, 1] {
            assert_eq!(strings.get(number).unwrap(), format!("text {number}"));
        }
        assert_eq!(strings.get(20_000).unwrap(), "rich & ");
        assert_eq!(strings.get(20_001).unwrap(), "");
        assert!(strings.get(20_002).is_err());
    }
}
