//! Bulwark.
