//! Broadcasts, for admins: `/broadcast`, then the message, then a look at it and at the number of those who would get
//! it; under way, one message shows how it goes and holds the buttons to pause, go on and stop.

mod compose;
mod control;
mod progress;

use fluent_templates::static_loader;

use crate::features::speech::{Language, Speech};

pub use compose::{begin, is_awaited, message, put_away, readdress};
pub use control::act;
pub use progress::Progress;

static_loader! {
    static TEXTS = {
        locales: "./src/features/broadcast/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}
