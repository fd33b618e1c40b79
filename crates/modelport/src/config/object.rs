//! Fields that hold a JSON object. Serde's structs take an array of their fields' values too, which nobody means.

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error};
use serde_json::{Map, Value};

/// A field that is an object.
///
/// # Errors
///
/// What is wrong with it.
pub fn only<'de, D: Deserializer<'de>, T: DeserializeOwned>(value: D) -> Result<T, D::Error> {
    read(Map::deserialize(value)?)
}

/// A field that is a list of objects.
///
/// # Errors
///
/// What is wrong with one of them.
pub fn each<'de, D: Deserializer<'de>, T: DeserializeOwned>(value: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Map<String, Value>>::deserialize(value)?;
    objects.into_iter().map(read).collect()
}

fn read<T: DeserializeOwned, E: Error>(object: Map<String, Value>) -> Result<T, E> {
    T::deserialize(Value::Object(object)).map_err(E::custom)
}
