//! A strict stand-in for Telegram and the providers.
