mod answers;
mod citations;
mod grammar;
mod recorded;
mod requests;
mod streams;
