//! The pages of the shop: home, shelves, help.

use super::draft::Draft;
use super::texts::speech;
use crate::base::money::Amount;
use crate::catalog::Service;
use crate::engine::ledger;
use crate::engine::outbox::Action;
use crate::features::commands;
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Language, Speech};
use crate::telegram::{Button, InlineKeyboard, Rich};

/// Entries on one page.
const PAGE: usize = 6;

/// `/start`: forgets the draft and shows the start page, with the welcome gift mentioned if there was one.
pub async fn welcome(cx: &mut Cx<'_>, gift: Option<Amount>) -> Handled {
    Draft::clear(cx).await?;
    let (mut text, keyboard) = start_page(cx).await?;
    if let Some(gift) = gift {
        let args = Args::new().text("amount", cx.money(gift));
        text = text
            .then(Rich::literal("\n\n"))
            .then(speech(cx.language).rich("welcome-gift", &args));
    }
    cx.say(text, Some(keyboard)).await
}

/// The start page, in place or as a new message.
pub async fn home(cx: &mut Cx<'_>, fresh: bool) -> Handled {
    Draft::clear(cx).await?;
    let (text, keyboard) = start_page(cx).await?;
    if fresh {
        cx.say(text, Some(keyboard)).await
    } else {
        cx.show(text, Some(keyboard)).await
    }
}

async fn start_page(cx: &mut Cx<'_>) -> Handled<(Rich, InlineKeyboard)> {
    let speech = speech(cx.language);
    let catalog = &cx.env.catalog;
    let mut text = speech.rich("welcome", &Args::new().text("name", &cx.first_name));
    let mut rows = Vec::new();
    if let Some(free) = catalog.free_first().filter(|service| service.is_free()) {
        let title = free.title.get(cx.language.code());
        let args = Args::new().text("service", title);
        text = text
            .then(Rich::literal("\n\n"))
            .then(speech.rich("welcome-free", &args));
        let press = Press::Service {
            id: free.id.clone(),
        };
        rows.push(vec![button(speech.plain("button-try-free", &args), &press)]);
    }
    let balance = if cx.env.money.is_on() {
        let wallet = ledger::wallet(cx.conn, cx.user_id, &catalog.currency.code).await?;
        let args = Args::new().text("balance", cx.money(wallet.available));
        speech.rich("welcome-balance", &args)
    } else {
        speech.rich("money-off", &Args::new())
    };
    text = text.then(Rich::literal("\n\n")).then(balance);
    rows.push(vec![
        labelled(
            speech,
            "button-all-services",
            &Press::Categories { page: 0 },
        ),
        labelled(speech, "button-wallet", &Press::Balance { page: 0 }),
    ]);
    rows.push(vec![
        labelled(speech, "button-language", &Press::Languages),
        labelled(speech, "button-help", &Press::Help),
    ]);
    Ok((text, InlineKeyboard::new(rows)))
}

/// `/help`.
pub async fn help(cx: &mut Cx<'_>) -> Handled {
    let speech = speech(cx.language);
    let keyboard = ways_on(speech);
    let mut text = speech.rich("help", &Args::new());
    let mut listed = vec![("help-commands", commands::for_users(cx.env, speech))];
    if cx.is_admin() {
        listed.push(("help-admins", commands::for_admins(cx.env, speech)));
    }
    for (heading, commands) in listed {
        let heading = speech.rich(heading, &Args::new());
        text = text.then(Rich::literal("\n\n")).then(heading);
        for command in commands {
            let args = Args::new()
                .text("name", command.name)
                .text("about", command.about);
            let line = speech.rich("help-command", &args);
            text = text.then(Rich::literal("\n")).then(line);
        }
    }
    cx.show(text, Some(keyboard)).await
}

/// What is said in place of a result that Telegram did not take.
pub fn undelivered(language: Language) -> Action {
    let speech = speech(language);
    Action::Say {
        text: speech.rich("result-undelivered", &Args::new()),
        keyboard: Some(InlineKeyboard::new([vec![home_button(speech)]])),
    }
}

/// `/menu`: the shelves.
pub async fn categories(cx: &mut Cx<'_>, page: u16) -> Handled {
    let speech = speech(cx.language);
    let catalog = &cx.env.catalog;
    let filled: Vec<_> = catalog
        .categories
        .iter()
        .filter(|category| catalog.in_category(&category.id).next().is_some())
        .collect();
    let (shown, turn) = paged(&filled, page, |page| Press::Categories { page });
    let mut rows: Vec<Vec<Button>> = shown
        .iter()
        .map(|category| {
            let press = Press::Category {
                id: category.id.clone(),
                page: 0,
            };
            vec![button(category.title.get(cx.language.code()), &press)]
        })
        .collect();
    rows.push(turn);
    rows.push(vec![home_button(speech)]);
    let text = speech.rich("categories", &Args::new());
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// The shelves, as a new message: what the button is under stays to be read.
pub async fn shelves(cx: &mut Cx<'_>) -> Handled {
    cx.turn_over();
    categories(cx, 0).await
}

/// One shelf. A shelf that is gone leads to all shelves.
pub async fn category(cx: &mut Cx<'_>, id: &str, page: u16) -> Handled {
    let speech = speech(cx.language);
    let catalog = &cx.env.catalog;
    let Some(category) = catalog.category(id) else {
        return categories(cx, 0).await;
    };
    let services: Vec<&Service> = catalog.in_category(id).collect();
    let (shown, turn) = paged(&services, page, |page| Press::Category {
        id: id.to_owned(),
        page,
    });
    let mut rows: Vec<Vec<Button>> = shown
        .iter()
        .map(|service| {
            let args = Args::new()
                .text("title", service.title.get(cx.language.code()))
                .text("price", cx.money(service.price));
            let key = match service.is_by_thousand() {
                _ if service.is_free() => "service-line-free",
                true => "service-line-by-thousand",
                false => "service-line",
            };
            vec![button(
                speech.plain(key, &args),
                &Press::Service {
                    id: service.id.clone(),
                },
            )]
        })
        .collect();
    let text = if services.is_empty() {
        speech.rich("category-empty", &Args::new())
    } else {
        speech.rich(
            "category",
            &Args::new().text("title", category.title.get(cx.language.code())),
        )
    };
    rows.push(turn);
    rows.push(vec![
        labelled(speech, "button-back", &Press::Categories { page: 0 }),
        home_button(speech),
    ]);
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// The entries of a page and the row that turns it. A page beyond the last is the last.
fn paged<T>(entries: &[T], page: u16, press: impl Fn(u16) -> Press) -> (&[T], Vec<Button>) {
    let pages = entries.len().div_ceil(PAGE).max(1);
    let page = usize::from(page).min(pages - 1);
    let start = page * PAGE;
    let mut turn = Vec::new();
    let number = |page: usize| u16::try_from(page).unwrap_or(0);
    if page > 0 {
        turn.push(button("◀️", &press(number(page - 1))));
    }
    if page + 1 < pages {
        turn.push(button("▶️", &press(number(page + 1))));
    }
    (&entries[start..entries.len().min(start + PAGE)], turn)
}

/// A button with a label of the storefront.
pub fn labelled(speech: Speech<'_>, key: &str, press: &Press) -> Button {
    button(speech.plain(key, &Args::new()), press)
}

/// Where to go from a page that leads nowhere by itself.
pub fn ways_on(speech: Speech<'_>) -> InlineKeyboard {
    let services = Press::Categories { page: 0 };
    InlineKeyboard::new([vec![
        labelled(speech, "button-all-services", &services),
        home_button(speech),
    ]])
}

/// The way home, in place of the page.
pub fn home_button(speech: Speech<'_>) -> Button {
    labelled(speech, "button-home", &Press::Home { fresh: false })
}

/// What a price is called.
pub fn price(cx: &Cx<'_>, service: &Service) -> String {
    if service.is_free() {
        speech(cx.language).plain("price-free", &Args::new())
    } else if service.is_by_thousand() {
        let args = Args::new().text("price", cx.money(service.price));
        speech(cx.language).plain("price-by-thousand", &args)
    } else {
        cx.money(service.price)
    }
}
