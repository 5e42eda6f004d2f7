//! The provider over HTTP, on a clock that only the test moves.
