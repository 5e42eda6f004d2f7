//! `/media/{sig}`: users' files for providers and players, without the bot's token in any address.
//!
//! Guarantees: only files named by a valid, unexpired signature of ours; only ever from the Bot API's file host;
//! streamed with back-pressure, never held; ranges answered as RFC 9110 §14 says, whatever the upstream can do.

mod body;
mod fields;
mod guard;
mod known;
mod proxy;
mod range;
mod sign;
#[cfg(test)]
mod tests;
mod upstream;

pub use proxy::{MediaProxy, media};
pub use sign::{MediaSigner, SignatureError};
pub use upstream::{FileSource, FileSourceError, ResolvedFile, UpstreamBody};
