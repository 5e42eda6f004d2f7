//! `/history`: what moved, by pages, with filters.

use time::macros::format_description;

use super::{FILTERS, code_of, filter_of, label, speech, words};
use crate::base::money::Amount;
use crate::engine::ledger::{self, Past, PastFilter, PastKind};
use crate::features::cx::{Cx, Env, Handled, Stop, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Speech};
use crate::telegram::{Button, InlineKeyboard, Rich};

const PAGE: i64 = 8;
/// Further back one does not page: the file has it all.
const PAGES_MAX: u16 = 250;

/// `/history`.
pub async fn history(cx: &mut Cx<'_>) -> Handled {
    page_of(cx, PastFilter::All, 0).await
}

/// A page, by the code of its filter.
pub async fn history_of(cx: &mut Cx<'_>, code: &str, page: u16) -> Handled {
    let filter = filter_of(code).unwrap_or(PastFilter::All);
    page_of(cx, filter, page.min(PAGES_MAX)).await
}

async fn page_of(cx: &mut Cx<'_>, filter: PastFilter, page: u16) -> Handled {
    let speech = speech(cx.language);
    if !cx.env.money.is_on() {
        let text = speech.rich("off", &Args::new());
        return Err(Stop::Refused(Box::new(text)));
    }
    let currency = cx.env.currency().code.clone();
    let offset = i64::from(page) * PAGE;
    let mut past = ledger::past(
        cx.conn,
        cx.user_id,
        &currency,
        filter,
        None,
        offset,
        PAGE + 1,
    )
    .await?;
    let page_lines = usize::try_from(PAGE).unwrap_or(0);
    let has_more = past.len() > page_lines && page < PAGES_MAX;
    past.truncate(page_lines);

    let heading = Args::new().text("filter", label(speech, filter));
    let mut text = speech.rich("history", &heading);
    if past.is_empty() {
        let nothing = speech.rich("nothing", &Args::new());
        text = text.then(Rich::literal("\n")).then(nothing);
    }
    for it in &past {
        text = text.then(Rich::literal("\n")).then(line(cx, speech, it));
    }
    let rows = rows(speech, filter, page, has_more, !past.is_empty());
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

fn rows(
    speech: Speech<'_>,
    filter: PastFilter,
    page: u16,
    has_more: bool,
    has_file: bool,
) -> Vec<Vec<Button>> {
    let to = |filter: PastFilter, page: u16| Press::History {
        filter: code_of(filter).to_owned(),
        page,
    };
    let plain = |key: &str| speech.plain(key, &Args::new());
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(plain("button-newer"), &to(filter, page - 1)));
    }
    if has_more {
        turn.push(button(plain("button-older"), &to(filter, page + 1)));
    }
    let others = FILTERS.iter().filter(|(other, _)| *other != filter);
    let others: Vec<_> = others
        .map(|(other, _)| button(label(speech, *other), &to(*other, 0)))
        .collect();
    let mut rows = vec![turn];
    rows.extend(others.chunks(2).map(<[_]>::to_vec));
    if has_file {
        let file = Press::HistoryFile {
            filter: code_of(filter).to_owned(),
        };
        rows.push(vec![button(plain("button-file"), &file)]);
    }
    let balance = button(plain("button-balance"), &Press::Balance { page: 0 });
    let home = button(plain("button-home"), &Press::Home { fresh: false });
    rows.push(vec![balance, home]);
    rows
}

fn line(cx: &Cx<'_>, speech: Speech<'_>, past: &Past) -> Rich {
    let date = past
        .at
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]"))
        .unwrap_or_default();
    let args = Args::new()
        .text("date", date)
        .text("amount", signed(past, &cx.money(past.amount)))
        .text("what", what(cx.env, speech, past));
    speech.rich("line", &args)
}

/// With a plus for what came in. A release moves nothing in sum: it stands without a sign.
fn signed(past: &Past, amount: &str) -> String {
    let is_in = past.amount > Amount::ZERO && past.kind != PastKind::Released;
    format!("{}{amount}", if is_in { "+" } else { "" })
}

/// What a line was, with the wallet where it is not the main one.
pub(super) fn what(env: &Env, speech: Speech<'_>, past: &Past) -> String {
    // An order's note is its service's id: shown by the title that it has today; a withdrawal's has its own before it.
    let plain = past.note.strip_prefix("withdrawal:").unwrap_or(&past.note);
    let note = env
        .catalog
        .service(&past.note)
        .map_or(plain, |service| service.title.get(speech.language().code()));
    let name = past.other.clone().unwrap_or_else(|| "—".to_owned());
    let args = Args::new().text("note", note).text("name", name);
    let what = speech.plain(words(past.kind), &args);
    match wallet(speech, &past.wallet) {
        Some(wallet) => format!("{what} ({wallet})"),
        None => what,
    }
}

/// What a wallet is called; None for the main one.
pub(super) fn wallet(speech: Speech<'_>, kind: &str) -> Option<String> {
    match kind {
        "wallet" => None,
        "affiliate" => Some(speech.plain("wallet-earnings", &Args::new())),
        _ => Some(speech.plain("wallet-credits", &Args::new())),
    }
}
