//! Reading the text of a `.env` file into entries that know their lines. It opens no file and changes no
//! environment. The syntax is dotenvy's, so `${NAME}` in a value stands for an earlier entry or the process's own.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// The largest `.env` file that is read, in bytes.
pub(super) const MAX_DOTENV: usize = 1024 * 1024;

/// One assignment, and the lines it takes, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) first_line: usize,
    pub(super) last_line: usize,
}

/// What a `.env` file holds.
#[derive(Debug, Default)]
pub(super) struct Dotenv {
    pub(super) entries: Vec<Entry>,
    /// Lines that could not be read.
    pub(super) broken_lines: Vec<usize>,
}

/// Reads the text of a `.env` file; a wrong line does not hide the rest.
pub(super) fn read(contents: &str) -> Dotenv {
    let contents = contents.strip_prefix('\u{feff}').unwrap_or(contents);
    let lines: Vec<&str> = contents.lines().collect();
    let served = Rc::new(Cell::new(0));
    let mut dotenv = Dotenv::default();
    let mut done = 0;
    for item in dotenvy::from_read_iter(LineByLine::new(contents, Rc::clone(&served))) {
        let last_line = served.get().min(lines.len());
        let first_line = first_statement(&lines, done).min(last_line);
        done = last_line;
        match item {
            Ok((name, value)) => dotenv.entries.push(Entry {
                name,
                value,
                first_line,
                last_line,
            }),
            Err(_) => dotenv.broken_lines.push(first_line),
        }
    }
    dotenv
}

/// A value as it may stand behind `NAME=`, quoted if it must be.
pub(super) fn quote(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=*-".contains(&byte);
    if value.bytes().all(is_plain) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\\', '\n']) {
        return format!("'{value}'");
    }
    let mut quoted = String::from('"');
    for letter in value.chars() {
        match letter {
            '\n' => quoted.push_str("\\n"),
            '"' | '\\' | '$' => quoted.extend(['\\', letter]),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The number of the first line after `done` that is neither blank nor a comment.
fn first_statement(lines: &[&str], done: usize) -> usize {
    let skipped = lines.iter().skip(done).take_while(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#')
    });
    done + skipped.count() + 1
}

/// Hands out one line per read and counts them, since dotenvy does not say where an entry stood.
struct LineByLine {
    rest: io::Cursor<Vec<u8>>,
    served: Rc<Cell<usize>>,
}

impl LineByLine {
    fn new(contents: &str, served: Rc<Cell<usize>>) -> Self {
        // dotenvy takes a last line that ends in a blank without a line break for an open one.
        let bytes = format!("{contents}\n").into_bytes();
        Self {
            rest: io::Cursor::new(bytes),
            served,
        }
    }
}

impl Read for LineByLine {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(self.rest.position()).unwrap_or(usize::MAX);
        let left = self.rest.get_ref().get(start..).unwrap_or_default();
        let line = left
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(left.len(), |at| at + 1);
        let length = line.min(buffer.len());
        if length == line && line > 0 {
            self.served.set(self.served.get() + 1);
        }
        let Some(space) = buffer.get_mut(..length) else {
            return Ok(0);
        };
        self.rest.read_exact(space)?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, read};

    #[test]
    fn entries_know_their_lines() {
        let text = "\u{feff}# it's a comment\n\nA=1\r\n  \nexport B = \"two\nlines\" # end\n\n# x\nC='3'\nA=${C} ";
        let entry = |name: &str, value: &str, first_line, last_line| Entry {
            name: name.to_owned(),
            value: value.to_owned(),
            first_line,
            last_line,
        };
        let dotenv = read(text);
        assert_eq!(
            dotenv.entries,
            [
                entry("A", "1", 3, 3),
                entry("B", "two\nlines", 5, 6),
                entry("C", "'3'".trim_matches('\''), 9, 9),
                entry("A", "3", 10, 10)
            ]
        );
        assert!(dotenv.broken_lines.is_empty());
    }

    #[test]
    fn a_broken_line_is_named_and_does_not_hide_the_rest() {
        let check = |text: &str, entries: usize, broken: &[usize]| {
            let dotenv = read(text);
            assert_eq!(
                (dotenv.entries.len(), dotenv.broken_lines.as_slice()),
                (entries, broken),
                "{text:?}"
            );
        };

        check("", 0, &[]);
        check("A=1\nno equals sign\nB=2\n", 2, &[2]);
        check("A=1\n1B=2\n\n# c\nC=a b\nD=4", 2, &[2, 5]);
        check("A=1\nB=\"open\nC=3\n", 1, &[2]);
        check(&format!("A={}\nwrong\n", "x".repeat(20_000)), 1, &[2]);
    }
}
