//! Columns that line up, and colors, for whoever reads at a terminal.

use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// No text of any length is shown wider, also where there is no terminal.
const WIDEST: usize = 100;

/// A piece of text and how it is to look. Where there is no terminal, or `NO_COLOR` is set, looks are dropped on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    length: Length,
}

/// How a cell gives way to a narrow terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Length {
    /// Only when it must.
    #[default]
    Short,
    /// Before others do.
    Any,
    /// Never: it says what the row is about.
    Whole,
}

impl Length {
    /// How far a column is cut at most; a commit's short name fits in front of the sign that something is missing.
    fn narrowest(self) -> usize {
        if self == Self::Any { 12 } else { 8 }
    }
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
        Self { text: text.into(), style: look.style(), length: Length::Short }
    }

    /// Makes a cell that says what its row is about, and is never cut.
    pub(crate) fn name(text: impl Into<String>) -> Self {
        Self { length: Length::Whole, ..Self::new(text, Look::Strong) }
    }

    /// Makes a cell of a text that can be cut without hiding what the row is about, such as the subject of a commit.
    pub(crate) fn of_any_length(text: impl AsRef<str>) -> Self {
        Self { length: Length::Any, ..Self::from(shorten(text.as_ref())) }
    }

    fn painted(&self, text: &str) -> String {
        let style = self.style;
        format!("{style}{text}{style:#}")
    }
}

/// Cuts a text that nobody would read to its end.
pub(crate) fn shorten(text: &str) -> String {
    cut(text, WIDEST)
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new(), length: Length::Short }
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

    /// Prints the table within `width` columns, and `below` each row what belongs to it.
    ///
    /// What a row is about is never cut. A text of any length gives way first, then the widest other column. Where not even
    /// that fits, each row becomes a block of lines.
    pub(crate) fn text(&self, width: Option<usize>, below: impl Fn(usize) -> String) -> String {
        let Some(heading) = self.rows.first() else { return String::new() };
        let widths = self.widths(width);
        let mut text = widths.as_ref().map(|widths| print(heading, widths) + "\n").unwrap_or_default();
        for (position, row) in self.rows.iter().skip(1).enumerate() {
            match &widths {
                Some(widths) => text.push_str(&format!("{}\n", print(row, widths))),
                None => text.push_str(&print_as_block(heading, row, width.unwrap_or(usize::MAX))),
            }
            text.push_str(&below(position));
        }
        text
    }

    /// Chooses the widths of the columns; `None` when they do not fit.
    fn widths(&self, width: Option<usize>) -> Option<Vec<usize>> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let cells = |column| self.rows.iter().filter_map(move |row: &Vec<Cell>| row.get(column));
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| cells(column).map(|it| it.text.width()).max().unwrap_or_default())
            .collect();
        let length: Vec<Length> =
            (0..columns).map(|column| cells(column).map(|it| it.length).max().unwrap_or_default()).collect();
        let mut total: usize = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
        for giving_way in [Length::Any, Length::Short] {
            while total > width.unwrap_or(usize::MAX) {
                let may = |(column, width): &(usize, &mut usize)| {
                    let length = length.get(*column).copied().unwrap_or_default();
                    length >= giving_way && length != Length::Whole && **width > length.narrowest()
                };
                let Some((_, widest)) = widths.iter_mut().enumerate().filter(may).max_by_key(|it| *it.1)
                else {
                    break;
                };
                *widest -= 1;
                total -= 1;
            }
        }
        (total <= width.unwrap_or(usize::MAX)).then_some(widths)
    }
}

/// Prints a row where a line has no room for it: its first cell, and the others below, each with its heading.
fn print_as_block(heading: &[Cell], row: &[Cell], width: usize) -> String {
    let Some(first) = row.first() else { return String::new() };
    let mut text = first.painted(&first.text) + "\n";
    let widest = heading.iter().skip(1).map(|it| it.text.width()).max().unwrap_or_default();
    for (name, cell) in heading.iter().zip(row).skip(1).filter(|(_, cell)| !cell.text.is_empty()) {
        let padding = " ".repeat(widest.saturating_sub(name.text.width()) + 2);
        let room = width.saturating_sub(widest + 4);
        let shown = match cell.length {
            Length::Any => cut(&cell.text, room.max(Length::Any.narrowest())),
            _ => cell.text.clone(),
        };
        text.push_str(&format!("  {}{padding}{}\n", name.painted(&name.text), cell.painted(&shown)));
    }
    text
}

fn print(row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    for (position, (cell, width)) in row.iter().zip(widths).enumerate() {
        let text = cut(&cell.text, *width);
        let padding = width.saturating_sub(text.width());
        line.push_str(&cell.painted(&text));
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
pub(crate) fn terminal_width() -> Option<usize> {
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
        let text = table.text(width, |_| String::new());
        anstream::adapter::strip_str(&text).to_string().lines().map(str::to_owned).collect()
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
    fn a_text_of_any_length_gives_way_and_what_the_row_is_about_never() {
        let mut table = Table::new(["BRANCH", "SUBJECT", "BY"]);
        let name = "a-shop-with-a-long-name main";
        table.row([Cell::name(name), Cell::of_any_length("x".repeat(3_000)), "grace-hopper".into()]);
        assert_eq!(plain(&table, Some(60))[1], format!("{name}  {}…  grace-hopper", "x".repeat(15)));
        assert_eq!(plain(&table, Some(52))[1], format!("{name}  {}…  grace-h…", "x".repeat(11)));
        assert_eq!(plain(&table, None)[1].width(), 28 + 2 + WIDEST + 2 + 12);
        assert_eq!(
            plain(&table, Some(30)),
            [name, &format!("  SUBJECT  {}…", "x".repeat(18)), "  BY       grace-hopper"]
        );
    }
}
