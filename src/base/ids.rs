//! The only place that makes identifiers and random numbers.
#![expect(clippy::disallowed_methods, reason = "this is the home of randomness")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use uuid::Uuid;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A source of identifiers and jitter: random, or repeatable from a seed.
#[derive(Clone, Debug)]
pub struct Ids(Arc<Mutex<StdRng>>);

impl Ids {
    /// Seeded by the operating system.
    pub fn random() -> Self {
        Self(Arc::new(Mutex::new(rand::make_rng())))
    }

    /// The same sequence for the same seed, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A new random identifier (version 4: it tells nobody when it was made).
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// 32 random bytes as 43 characters of base64url: unguessable, fit for a URL or a header.
    pub fn token(&self) -> String {
        let mut bytes = [0_u8; 32];
        self.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// 10 characters of base62 (about 59 bits): names a row where the space is short, as in callback data.
    pub fn short(&self) -> String {
        let mut rng = self.lock();
        (0..10)
            .map(|_| char::from(BASE62[rng.random_range(0..BASE62.len())]))
            .collect()
    }

    /// A uniformly random part of `duration`, from nothing up to the whole.
    pub fn jitter(&self, duration: Duration) -> Duration {
        duration.mul_f64(self.lock().random::<f64>())
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.lock().fill_bytes(bytes);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, StdRng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_two_ids_differ() {
        let (a, b) = (Ids::seeded(7), Ids::seeded(7));
        assert_eq!(a.uuid(), b.uuid());
        assert_eq!(a.token(), b.token());
        assert_ne!(a.short(), a.short());
        assert_eq!(a.token().len(), 43);
        assert!(a.jitter(Duration::from_secs(1)) <= Duration::from_secs(1));
    }
}
