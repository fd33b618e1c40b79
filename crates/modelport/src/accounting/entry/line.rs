//! A row as a line of the journal has it: one JSON object. Every request has one written, so it is put together without the
//! machinery of serde, which looks at each byte of each name; it is read with it.

use super::{Entry, Text};

/// Room for a row, in bytes: as much as usual ones need.
const LENGTH: usize = 768;

/// Adds the JSON of a row to a batch. Nothing and 0 are left out, which most of the counts are.
pub fn write(row: &Entry, batch: &mut Vec<u8>) {
    batch.reserve(LENGTH);
    let mut id = uuid::Uuid::encode_buffer();
    batch.extend_from_slice(b"{\"id\":\"");
    batch.extend_from_slice(row.id.simple().encode_lower(&mut id).as_bytes());
    batch.push(b'"');
    let mut object = Object(batch);
    object.number("at_ms", row.at_ms);
    object.text("request_id", &row.request_id);
    object.some_text("key", &row.key);
    object.some_text("team", &row.team);
    object.some_text("provider", &row.provider);
    object.some_text("requested", &row.requested);
    object.some_text("model", &row.model);
    object.text("surface", &row.surface);
    object.raw("stream", if row.stream { "true" } else { "false" });
    object.number("status", row.status);
    object.text("ending", &row.ending);
    object.number("attempts", row.attempts);
    object.number("duration_ms", row.duration_ms);
    object.known("first_output_ms", row.first_output_ms);
    object.count("input_tokens", row.input_tokens);
    object.count("output_tokens", row.output_tokens);
    object.count("cached_input_tokens", row.cached_input_tokens);
    object.count("cache_write_tokens", row.cache_write_tokens);
    object.count("cache_write_1h_tokens", row.cache_write_1h_tokens);
    object.count("reasoning_tokens", row.reasoning_tokens);
    object.count("audio_input_tokens", row.audio_input_tokens);
    object.count("audio_output_tokens", row.audio_output_tokens);
    object.count("image_input_tokens", row.image_input_tokens);
    object.count("image_output_tokens", row.image_output_tokens);
    object.known("cost_pico", row.cost_pico);
    object.text("cost_source", &row.cost_source);
    object.known("reported_pico", row.reported_pico);
    object.known("computed_pico", row.computed_pico);
    object.known_text("prices", row.prices.as_ref());
    object.known_text("tags", row.tags.as_ref());
    batch.push(b'}');
}

/// An object that has begun, and has a member already.
struct Object<'a>(&'a mut Vec<u8>);

impl Object<'_> {
    /// A member; the value needs no quotes, or has them.
    fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    fn number(&mut self, name: &str, number: impl itoa::Integer) {
        self.raw(name, itoa::Buffer::new().format(number));
    }

    fn known(&mut self, name: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    fn count(&mut self, name: &str, count: i64) {
        if count != 0 {
            self.number(name, count);
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        if is_plain(text) {
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        } else {
            // Writing a text to memory cannot fail.
            let _ = serde_json::to_writer(&mut *self.0, text);
        }
    }

    fn some_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, text);
        }
    }

    fn known_text(&mut self, name: &str, text: Option<&Text>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Whether a text is the same inside quotes. Looks at all of it without a branch, which the compiler does in parallel.
fn is_plain(text: &str) -> bool {
    let odd = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    !text.bytes().fold(false, |found, byte| found | odd(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_object_holds_what_is_known_and_nothing_else() {
        let row = Entry {
            tags: Some(r#"{"project":"a"}"#.into()),
            ..row()
        };
        let mut line = Vec::new();
        write(&row, &mut line);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            concat!(
                r#"{"id":"00000000000000000000000000000007","at_ms":-1,"request_id":"r","surface":"/chat/completions","#,
                r#""stream":true,"status":200,"ending":"answered","attempts":1,"duration_ms":5,"input_tokens":3,"#,
                r#""cost_pico":0,"cost_source":"computed","tags":"{\"project\":\"a\"}"}"#
            )
        );
    }

    fn row() -> Entry {
        Entry {
            id: uuid::Uuid::from_u128(7),
            at_ms: -1,
            request_id: "r".into(),
            key: Text::default(),
            team: Text::default(),
            provider: Text::default(),
            requested: Text::default(),
            model: Text::default(),
            surface: "/chat/completions".into(),
            stream: true,
            status: 200,
            ending: "answered".into(),
            attempts: 1,
            duration_ms: 5,
            first_output_ms: None,
            input_tokens: 3,
            output_tokens: 0,
            cached_input_tokens: 0,
            cache_write_tokens: 0,
            cache_write_1h_tokens: 0,
            reasoning_tokens: 0,
            audio_input_tokens: 0,
            audio_output_tokens: 0,
            image_input_tokens: 0,
            image_output_tokens: 0,
            cost_pico: Some(0),
            cost_source: "computed".into(),
            reported_pico: None,
            computed_pico: None,
            prices: None,
            tags: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            texts in prop::collection::vec(any::<String>(), 12),
            counts in prop::collection::vec(any::<i64>(), 16),
            some in any::<bool>(),
            status in any::<i16>(),
        ) {
            let mut texts = texts.iter().map(|text| Text::from(&**text));
            let mut text = || texts.next().unwrap();
            let mut counts = counts.into_iter();
            let mut count = || counts.next().unwrap();
            let row = Entry {
                at_ms: count(),
                request_id: text(),
                key: text(),
                team: text(),
                provider: text(),
                requested: text(),
                model: text(),
                surface: text(),
                stream: some,
                status,
                ending: text(),
                duration_ms: count(),
                first_output_ms: some.then(&mut count),
                input_tokens: count(),
                output_tokens: count(),
                cached_input_tokens: count(),
                cache_write_tokens: count(),
                cache_write_1h_tokens: count(),
                reasoning_tokens: count(),
                audio_input_tokens: count(),
                audio_output_tokens: count(),
                image_input_tokens: count(),
                image_output_tokens: count(),
                cost_pico: some.then(&mut count),
                cost_source: text(),
                reported_pico: some.then(&mut count),
                computed_pico: some.then(&mut count),
                prices: some.then(&mut text),
                tags: some.then(&mut text),
                ..row()
            };
            let mut line = Vec::new();
            write(&row, &mut line);
            prop_assert_eq!(serde_json::from_slice::<Entry>(&line).unwrap(), row);
        }
    }
}
