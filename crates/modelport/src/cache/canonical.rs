//! JSON in a form in which two documents are equal exactly when they say the same: the members of every object in one
//! order, no space between tokens, escapes in strings read. Numbers stay as they are written, and of members with the
//! same name the order stays, for readers differ in what they make of either. The form is for hashing, not for reading.

use memchr::memchr2;
use modelport_provider::scan::string_value;
use smallvec::SmallVec;

/// The deepest nesting that is put into the form.
const MAX_DEPTH: usize = 128;

/// What a reader of escapes puts in place of half a surrogate pair.
const UNREADABLE: char = '\u{fffd}';

/// The form of a valid document; `None` for one that nests too deep.
pub(super) fn form(json: &[u8]) -> Option<Vec<u8>> {
    let mut writer = Writer {
        json,
        at: 0,
        out: Vec::with_capacity(json.len() + json.len() / 4),
    };
    writer.value(0)?;
    writer.skip_blank();
    (writer.at == json.len()).then_some(writer.out)
}

struct Writer<'a> {
    json: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

/// Where a member stands in what is written.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    name_end: usize,
    end: usize,
}

impl Writer<'_> {
    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        self.skip_blank();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string(),
            _ => self.word(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.at += 1;
        self.out.push(b'[');
        loop {
            self.skip_blank();
            match self.peek()? {
                b']' => break,
                b',' => self.at += 1,
                _ => self.value(depth + 1)?,
            }
        }
        self.at += 1;
        self.out.push(b']');
        Some(())
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        if depth >= MAX_DEPTH {
            return None;
        }
        self.at += 1;
        self.out.push(b'{');
        let mut members = SmallVec::<[Member; 16]>::new();
        loop {
            self.skip_blank();
            match self.peek()? {
                b'}' => break,
                b',' => self.at += 1,
                b'"' => members.push(self.member(depth)?),
                _ => return None,
            }
        }
        self.at += 1;
        self.sort(&mut members);
        self.out.push(b'}');
        Some(())
    }

    fn member(&mut self, depth: usize) -> Option<Member> {
        let start = self.out.len();
        self.string()?;
        let name_end = self.out.len();
        self.skip_blank();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        self.value(depth + 1)?;
        Some(Member {
            start,
            name_end,
            end: self.out.len(),
        })
    }

    /// Puts the members of an object, the last thing that was written, in the order of their names.
    fn sort(&mut self, members: &mut [Member]) {
        let Some(start) = members.first().map(|first| first.start) else {
            return;
        };
        let out = &self.out;
        let name = |member: &Member| out.get(member.start..member.name_end);
        if members.is_sorted_by_key(name) {
            return;
        }
        members.sort_by_key(name);
        let mut sorted = Vec::with_capacity(out.len() - start);
        for member in members {
            sorted.extend_from_slice(out.get(member.start..member.end).unwrap_or_default());
        }
        self.out.truncate(start);
        self.out.append(&mut sorted);
    }

    /// A string, by its length and its text. One whose text cannot be told for sure stays as it is written.
    fn string(&mut self) -> Option<()> {
        let start = self.at;
        let mut at = start + 1;
        let mut has_escapes = false;
        loop {
            let rest = self.json.get(at..)?;
            let next = memchr2(b'"', b'\\', rest)?;
            if rest.get(next) == Some(&b'"') {
                at += next;
                break;
            }
            has_escapes = true;
            at += next + 2;
        }
        self.at = at + 1;
        let quoted = self.json.get(start..self.at)?;
        let inner = self.json.get(start + 1..at)?;
        if has_escapes {
            match string_value(quoted) {
                Some(text) if !text.contains(UNREADABLE) => self.text(b'"', text.as_bytes()),
                Some(_) | None => self.text(b'\\', inner),
            }
        } else {
            self.text(b'"', inner);
        }
        Some(())
    }

    fn text(&mut self, sort: u8, text: &[u8]) {
        self.out.push(sort);
        self.out.extend_from_slice(&text.len().to_le_bytes());
        self.out.extend_from_slice(text);
    }

    /// A number, or `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let rest = self.json.get(self.at..)?;
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        if length == 0 {
            return None;
        }
        self.out.extend_from_slice(rest.get(..length)?);
        self.out.push(b',');
        self.at += length;
        Some(())
    }
}

#[cfg(test)]
mod tests;
