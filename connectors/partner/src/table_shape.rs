//! Finding the shape of a table in its first rows: how well a separator explains them, and which row is the heading.

use crate::headings::field_of;
use crate::recognise::FIRST_ROWS_MAX;

/// Rows above a heading that are looked through for one.
pub(crate) const PREAMBLE_ROWS_MAX: usize = 20;

/// How well a separator explains the rows. A heading with two known words says most. Without one, at least seven rows of
/// ten must have the commonest number of cells, and two or more of them. Among equals the separator with more cells wins.
pub(crate) fn evenness(rows: &[Vec<String>]) -> u64 {
    let headings = rows.iter().take(PREAMBLE_ROWS_MAX);
    let known = headings.map(|row| known_words(row)).max().unwrap_or(0);
    let mut counts = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| !is_blank(row) && !is_comment(row)) {
        *counts.entry(row.len()).or_insert(0_u64) += 1;
    }
    let total: u64 = counts.values().sum();
    let Some((&cells, &even)) = counts.iter().max_by_key(|&(cells, rows)| (*rows, *cells)) else {
        return 0;
    };
    let per_mille = even * 1000 / total;
    match cells >= 2 && per_mille >= 700 || known >= 2 {
        true => (known * 10_000 + per_mille) * 1000 + cells as u64,
        false => 0,
    }
}

fn known_words(row: &[String]) -> u64 {
    row.iter().filter(|cell| field_of(cell).is_some()).count() as u64
}

/// Finds the heading among the first rows: the row with the most known words, else the first row if it looks unlike the
/// rows below it. Gives the rows above, the heading, and the rows below.
pub(crate) fn find_heading(mut rows: Vec<Vec<String>>) -> (u64, Vec<String>, Vec<Vec<String>>) {
    let best = (0..rows.len().min(PREAMBLE_ROWS_MAX))
        .max_by_key(|&index| (known_words(&rows[index]), std::cmp::Reverse(index)))
        .filter(|&index| match known_words(&rows[index]) {
            0 => false,
            // One word may be a batch that is called so; a row of values has digits.
            1 => rows[index]
                .iter()
                .all(|cell| !cell.bytes().any(|byte| byte.is_ascii_digit())),
            _ => true,
        });
    let first_full = rows
        .iter()
        .position(|row| !is_blank(row) && !is_comment(row))
        .unwrap_or(0);
    let heading_at = best.or_else(|| unlike_below(&rows, first_full).then_some(first_full));
    let skip = heading_at.unwrap_or(0);
    let below = rows.split_off(match heading_at {
        Some(at) => at + 1,
        None => 0,
    });
    let heading = heading_at
        .and_then(|at| rows.into_iter().nth(at))
        .unwrap_or_default();
    let first_rows = below
        .into_iter()
        .filter(|row| !is_blank(row) && !is_comment(row))
        .take(FIRST_ROWS_MAX)
        .collect();
    (skip as u64, heading, first_rows)
}

/// A heading in words we do not know: no digit in the row, and digits in every column of some row below.
fn unlike_below(rows: &[Vec<String>], at: usize) -> bool {
    let digits = |row: &Vec<String>| {
        row.iter()
            .filter(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()))
            .count()
    };
    match rows.get(at..) {
        Some([first, below @ ..]) if first.len() >= 2 => {
            digits(first) == 0
                && first.iter().all(|cell| !cell.trim().is_empty())
                && below.iter().take(5).any(|row| digits(row) >= 2)
        }
        _ => false,
    }
}

pub(crate) fn looks_like_serials(rows: &[Vec<String>]) -> bool {
    let serial_like = |row: &&Vec<String>| {
        row.first().is_some_and(|cell| {
            let cell = cell.trim();
            (1..=40).contains(&cell.len())
                && cell
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() || byte == 0x1d)
        })
    };
    let fitting = rows.iter().filter(serial_like).count();
    let with_digit = rows
        .iter()
        .filter(|row| {
            row.iter()
                .any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()))
        })
        .count();
    !rows.is_empty() && fitting * 10 >= rows.len() * 7 && with_digit * 2 >= rows.len()
}

fn is_blank(row: &[String]) -> bool {
    row.iter().all(|cell| cell.trim().is_empty())
}

/// A comment above the heading begins with `#`, as in our templates.
fn is_comment(row: &[String]) -> bool {
    row.first().is_some_and(|cell| cell.starts_with('#'))
}

/// Whether a row above the first row of packs is a comment, in a file without heading. Below a heading or a row of packs there
/// are none: what begins with `#` there is a value that a spreadsheet could not compute, or a slip, and is judged as a row.
pub(crate) fn is_leading_comment<'c>(cells: impl IntoIterator<Item = &'c [u8]>) -> bool {
    let mut cells = cells.into_iter();
    let said = cells.next().is_some_and(|first| first.starts_with(b"# "));
    said && cells.all(|cell| cell.trim_ascii().is_empty())
}
