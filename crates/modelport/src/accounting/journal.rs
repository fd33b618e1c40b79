//! The journal: files to which finished requests are appended before they reach the database, so that a process that
//! dies loses none that was written. A line is a checksum, a space and one JSON object; a line that the end of a process
//! cut short is told by its missing end.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

mod place;

pub use place::Place;

/// A segment that has grown to this is followed by another, in bytes.
const SEGMENT: u64 = 8 << 20;

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// Digits of the checksum.
const DIGITS: usize = 8;

/// Length of the checksum and the space behind it.
const CHECKSUM: usize = DIGITS + 1;

/// Adds one line to a batch, of the JSON that `write` adds.
pub fn add_line(batch: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = batch.len();
    batch.extend_from_slice(&[b' '; CHECKSUM]);
    write(batch);
    let checksum = batch.get(start + CHECKSUM..).map(crc32fast::hash);
    let room = batch.get_mut(start..start + DIGITS);
    if let (Some(checksum), Some(room)) = (checksum, room) {
        for (place, digit) in room.iter_mut().rev().enumerate() {
            *digit = hex_digit(checksum >> (4 * place));
        }
    }
    batch.push(b'\n');
}

/// The digit of the lowest four bits.
fn hex_digit(number: u32) -> u8 {
    let digit = char::from_digit(number & 0xf, 16).unwrap_or('0');
    u8::try_from(digit).unwrap_or(b'0')
}

/// The end of a journal, where lines are appended.
pub struct Writer {
    place: Arc<Place>,
    segment: u64,
    file: File,
    length: u64,
}

impl Writer {
    /// Begins a segment behind those that are there.
    ///
    /// # Errors
    ///
    /// When the file cannot be made.
    pub fn new(place: Arc<Place>) -> io::Result<Self> {
        let segment = place.segments()?.last().map_or(1, |last| last + 1);
        let file = create(&place, segment)?;
        Ok(Self {
            place,
            segment,
            file,
            length: 0,
        })
    }

    /// What follows the lines that are there.
    pub fn end(&self) -> Position {
        Position {
            segment: self.segment,
            offset: self.length,
        }
    }

    /// Appends whole lines. When it fails none of them is there.
    ///
    /// # Errors
    ///
    /// What the system says, a full disk for example.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.length >= SEGMENT {
            self.file = create(&self.place, self.segment + 1)?;
            self.segment += 1;
            self.length = 0;
        }
        if let Err(error) = self.file.write_all(lines) {
            // A part of a line would spoil the one that is appended next.
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::Start(self.length))?;
            return Err(error);
        }
        self.length += u64::try_from(lines.len()).unwrap_or(0);
        Ok(())
    }
}

fn create(place: &Place, segment: u64) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(place.path(segment))
}

/// How far a journal has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment's number; they count from 1.
    pub segment: u64,
    /// Bytes of it that have been read.
    pub offset: u64,
}

/// What a reading found.
#[derive(Debug, Default)]
pub struct Batch {
    /// The JSON of each line.
    pub lines: Vec<String>,
    /// Lines that do not agree with their checksum.
    pub damaged: u64,
    /// What follows the lines.
    pub end: Position,
    /// Whether there is no more for now.
    pub is_last: bool,
}

/// Reads up to `most` lines behind a position. The last line of a segment that is not whole is left for later, or
/// passed over if another segment follows.
///
/// # Errors
///
/// What the system says.
pub fn read(place: &Place, from: Position, most: usize) -> io::Result<Batch> {
    let mut batch = Batch {
        end: from,
        ..Batch::default()
    };
    for segment in place.segments()? {
        if segment < from.segment {
            continue;
        }
        let offset = if segment == from.segment {
            from.offset
        } else {
            0
        };
        batch.end = Position { segment, offset };
        let mut file = File::open(place.path(segment))?;
        file.seek(SeekFrom::Start(offset))?;
        read_segment(file, most, &mut batch)?;
        if batch.lines.len() >= most {
            return Ok(batch);
        }
    }
    batch.is_last = true;
    Ok(batch)
}

fn read_segment(file: File, most: usize, batch: &mut Batch) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(64 << 10, file);
    let mut line = Vec::new();
    while batch.lines.len() < most {
        line.clear();
        let length = io::Read::take(&mut reader, MAX_LINE).read_until(b'\n', &mut line)?;
        let Some(text) = line.strip_suffix(b"\n") else {
            return Ok(());
        };
        batch.end.offset += u64::try_from(length).unwrap_or(0);
        match checked(text) {
            Some(json) => batch.lines.push(json.to_owned()),
            None => batch.damaged += 1,
        }
    }
    Ok(())
}

/// The JSON of a line that agrees with its checksum.
fn checked(line: &[u8]) -> Option<&str> {
    let (checksum, json) = line.split_at_checked(CHECKSUM)?;
    let checksum = std::str::from_utf8(checksum).ok()?.strip_suffix(' ')?;
    let wanted = u32::from_str_radix(checksum, 16).ok()?;
    let json = std::str::from_utf8(json).ok()?;
    (crc32fast::hash(json.as_bytes()) == wanted).then_some(json)
}

/// Deletes the segments that lie wholly before a position.
///
/// # Errors
///
/// What the system says.
pub fn forget(place: &Place, before: Position) -> io::Result<()> {
    for segment in place.segments()? {
        if segment < before.segment {
            fs::remove_file(place.path(segment))?;
        }
    }
    Ok(())
}

/// Deletes a journal that has been read to its end, and nobody writes.
///
/// # Errors
///
/// What the system says.
pub fn remove(place: &Place) -> io::Result<()> {
    fs::remove_dir_all(place.directory())
}

/// The numbers in the names of a directory's segments, in order.
fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path: PathBuf = entry?.path();
        let is_segment = path.extension().is_some_and(|end| end == "journal");
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if let (true, Some(number)) = (is_segment, stem.and_then(|stem| stem.parse().ok())) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests;
