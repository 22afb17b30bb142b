//! Text in lines no wider than a terminal.

/// Columns of a standard terminal.
const WIDTH: usize = 80;

/// A text broken between words, continued at a column. A word longer than a line is broken too, since names go up to 253
/// octets; a URL is not, so that it can be opened.
pub(crate) fn wrapped(text: &str, start: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut column = start;
    let line = |lines: &mut String, column: &mut usize| {
        lines.push('\n');
        lines.extend(std::iter::repeat_n(' ', indent));
        *column = indent;
    };
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 && column + 1 + word.chars().count() > WIDTH {
            line(&mut lines, &mut column);
        } else if index > 0 {
            lines.push(' ');
            column += 1;
        }
        for character in word.chars() {
            if column >= WIDTH && !word.contains("://") {
                line(&mut lines, &mut column);
            }
            lines.push(character);
            column += 1;
        }
    }
    lines
}
