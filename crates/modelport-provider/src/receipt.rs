//! What became of the fields of a request that was put into another API's terms. It only tells; who translates is the
//! provider.

/// The fields whose name or meaning did not reach the provider as they were written, in the request's order. What keeps
/// its name is not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt(pub Vec<(String, Fate)>);

/// What became of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was sent under this name.
    Mapped(String),
    /// The provider has nothing like it: it was not sent.
    Dropped,
}

impl Receipt {
    pub(crate) fn mapped(&mut self, field: &str, to: &str) {
        self.0.push((field.to_owned(), Fate::Mapped(to.to_owned())));
    }

    /// Notes a field once, however often it occurs.
    pub(crate) fn dropped(&mut self, field: &str) {
        let fate = (field.to_owned(), Fate::Dropped);
        if !self.0.contains(&fate) {
            self.0.push(fate);
        }
    }
}
