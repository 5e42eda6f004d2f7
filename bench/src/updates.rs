//! Distinct updates of about 700 bytes, made beforehand; only the numbers are written anew for each.

use std::sync::atomic::{AtomicU64, Ordering};

use bulwark::base::clock::Clock;

use crate::load::Requests;
use crate::server::SECRET;

/// Above every update that came before, in this run and in earlier ones on the same tables.
static NEXT: AtomicU64 = AtomicU64::new(1_000_000_000);
/// So many that none of them is too fast for the flood limiter, and everybody writes for the first time.
pub const STRANGERS: u64 = 1_000_000;
/// The Telegram id of the first of them.
pub const FIRST_STRANGER: u64 = 1_000_000_000;
/// As their messages say.
pub const USERNAME: &str = "somebody_of_the_bench";
const DIGITS: usize = 10;
const UPDATE_MARK: &str = "1111111111";
const USER_MARK: &str = "2222222222";

/// Text messages of one user after another.
pub struct Texts {
    first_user: u64,
    users: u64,
    bytes: Vec<u8>,
    update_at: usize,
    users_at: Vec<usize>,
}

impl Texts {
    /// Messages of `users` people that say `text`; the first has the id `first_user`.
    pub fn new(text: &str, first_user: u64, users: u64) -> Self {
        let filler = "a person writes what they would like to see in the picture, in some detail, ";
        let body = format!(
            r#"{{"update_id":{UPDATE_MARK},"message":{{"message_id":4711,"from":{{"id":{USER_MARK},"is_bot":false,"first_name":"Somebody","last_name":"Ofthebench","username":"{USERNAME}","language_code":"en","is_premium":true}},"chat":{{"id":{USER_MARK},"first_name":"Somebody","last_name":"Ofthebench","username":"{USERNAME}","type":"private"}},"date":{now_s},"text":"{text}","via":"{}"}}}}"#,
            filler.repeat(4),
            now_s = Clock::system().now().unix_timestamp(),
        );
        let head = format!(
            "POST /webhook HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nx-telegram-bot-api-secret-token: {SECRET}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let whole = format!("{head}{body}");
        let users_at = whole.match_indices(USER_MARK).map(|(at, _)| at).collect();
        Self {
            first_user,
            users,
            update_at: whole.find(UPDATE_MARK).unwrap_or_default(),
            users_at,
            bytes: whole.into_bytes(),
        }
    }

    fn write(&mut self, at: usize, number: u64) {
        let mut rest = number;
        for digit in self.bytes[at..at + DIGITS].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
    }
}

impl Requests for Texts {
    fn next(&mut self) -> &[u8] {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.write(self.update_at, number);
        for at in self.users_at.clone() {
            self.write(at, self.first_user + number % self.users);
        }
        &self.bytes
    }
}
