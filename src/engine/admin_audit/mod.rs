//! What admins did: rows that nothing can change or delete, written in the transaction of the act itself.

mod store;

pub use store::{Act, Done, about, carrying, record};
