//! Figures into the tables of a page: in a row with a figure's name in backquotes, the next cell is its value.

use std::collections::HashMap;
use std::fs;

/// Writes these figures into a file; rows of others stay as they are.
pub(crate) fn figures(file: &str, lines: &[String]) {
    let figures: HashMap<&str, (&str, &str)> = lines.iter().filter_map(|line| read(line)).collect();
    let text = fs::read_to_string(file).unwrap();
    let rows: Vec<String> = text.lines().map(|row| written(row, &figures)).collect();
    fs::write(file, rows.join("\n") + "\n").unwrap();
}

/// `name value unit`, with the name first.
fn read(line: &str) -> Option<(&str, (&str, &str))> {
    let (name, rest) = line.split_once(' ')?;
    (name != "#").then_some((name, rest.split_once(' ')?))
}

fn written(row: &str, figures: &HashMap<&str, (&str, &str)>) -> String {
    if !row.starts_with('|') {
        return row.to_owned();
    }
    let mut cells: Vec<String> = row.split('|').map(ToOwned::to_owned).collect();
    for at in 0..cells.len() {
        let name = cells[at].trim().trim_matches('`');
        if let (Some((value, unit)), true) = (figures.get(name), at + 2 < cells.len()) {
            cells[at + 1] = format!(" {} {} ", short(value), unit.replace('_', " "));
        }
    }
    cells.join("|")
}

/// Only significant digits.
fn short(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number.abs() >= 1_000.0 => {
            let digits = format!("{number:.0}");
            let places = digits.len();
            digits.chars().enumerate().fold(String::new(), |mut text, (at, digit)| {
                if at > 0 && (places - at) % 3 == 0 {
                    text.push(',');
                }
                text.push(digit);
                text
            })
        }
        Ok(number) if number.abs() >= 100.0 => format!("{number:.0}"),
        Ok(number) if number.abs() >= 10.0 => format!("{number:.1}"),
        _ => value.to_owned(),
    }
}
