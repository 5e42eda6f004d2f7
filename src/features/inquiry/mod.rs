//! Asking admins what became of an order whose answer was lost, with one tap: it went through, or it did not.
//!
//! Every admin is asked in a message of their own. The first answer counts, whoever gives it and however many tap at once;
//! the others' messages say so, and what became of it. Nothing follows from an answer here: the job's worker acts upon it
//! (`engine::jobs`). An order that settles itself meanwhile closes the question.

mod answer;
mod page;
mod store;
mod watch;

use fluent_templates::static_loader;

use crate::features::speech::{Language, Speech};

pub use answer::{choose, is_awaited, not_there, put_away, type_task, typed};
pub use watch::Watched;

static_loader! {
    static TEXTS = {
        locales: "./src/features/inquiry/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}
