//! Columns that line up, and colors, for whoever reads at a terminal.

use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// No column is cut to less.
const NARROWEST: usize = 8;

/// No text of any length is shown wider, also where there is no terminal.
const WIDEST: usize = 100;

/// A piece of text and how it is to look. Where there is no terminal, or `NO_COLOR` is set, looks are dropped on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    /// Whether its column gives way to a narrow terminal before others do.
    gives_way: bool,
}

/// Rows of cells; all rows are to have as many as the heading.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

/// How a piece of text may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As all is well.
    Good,
    /// As something that wants attention.
    Bad,
    /// As something that does not.
    Faint,
    /// As a heading.
    Strong,
}

impl Look {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }

    /// Makes `text` look so.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

impl Cell {
    /// Makes a cell that looks so.
    pub(crate) fn new(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), style: look.style(), gives_way: false }
    }
}

impl Cell {
    /// Makes a cell of a text that can be cut without hiding what the row is about, such as the subject of a commit.
    pub(crate) fn of_any_length(text: impl AsRef<str>) -> Self {
        Self { gives_way: true, ..Self::from(shorten(text.as_ref())) }
    }
}

/// Cuts a text that nobody would read to its end.
pub(crate) fn shorten(text: &str) -> String {
    cut(text, WIDEST)
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new(), gives_way: false }
    }
}

impl Table {
    /// Begins a table with its heading.
    pub(crate) fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self { rows: vec![heading.map(|text| Cell::new(text, Look::Faint)).into()] }
    }

    /// Appends a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// Returns the lines, heading first. On a terminal they are made to fit its width: the widest columns give way.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines_within(terminal_width())
    }

    fn lines_within(&self, width: Option<usize>) -> Vec<String> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().map(|row| row.get(column).map_or(0, |it| it.text.width())).max())
            .map(Option::unwrap_or_default)
            .collect();
        let gives_way: Vec<bool> = (0..columns)
            .map(|column| self.rows.iter().any(|row| row.get(column).is_some_and(|it| it.gives_way)))
            .collect();
        let mut total: usize = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
        for only in [true, false] {
            while total > width.unwrap_or(usize::MAX) {
                let may = |(column, width): &(usize, &mut usize)| {
                    **width > NARROWEST && (!only || gives_way.get(*column) == Some(&true))
                };
                let Some((_, widest)) = widths.iter_mut().enumerate().filter(may).max_by_key(|it| *it.1)
                else {
                    break;
                };
                *widest -= 1;
                total -= 1;
            }
        }
        self.rows.iter().map(|row| print(row, &widths)).collect()
    }
}

fn print(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    for (position, (cell, width)) in row.iter().zip(widths).enumerate() {
        let text = cut(&cell.text, *width);
        let padding = width.saturating_sub(text.width());
        let style = cell.style;
        line.push_str(&format!("{style}{text}{style:#}"));
        if position + 1 < row.len() {
            line.push_str(&" ".repeat(padding + 2));
        }
    }
    line.trim_end().to_owned()
}

/// Cuts `text` so that it fills at most `width` columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width.saturating_sub(1) {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// Returns how many lines the terminal has; `None` when standard output is none.
pub(crate) fn terminal_height() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some(usize::from(size.ws_row)).filter(|rows| *rows > 0)
}

/// Returns how many columns the terminal has; `None` when standard output is none.
fn terminal_width() -> Option<usize> {
    let output = stdout();
    if !output.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&output).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(table: &Table, width: Option<usize>) -> Vec<String> {
        table.lines_within(width).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let mut table = Table::new(["BRANCH", "SUBJECT", "BY"]);
        table.row(["shop main".into(), "日本 basket".into(), Cell::new("ada", Look::Good)]);
        table.row(["a b".into(), "x".into(), "grace".into()]);
        assert_eq!(
            plain(&table, None),
            ["BRANCH     SUBJECT      BY", "shop main  日本 basket  ada", "a b        x            grace"]
        );
    }

    #[test]
    fn a_text_of_any_length_gives_way_before_what_the_row_is_about() {
        let mut table = Table::new(["BRANCH", "SUBJECT"]);
        table.row(["a-shop-with-a-long-name main".into(), Cell::of_any_length("x".repeat(3_000))]);
        assert_eq!(plain(&table, Some(45))[1], format!("a-shop-with-a-long-name main  {}…", "x".repeat(14)));
        assert_eq!(plain(&table, None)[1].width(), 28 + 2 + WIDEST);
    }

    #[test]
    fn the_longest_column_gives_way_to_a_narrow_terminal() {
        let mut table = Table::new(["BRANCH", "SUBJECT", "BY"]);
        table.row(["shop main".into(), "Add a basket that holds things".into(), "ada".into()]);
        let lines = plain(&table, Some(36));
        assert_eq!(lines[1], "shop main  Add a basket that h…  ada");
        assert!(lines.iter().all(|line| line.width() <= 36));
    }
}
