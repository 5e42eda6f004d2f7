//! The wallet: what a user has and how it moved; and what admins may do with it.

mod admin;
mod approvals;
mod balance;

use fluent_templates::static_loader;

use crate::features::speech::{Language, Speech};

pub use admin::{grant, user};
pub use approvals::{ExpireGrants, decide};
pub use balance::{balance, off, welcome_grant};

static_loader! {
    static TEXTS = {
        locales: "./src/features/wallet/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}
