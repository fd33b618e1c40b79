//! Embeddings: the same text always gets the same unit vector. OpenAI's form and Ollama's.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::base64;
use crate::chat::estimate;
use crate::errors::{self, Refusal};

/// Numbers in a vector unless the request says otherwise, and at most.
const DIMENSIONS: usize = 64;
const MAX_DIMENSIONS: usize = 4_096;

/// A request for embeddings.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    pub(crate) model: Option<String>,
    input: Option<Value>,
    encoding_format: Option<String>,
    dimensions: Option<usize>,
}

impl Ask {
    pub(crate) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// The texts to embed; arrays of tokens count as their JSON text.
    fn inputs(&self) -> Result<Vec<String>, Refusal> {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        match &self.input {
            Some(Value::String(one)) => Ok(vec![one.clone()]),
            Some(Value::Array(tokens)) if tokens.first().is_some_and(Value::is_number) => {
                Ok(vec![json!(tokens).to_string()])
            }
            Some(Value::Array(many)) if !many.is_empty() => Ok(many.iter().map(text).collect()),
            Some(_) | None => Err(errors::invalid_request(
                "'input' must be a text, an array of texts, or tokens",
            )),
        }
    }

    fn vectors(&self, inputs: &[String]) -> Vec<Vec<f32>> {
        let dimensions = self
            .dimensions
            .unwrap_or(DIMENSIONS)
            .clamp(1, MAX_DIMENSIONS);
        inputs
            .iter()
            .map(|input| vector(input, dimensions))
            .collect()
    }
}

/// `POST /embeddings`.
pub(crate) fn openai(ask: &Ask) -> Result<Answer, Refusal> {
    let inputs = ask.inputs()?;
    let vectors = ask
        .vectors(&inputs)
        .into_iter()
        .enumerate()
        .map(|(index, vector)| {
            let embedding = match ask.encoding_format.as_deref() {
                Some("base64") => json!(base64::encode(
                    &vector
                        .iter()
                        .flat_map(|number| number.to_le_bytes())
                        .collect::<Vec<u8>>()
                )),
                Some(_) | None => json!(vector),
            };
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        });
    let tokens = tokens(&inputs);
    let body = json!({
        "object": "list", "data": vectors.collect::<Vec<_>>(), "model": ask.model,
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    });
    Ok(Answer::json(200, &body))
}

/// `POST /api/embed`.
pub(crate) fn ollama(ask: &Ask) -> Result<Answer, Refusal> {
    let inputs = ask.inputs()?;
    let body = json!({
        "model": ask.model, "embeddings": ask.vectors(&inputs), "total_duration": 14_143_917, "load_duration": 1_019_500,
        "prompt_eval_count": tokens(&inputs),
    });
    Ok(Answer::json(200, &body))
}

fn tokens(inputs: &[String]) -> usize {
    inputs.iter().map(|input| estimate(input.len())).sum()
}

/// A unit vector: numbers from a xorshift generator seeded with the text (FNV-1a).
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut state = text
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
        .max(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        // The upper half of the state, so that the conversion is exact.
        f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0
    };
    let mut vector: Vec<f32> = (0..dimensions).map(|_| next()).collect();
    let length = vector
        .iter()
        .map(|number| number * number)
        .sum::<f32>()
        .sqrt()
        .max(f32::MIN_POSITIVE);
    for number in &mut vector {
        *number /= length;
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_gets_the_same_unit_vector() {
        let (one, same, other) = (vector("text", 64), vector("text", 64), vector("other", 64));
        assert!(one == same && one != other && one.len() == 64);
        assert!((one.iter().map(|number| number * number).sum::<f32>() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn inputs_come_in_four_forms() {
        for (input, expected) in [
            ("\"a\"", Some(1)),
            ("[\"a\",\"b\"]", Some(2)),
            ("[1,2]", Some(1)),
            ("[[1,2],[3]]", Some(2)),
            ("[]", None),
            ("null", None),
            ("{}", None),
        ] {
            let ask = Ask::read(format!("{{\"input\":{input}}}").as_bytes()).unwrap();
            assert_eq!(
                ask.inputs().ok().map(|inputs| inputs.len()),
                expected,
                "{input}"
            );
        }
    }
}
