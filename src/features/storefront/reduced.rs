//! Reduced mode: free services answered from memory while the database is away.
//!
//! Only a message that says everything is answered: the command of an instant service with its text. It needs no
//! conversation, touches nothing, and leaves nothing to be done later, so its answer may be its acknowledgement as well:
//! both travel to Telegram in one response, and if that is lost, Telegram delivers the message again. Everything else is
//! left to Telegram, which keeps it, and all that its chat sends after it, in order until it can be committed.
//!
//! Limits are those of the catalogue, counted in memory by day and user, and of no more users than there is room for. What
//! was granted is counted in the database as soon as that is back. If the process dies before, its users had so many more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use time::Date;

use super::instant::words;
use super::texts::speech;
use super::{draft::Answers, inputs};
use crate::base::clock::Clock;
use crate::catalog::{Catalog, Service};
use crate::engine::limits::DailyUses;
use crate::features::routes::command;
use crate::features::speech::{Args, Language};
use crate::telegram::methods::{self, Call, Format};
use crate::telegram::{ChatKind, Event, Incoming, Rich};

/// Users and services that are counted; who comes after them waits for the database.
const COUNTED_MAX: usize = 20_000;
/// Of what a user may have in a day, at most so much in reduced mode: what was used before is not known here.
const PER_DAY_MAX: u32 = 10;

/// Answers from memory.
pub struct Reduced {
    catalog: Arc<Catalog>,
    clock: Clock,
    free_uses_per_day: u32,
    uses: Mutex<Uses>,
}

#[derive(Default)]
struct Uses {
    day: Option<Date>,
    of: HashMap<(i64, String), Granted>,
}

#[derive(Clone, Copy, Default)]
struct Granted {
    uses: u32,
    /// Of these the database knows.
    counted: u32,
}

/// What became of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Taken,
    UsedUp,
    /// There is no room to count it.
    Uncounted,
}

impl Reduced {
    /// With what `catalog` answers at once.
    pub fn new(catalog: Arc<Catalog>, clock: Clock, free_uses_per_day: u32) -> Self {
        Self {
            catalog,
            clock,
            free_uses_per_day,
            uses: Mutex::default(),
        }
    }

    /// Whether this update is one that could be answered here.
    pub fn could_answer(&self, body: &[u8]) -> bool {
        self.names_a_command(body) && self.asked(body).is_some()
    }

    /// A look at the bytes, for the many commands that are none of these.
    fn names_a_command(&self, body: &[u8]) -> bool {
        let instants = self
            .catalog
            .services
            .iter()
            .filter_map(|service| service.instant.as_ref());
        let mut commands = instants.filter_map(|instant| instant.command.as_deref());
        commands.any(|command| {
            body.windows(command.len())
                .any(|bytes| bytes.eq_ignore_ascii_case(command.as_bytes()))
        })
    }

    /// The answer to an update that says everything; None for any other.
    pub fn answer(&self, body: &[u8]) -> Option<Call> {
        let asked = self.asked(body)?;
        let text = self.said(&asked)?;
        let speech = speech(asked.language);
        let mark = speech.rich("reduced-mode", &Args::new());
        let text = text.then(Rich::literal("\n\n")).then(mark);
        Some(methods::send_message(
            asked.user_id,
            &text,
            Format::MarkdownV2,
            None,
        ))
    }

    fn said(&self, asked: &Asked<'_>) -> Option<Rich> {
        let speech = speech(asked.language);
        let service = asked.service;
        let (input, command) = (
            service.inputs.first()?,
            service.instant.as_ref()?.command.as_deref()?,
        );
        if asked.text.is_empty() {
            let args = Args::new().text("command", format!("/{command}"));
            return Some(speech.rich("reduced-usage", &args));
        }
        let answer = match inputs::text(input, &asked.text) {
            Ok(answer) => answer,
            Err(wrong) => return Some(wrong.text(speech, input)),
        };
        match self.take(asked.user_id, service) {
            Use::Taken => {
                let answers = Answers::from([(input.id.clone(), answer)]);
                Some(words(service, &answers, asked.language.code()))
            }
            Use::UsedUp => Some(speech.rich("reduced-used-up", &Args::new())),
            Use::Uncounted => None,
        }
    }

    fn take(&self, user_id: i64, service: &Service) -> Use {
        let today = self.clock.now().date();
        let max = service.free_per_day.unwrap_or(self.free_uses_per_day);
        let max = max.min(PER_DAY_MAX);
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.day != Some(today) {
            *uses = Uses {
                day: Some(today),
                of: HashMap::new(),
            };
        }
        let is_full = uses.of.len() >= COUNTED_MAX;
        let key = (user_id, service.id.clone());
        match uses.of.get_mut(&key) {
            Some(granted) if granted.uses >= max => Use::UsedUp,
            Some(granted) => {
                granted.uses += 1;
                Use::Taken
            }
            None if is_full => Use::Uncounted,
            None => {
                let granted = Granted {
                    uses: 1,
                    counted: 0,
                };
                uses.of.insert(key, granted);
                Use::Taken
            }
        }
    }

    /// What was granted and is not counted in the database yet, with its day.
    pub fn uncounted(&self) -> Option<(Date, Vec<DailyUses>)> {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = uses.of.iter().filter_map(|((user_id, what), granted)| {
            let rest = granted.uses.checked_sub(granted.counted)?;
            (rest > 0).then(|| DailyUses {
                user_id: *user_id,
                what: what.clone(),
                uses: rest,
            })
        });
        let rest: Vec<DailyUses> = rest.collect();
        Some((uses.day?, rest)).filter(|(_, rest)| !rest.is_empty())
    }

    /// The database has counted this.
    pub fn counted(&self, day: Date, done: &[DailyUses]) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.day != Some(day) {
            return;
        }
        for one in done {
            if let Some(granted) = uses.of.get_mut(&(one.user_id, one.what.clone())) {
                granted.counted += one.uses;
            }
        }
    }

    fn asked(&self, body: &[u8]) -> Option<Asked<'_>> {
        let incoming = Incoming::parse(body).ok()?;
        let user = &incoming.user;
        let Event::Message(message) = &incoming.event else {
            return None;
        };
        // In a private chat the chat's id is the user's.
        let is_plain = incoming.chat.kind == ChatKind::Private
            && incoming.chat.id == user.id
            && !user.is_bot
            && message.media.is_none();
        let text = message.text.as_deref().filter(|_| is_plain)?;
        let (name, rest) = command(text)?;
        let service = self.catalog.by_command(&name.to_lowercase())?;
        Some(Asked {
            user_id: user.id,
            language: Language::of_tag(user.language_code.as_deref().unwrap_or("en")),
            service,
            text: rest.to_owned(),
        })
    }
}

/// A message that says everything.
struct Asked<'c> {
    user_id: i64,
    language: Language,
    service: &'c Service,
    text: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn reduced() -> (Reduced, crate::base::clock::ManualClock) {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 23:00 UTC));
        let catalog =
            Arc::new(Catalog::shipped(crate::catalog::SHIPPED_PROVIDERS).expect("the catalogue"));
        (Reduced::new(catalog, clock, 5), manual)
    }

    fn message(user_id: i64, text: &str) -> Vec<u8> {
        let user =
            json!({"id": user_id, "is_bot": false, "first_name": "Anna", "language_code": "en"});
        let chat = json!({"id": user_id, "type": "private", "first_name": "Anna"});
        let message = json!({"message_id": 5, "date": 1_767_308_400, "chat": chat, "from": user, "text": text});
        json!({"update_id": 1, "message": message})
            .to_string()
            .into_bytes()
    }

    fn answered(reduced: &Reduced, body: &[u8]) -> Option<String> {
        let call = reduced.answer(body)?;
        assert_eq!(call.method, "sendMessage");
        Some(call.params["text"].as_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn only_what_says_everything_is_answered_and_marked() {
        let (reduced, _) = reduced();
        let text = answered(&reduced, &message(11, "/check one two")).expect("an answer");
        assert!(
            text.contains("Words: 2") && text.contains("Reduced mode"),
            "{text}"
        );
        let usage = answered(&reduced, &message(11, "/check")).expect("an answer");
        assert!(
            usage.contains("/check") && usage.contains("Reduced mode"),
            "{usage}"
        );
        for other in [
            "/start",
            "/menu",
            "/balance",
            "hello",
            "/checks x",
            "check x",
            "/",
        ] {
            assert!(!reduced.could_answer(&message(11, other)), "{other}");
            assert_eq!(answered(&reduced, &message(11, other)), None, "{other}");
        }
        for body in [&b""[..], b"{}", b"[]", b"\xff", br#"{"update_id":1}"#] {
            assert!(!reduced.could_answer(body), "{body:?}");
        }
    }

    #[test]
    fn nobody_has_more_than_the_days_share_and_the_memory_is_bounded() {
        let (reduced, clock) = reduced();
        let body = message(11, "/check one");
        for _ in 0..PER_DAY_MAX {
            let text = answered(&reduced, &body).expect("an answer");
            assert!(text.contains("Words: 1"), "{text}");
        }
        let text = answered(&reduced, &body).expect("an answer");
        assert!(
            !text.contains("Words") && text.contains("Reduced mode"),
            "{text}"
        );
        let (day, uses) = reduced.uncounted().expect("granted");
        assert_eq!((uses.len(), uses[0].uses), (1, PER_DAY_MAX));
        reduced.counted(day, &uses);
        assert_eq!(reduced.uncounted(), None, "counted once");
        clock.advance(std::time::Duration::from_secs(7_200));
        let text = answered(&reduced, &body).expect("a new day");
        assert!(text.contains("Words: 1"), "{text}");
        for user in 0..i64::try_from(COUNTED_MAX).expect("a number") {
            reduced.answer(&message(1_000 + user, "/check one"));
        }
        assert_eq!(
            answered(&reduced, &message(12, "/check one")),
            None,
            "no room"
        );
        assert!(
            answered(&reduced, &body).is_some(),
            "who is counted goes on"
        );
    }
}
