//! Made-up text in pieces, one piece a token.

use std::iter;

/// What is said after the echo of the question.
const SENTENCES: [&str; 6] = [
    "This answer comes from a simulated provider, so nothing was thought and nothing is billed.",
    "The same question always gets the same words, which makes a difference between two runs a real one.",
    "Every byte of it went over a real socket, with the pauses and faults that were asked for.",
    "A word counts as one token here, which is close enough for limits and plain to check by hand.",
    "If it arrives in the wrong order, or not at all, the fault is on the way and not in the model.",
    "Accents and signs such as café, naïve, 東京 and 🙂 are in it, so that cuts inside a character show.",
];
/// The most characters of a question that are echoed.
const ECHO: usize = 80;
/// Sentences in an answer of natural length.
const NATURAL: usize = 2;
/// The most tokens of an answer: a stream is rendered before it is sent, and this many take some 25 MB.
const MAX_TOKENS: usize = 100_000;
/// Characters of a fragment of JSON.
const FRAGMENT: usize = 8;

/// A text and where its pieces end.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    text: String,
    ends: Vec<usize>,
}

impl Pieces {
    /// Cuts a text into fragments of a few characters, as providers stream JSON.
    pub(crate) fn fragments(text: &str) -> Self {
        let ends = text
            .char_indices()
            .map(|(at, _)| at)
            .skip(FRAGMENT)
            .step_by(FRAGMENT);
        let ends = ends.chain(iter::once(text.len())).collect();
        Self {
            text: text.to_owned(),
            ends,
        }
    }

    fn push_word(&mut self, word: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.ends.push(self.text.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The pieces in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }
}

/// Tokens of so many bytes of text.
pub(crate) fn estimate(bytes: usize) -> usize {
    bytes.div_ceil(4)
}

/// An answer to a question, and whether `limit` cut it. `tokens` replaces its natural length.
pub(super) fn answer(
    question: &str,
    tokens: Option<usize>,
    limit: Option<usize>,
) -> (Pieces, bool) {
    let echo: String = question
        .chars()
        .take(ECHO)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let greeting = if echo.trim().is_empty() {
        "Hello from the simulator."
    } else {
        "You said:"
    };
    let opening = greeting.split(' ').chain(echo.split_whitespace());
    let sentences = SENTENCES.iter().cycle().skip(pick(&echo));
    let words = |sentence: &'static &'static str| sentence.split(' ');
    match tokens {
        None => take(
            opening.chain(sentences.take(NATURAL).flat_map(words)),
            limit,
        ),
        Some(tokens) => {
            let tokens = tokens.clamp(1, MAX_TOKENS);
            take(opening.chain(sentences.flat_map(words)).take(tokens), limit)
        }
    }
}

/// The words up to the limit, and whether there were more.
fn take<'a>(mut words: impl Iterator<Item = &'a str>, limit: Option<usize>) -> (Pieces, bool) {
    let mut pieces = Pieces {
        text: String::with_capacity(256),
        ends: Vec::with_capacity(64),
    };
    words
        .by_ref()
        .take(limit.map_or(MAX_TOKENS, |limit| limit.max(1)))
        .for_each(|word| pieces.push_word(word));
    let cut = words.next().is_some();
    (pieces, cut)
}

/// Picks the first sentence by the question (FNV-1a).
fn pick(question: &str) -> usize {
    let hash = question
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    usize::try_from(hash % 6).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_echoes_and_has_the_length_asked_for() {
        let (natural, cut) = answer("What is\nthe capital of France?", None, None);
        assert!(
            natural
                .text()
                .starts_with("You said: What is the capital of France? "),
            "{}",
            natural.text()
        );
        assert!(!cut && natural.len() > 15);
        for (tokens, limit, length, cut) in [
            (Some(1), None, 1, false),
            (Some(500), None, 500, false),
            (Some(500), Some(20), 20, true),
            (Some(5), Some(20), 5, false),
            (None, Some(3), 3, true),
            (Some(0), Some(0), 1, false),
        ] {
            let (pieces, was_cut) = answer("hi", tokens, limit);
            assert_eq!(
                (pieces.len(), was_cut),
                (length, cut),
                "{tokens:?} {limit:?}"
            );
            assert_eq!(pieces.iter().collect::<String>(), pieces.text());
        }
        assert_eq!(
            answer("same", None, None).0.text(),
            answer("same", None, None).0.text()
        );
    }

    #[test]
    fn fragments_keep_the_text() {
        for text in ["", "a", "12345678", "123456789", "äöü🙂äöü🙂äöü🙂"] {
            assert_eq!(Pieces::fragments(text).iter().collect::<String>(), text);
        }
        assert_eq!(Pieces::fragments("123456789").len(), 2);
    }
}
