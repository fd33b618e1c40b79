//! Small things that change seldom and that every replica knows: each a JSON object with a kind and an id. What they
//! mean is decided elsewhere.

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What sort of thing it is.
    pub kind: String,
    /// Which of its kind.
    pub id: String,
    /// The document; `None` when it was deleted.
    pub json: Option<String>,
    /// The number of the change; later ones are greater.
    pub revision: i64,
}
