//! The Bot API as a client sees it.
