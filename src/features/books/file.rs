//! The history as a file: made by a light job, in chunks, and sent as a document that is streamed from them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use time::macros::format_description;
use uuid::Uuid;

use super::history::{wallet, what};
use super::{filter_of, label, speech};
use crate::base::csv;
use crate::engine::ledger::{self, Past, PastFilter};
use crate::engine::light::{self, LightJob, LightKind, NewLight};
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::outbox::{self, Action, FileRef, NewMessage};
use crate::engine::{jobs, people};
use crate::features::cx::{Cx, Env, Handled, Stop};
use crate::features::speech::{Args, Language, Speech};
use crate::telegram::MediaKind;

const KIND: &str = "history_file";
/// Three at once, then one every ten minutes: each is a reading of all that the user's money ever did.
const RATE: Rate = Rate {
    every: Duration::from_secs(600),
    burst: 3,
};
/// Lines that a file has at most, the newest.
const ROWS_MAX: usize = 20_000;
/// Lines that are read at once.
const PAGE_ROWS: i64 = 1_000;
const CHUNK_BYTES: usize = 256 << 10;
const MIME: &str = "text/csv; charset=utf-8";
/// So that spreadsheets read it as UTF-8.
const MARK: &str = "\u{feff}";

/// Stored with the light job: versions are added, never changed.
#[derive(Serialize, Deserialize)]
struct Payload {
    v: u8,
    user: i64,
    chat: i64,
    filter: String,
}

/// "As a file" was pressed.
pub async fn ask_for_file(cx: &mut Cx<'_>, code: &str) -> Handled {
    let now = cx.now();
    let key = format!("history-file:{}", cx.user_id);
    if limits::charge(cx.conn, &key, 1, RATE, now).await? != Charged::Taken {
        let text = speech(cx.language).rich("file-too-often", &Args::new());
        return Err(Stop::Refused(Box::new(text)));
    }
    let payload = Payload {
        v: 1,
        user: cx.user_id,
        chat: cx.chat_id,
        filter: code.to_owned(),
    };
    let job = NewLight {
        kind: KIND,
        run_at: None,
        unique_key: Some(format!("history-file:{}:{code}", cx.user_id)),
        payload: json!(payload),
        correlation: cx.correlation,
    };
    light::enqueue(cx.conn, &[job], now).await?;
    let text = speech(cx.language).plain("file-comes", &Args::new());
    cx.answer(Some(text), false).await
}

/// Makes files of histories.
pub struct HistoryFile {
    env: Arc<Env>,
}

impl HistoryFile {
    /// Knows time and catalogue from `env`.
    pub fn new(env: Arc<Env>) -> Self {
        Self { env }
    }

    async fn make(&self, conn: &mut PgConnection, job: &LightJob) -> Result<(), anyhow::Error> {
        let asked: Payload = serde_json::from_value(job.payload.clone())?;
        anyhow::ensure!(asked.v == 1, "version {} is not known", asked.v);
        let person = people::by_id(&mut *conn, asked.user).await?;
        let language = person.map_or(Language::En, |it| Language::of_tag(it.language_tag()));
        let speech = speech(language);
        let filter = filter_of(&asked.filter).unwrap_or(PastFilter::All);
        let mut file = File::begin(conn, &self.env, job.correlation).await?;
        file.text.push_str(MARK);
        csv::record(&mut file.text, head(speech));
        let mut rows = 0;
        let mut last = None;
        while rows < ROWS_MAX {
            let code = &self.env.currency().code;
            let past =
                ledger::past(&mut *conn, asked.user, code, filter, last, 0, PAGE_ROWS).await?;
            rows += past.len();
            for it in &past {
                csv::record(&mut file.text, self.cells(speech, it));
            }
            file.put(conn, false).await?;
            last = past.last().map(Past::place);
            if i64::try_from(past.len()).is_ok_and(|len| len < PAGE_ROWS) {
                break;
            }
        }
        let size_bytes = file.end(conn).await?;
        let args = Args::new()
            .number("rows", i64::try_from(rows).unwrap_or(i64::MAX))
            .text("filter", label(speech, filter));
        let key = if rows < ROWS_MAX {
            "file-caption"
        } else {
            "file-caption-cut"
        };
        let action = Action::File {
            kind: MediaKind::Document,
            file: FileRef::Stored {
                id: file.id,
                size_bytes,
                url: None,
            },
            caption: speech.rich(key, &args),
            keyboard: None,
        };
        let message = NewMessage::new(asked.chat, job.correlation, action);
        outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        Ok(())
    }

    fn cells(&self, speech: Speech<'_>, past: &Past) -> [String; 7] {
        let at = past
            .at
            .format(format_description!(
                "[year]-[month]-[day] [hour]:[minute]:[second]"
            ))
            .unwrap_or_default();
        let currency = self.env.currency();
        [
            at,
            what(&self.env, speech, past),
            currency.plain(past.amount),
            currency.code.clone(),
            wallet(speech, &past.wallet)
                .unwrap_or_else(|| speech.plain("wallet-main", &Args::new())),
            past.note.clone(),
            past.id.to_string(),
        ]
    }
}

fn head(speech: Speech<'_>) -> [String; 7] {
    [
        speech.plain("head-at", &Args::new()),
        speech.plain("head-what", &Args::new()),
        speech.plain("head-amount", &Args::new()),
        speech.plain("head-currency", &Args::new()),
        speech.plain("head-wallet", &Args::new()),
        speech.plain("head-note", &Args::new()),
        speech.plain("head-id", &Args::new()),
    ]
}

/// A file that is being written, in the transaction of its light job.
struct File {
    id: Uuid,
    text: String,
    chunks: i32,
    size_bytes: u64,
}

impl File {
    async fn begin(
        conn: &mut PgConnection,
        env: &Env,
        correlation: Uuid,
    ) -> Result<Self, sqlx::Error> {
        let id = env.ids.uuid();
        let name = format!("history-{}.csv", env.clock.now().date());
        jobs::begin_artifact(conn, id, correlation, 0, MIME, &name, env.clock.sql_now()).await?;
        Ok(Self {
            id,
            text: String::new(),
            chunks: 0,
            size_bytes: 0,
        })
    }

    /// Stores what has grown to a chunk, or all of it.
    async fn put(&mut self, conn: &mut PgConnection, is_end: bool) -> Result<(), sqlx::Error> {
        if self.text.is_empty() || !is_end && self.text.len() < CHUNK_BYTES {
            return Ok(());
        }
        jobs::append_chunk(conn, self.id, self.chunks, self.text.as_bytes()).await?;
        self.chunks += 1;
        self.size_bytes += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }

    async fn end(&mut self, conn: &mut PgConnection) -> Result<u64, anyhow::Error> {
        self.put(conn, true).await?;
        jobs::complete_artifact(conn, self.id, i64::try_from(self.size_bytes)?).await?;
        Ok(self.size_bytes)
    }
}

#[async_trait]
impl LightKind for HistoryFile {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn run(&self, conn: &mut PgConnection, jobs: &[LightJob]) -> Result<(), anyhow::Error> {
        for job in jobs {
            self.make(conn, job).await?;
        }
        Ok(())
    }
}
