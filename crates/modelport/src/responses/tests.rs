mod answers;
mod grammar;
mod recorded;
mod requests;
mod streams;
