//! What an admin reads: the question with what speaks for and against, the answer that counts, how it ended.

use super::speech;
use crate::engine::jobs::{Job, Question, Said, Verdict};
use crate::engine::people::Person;
use crate::features::cx::{Env, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Language, Speech};
use crate::providers::Arrived;
use crate::telegram::{InlineKeyboard, Rich};

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The provider has it.
    GoesOn {
        /// As this.
        task: String,
    },
    /// The job ended, and its money was given back.
    Released,
}

/// The order that it is about, as it is told.
pub(super) fn subject(env: &Env, job: &Job, language: Language) -> Args {
    let snapshot = &job.snapshot;
    let title = env.catalog.service(&snapshot.service).map_or_else(
        || snapshot.service.clone(),
        |service| service.title.get(language.code()).to_owned(),
    );
    Args::new()
        .text("title", title)
        .text("price", env.currency().format(snapshot.price))
        .text("provider", &job.provider)
        .text("user", job.user_id.to_string())
        .text("job", job.id.to_string())
}

/// The question.
pub(super) fn asking(language: Language, about: &Args, question: &Question) -> Rich {
    let speech = speech(language);
    let mut lines = vec![
        speech.rich("question", about),
        speech.rich(looks(question.doubt.arrived), &Args::new()),
    ];
    lines.extend(evidence(speech, question));
    lines.push(speech.rich("question-what-to-do", &Args::new()));
    lines_of(lines)
}

fn looks(arrived: Arrived) -> &'static str {
    match arrived {
        Arrived::Likely => "looks-likely",
        Arrived::Unlikely => "looks-unlikely",
        Arrived::Unclear => "looks-unclear",
    }
}

fn evidence(speech: Speech<'_>, question: &Question) -> Vec<Rich> {
    let seen = &question.doubt.seen;
    let mut lines = Vec::new();
    let micros = |name: &str| seen.get(name)?.as_i64();
    if let (Some(before), Some(now)) = (
        micros("balance_before_micros"),
        micros("balance_now_micros"),
    ) {
        let args = Args::new()
            .text("before", decimal(before))
            .text("now", decimal(now));
        lines.push(speech.rich("seen-balance", &args));
    }
    if seen["refused_as_duplicate_since"] == true {
        lines.push(speech.rich("seen-duplicate", &Args::new()));
    }
    if !question.doubt.candidates.is_empty() {
        let tasks = question.doubt.candidates.join(", ");
        let args = Args::new().text("tasks", tasks);
        lines.push(speech.rich("seen-candidates", &args));
    }
    lines
}

/// Its buttons: one for each task that it may be, one for any other, one for "not there".
pub(super) fn keyboard(language: Language, question: &Question) -> InlineKeyboard {
    let speech = speech(language);
    let id = || question.short_id.clone();
    let mut rows = Vec::new();
    for (task, candidate) in question.doubt.candidates.iter().zip(0_u16..) {
        let label = speech.plain("button-it-is", &Args::new().text("task", task));
        let press = Press::WentThrough {
            question: id(),
            candidate,
        };
        rows.push(vec![button(label, &press)]);
    }
    let label = speech.plain("button-went-through", &Args::new());
    rows.push(vec![button(label, &Press::NameTask { question: id() })]);
    let label = speech.plain("button-not-there", &Args::new());
    rows.push(vec![button(label, &Press::NotThere { question: id() })]);
    InlineKeyboard::new(rows)
}

/// The answer that counts.
pub(super) fn answered(
    language: Language,
    about: &Args,
    said: &Said,
    person: Option<&Person>,
) -> Rich {
    let speech = speech(language);
    lines_of([
        speech.rich("about", about),
        speech.rich(verdict_key(&said.verdict), &who(said, person)),
    ])
}

/// How it ended, with the answer if there was one.
pub(super) fn ended(
    language: Language,
    about: &Args,
    said: Option<(&Said, Option<&Person>)>,
    end: &End,
) -> Rich {
    let speech = speech(language);
    let mut lines = vec![speech.rich("about", about)];
    if let Some((said, person)) = said {
        lines.push(speech.rich(verdict_key(&said.verdict), &who(said, person)));
    }
    lines.push(match end {
        End::GoesOn { task } => speech.rich("ended-goes-on", &Args::new().text("task", task)),
        End::Released if said.is_some() => speech.rich("ended-released", &Args::new()),
        End::Released => speech.rich("ended-released-unanswered", &Args::new()),
    });
    lines_of(lines)
}

/// One line of an answer, for whoever was too late with theirs.
pub(super) fn answer_line(language: Language, said: &Said, person: Option<&Person>) -> String {
    speech(language).plain(verdict_key(&said.verdict), &who(said, person))
}

fn verdict_key(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::WentThrough(_) => "said-went-through",
        Verdict::NotThere => "said-not-there",
    }
}

fn who(said: &Said, person: Option<&Person>) -> Args {
    let name = person.map_or_else(
        || said.by.to_string(),
        |person| match &person.username {
            Some(name) => format!("@{name}"),
            None => person.first_name.clone(),
        },
    );
    let task = match &said.verdict {
        Verdict::WentThrough(task) => task.clone(),
        Verdict::NotThere => String::new(),
    };
    Args::new().text("who", name).text("task", task)
}

fn decimal(micros: i64) -> String {
    let (whole, part) = (micros / 1_000_000, (micros % 1_000_000).unsigned_abs());
    let text = format!("{whole}.{part:06}");
    let short = text.trim_end_matches('0');
    short.trim_end_matches('.').to_owned()
}

fn lines_of(lines: impl IntoIterator<Item = Rich>) -> Rich {
    let mut text = Rich::default();
    for (n, line) in lines.into_iter().enumerate() {
        if n > 0 {
            text = text.then(Rich::literal("\n"));
        }
        text = text.then(line);
    }
    text
}
