//! The page: link, counts, earnings; and moving them.

use time::macros::format_description;

use super::{PREFIX, speech};
use crate::base::fault::{self, Point};
use crate::base::money::Amount;
use crate::engine::ledger::{self, LedgerError, Transfer, TransferKind, WalletKey, WalletKind};
use crate::engine::referrals::{self, Earning};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::{Press, WithdrawPress};
use crate::features::rewards::{Occasion, Share};
use crate::features::speech::{Args, Speech};
use crate::telegram::{Button, InlineKeyboard, Rich};

const PAGE: i64 = 6;

/// `/referrals`, and its pages.
pub async fn page(cx: &mut Cx<'_>, page: u16) -> Handled {
    refuse_if_off(cx)?;
    let speech = speech(cx.language);
    let (user_id, now, fresh) = (cx.user_id, cx.now(), cx.env.ids.short());
    let currency = cx.env.currency().code.clone();
    let code = referrals::code_of(cx.conn, user_id, &fresh, now).await?;
    let summary = referrals::summary(cx.conn, user_id, &currency).await?;
    let offset = i64::from(page) * PAGE;
    let mut earnings = referrals::earnings(cx.conn, user_id, &currency, offset, PAGE + 1).await?;
    let more = earnings.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    earnings.truncate(usize::try_from(PAGE).unwrap_or(0));
    let available = earned_and_there(cx).await?;

    let link = format!(
        "https://t.me/{}?start={PREFIX}{code}",
        cx.env.referrals.bot_username
    );
    let mut lines = vec![speech.rich("referrals", &Args::new().text("link", &link))];
    lines.extend(terms(cx, speech));
    let args = Args::new()
        .number("direct", summary.direct)
        .text("indirect", summary.indirect.to_string())
        .text("earned", cx.money(summary.earned))
        .text("taken", cx.money(summary.taken))
        .text("available", cx.money(available));
    lines.push(Rich::default());
    lines.push(speech.rich("invited", &args));
    if cx.env.referrals.shares.len() > 1 {
        lines.push(speech.rich("invited-by-them", &args));
    }
    lines.push(speech.rich("earned-in-all", &args));
    if summary.taken > Amount::ZERO {
        lines.push(speech.rich("taken-in-all", &args));
    }
    lines.push(speech.rich("earnings-left", &args));
    if !earnings.is_empty() {
        lines.push(Rich::default());
        lines.push(speech.rich("last-earnings", &Args::new()));
    }
    lines.extend(earnings.iter().map(|earning| line(cx, speech, earning)));
    let keyboard = keyboard(cx, speech, &link, available, page, more);
    cx.show(join(lines), Some(keyboard)).await
}

/// "Move" was pressed: all that is there goes to the main wallet.
pub async fn move_earnings(cx: &mut Cx<'_>) -> Handled {
    refuse_if_off(cx)?;
    let amount = earned_and_there(cx).await?;
    let way = cx
        .env
        .referrals
        .way(WalletKind::Affiliate, WalletKind::Main);
    let Some(min) = way else {
        return refuse(cx, "move-not-allowed", Args::new());
    };
    if amount < min || amount.is_zero() {
        let args = Args::new()
            .text("min", cx.money(min.max(Amount(1))))
            .text("available", cx.money(amount));
        return refuse(cx, "move-too-little", args);
    }
    let currency = cx.env.currency().code.clone();
    let movement = Transfer {
        kind: TransferKind::Own,
        from: WalletKey::affiliate(cx.user_id, &currency),
        to: WalletKey::main(cx.user_id, &currency),
        amount,
    };
    // One press is one update, and has one correlation.
    let (cause, now) = (cx.cause(format!("own:{}", cx.correlation), ""), cx.now());
    fault::reach(Point::OwnMoving);
    match ledger::transfer(cx.conn, &movement, &cause, now).await {
        Ok(_) => fault::reach(Point::OwnMoved),
        // Taken back in the same moment.
        Err(LedgerError::Insufficient { available, .. }) => {
            let args = Args::new()
                .text("min", cx.money(min))
                .text("available", cx.money(available));
            return refuse(cx, "move-too-little", args);
        }
        Err(error) => return Err(error.into()),
    }
    let moved = Args::new().text("amount", cx.money(amount));
    let text = speech(cx.language).plain("moved", &moved);
    cx.answer(Some(text), false).await?;
    page(cx, 0).await
}

/// What of the earnings is in their wallet; no wallet is made for who has earned nothing.
async fn earned_and_there(cx: &mut Cx<'_>) -> Handled<Amount> {
    let currency = cx.env.currency().code.clone();
    let wallets = ledger::wallets(cx.conn, cx.user_id, &currency).await?;
    let affiliate = wallets
        .iter()
        .find(|(kind, _)| *kind == WalletKind::Affiliate);
    Ok(affiliate.map_or(Amount::ZERO, |(_, wallet)| wallet.available))
}

/// What a link brings, in words.
fn terms(cx: &Cx<'_>, speech: Speech<'_>) -> Vec<Rich> {
    let rules = &cx.env.referrals;
    let (key, key_above) = match rules.occasion {
        None => return Vec::new(),
        Some(Occasion::TopUp) => ("terms-topup", "terms-topup-above"),
        Some(Occasion::Order) => ("terms-order", "terms-order-above"),
    };
    let keys = [key, key_above];
    let shares = rules.shares.iter().zip(keys);
    shares
        .map(|(share, key)| {
            let share = match share {
                Share::BasisPoints(points) => percent(*points),
                Share::Fixed(amount) => cx.money(*amount),
            };
            speech.rich(key, &Args::new().text("share", share))
        })
        .collect()
}

/// `10 %`, `2.5 %`.
fn percent(basis_points: u32) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    if rest == 0 {
        return format!("{whole} %");
    }
    let rest = format!("{rest:02}");
    format!("{whole}.{} %", rest.trim_end_matches('0'))
}

fn line(cx: &Cx<'_>, speech: Speech<'_>, earning: &Earning) -> Rich {
    let date = earning
        .at
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]"))
        .unwrap_or_default();
    let args = Args::new()
        .text("date", date)
        .text("amount", cx.money(earning.amount))
        .text("level", earning.level.to_string())
        .text("back", cx.money(earning.back));
    let key = if earning.is_reversed {
        "earning-reversed"
    } else if earning.back > Amount::ZERO {
        "earning-reversed-in-part"
    } else {
        "earning"
    };
    speech.rich(key, &args)
}

fn keyboard(
    cx: &Cx<'_>,
    speech: Speech<'_>,
    link: &str,
    available: Amount,
    page: u16,
    more: bool,
) -> InlineKeyboard {
    let label = |key| speech.plain(key, &Args::new());
    let share = reqwest::Url::parse_with_params("https://t.me/share/url", [("url", link)])
        .map(|url| Button::url(label("button-share"), url.as_str()));
    let mut rows = vec![share.into_iter().collect::<Vec<_>>()];
    let way = cx
        .env
        .referrals
        .way(WalletKind::Affiliate, WalletKind::Main);
    if way.is_some_and(|min| available >= min && available > Amount::ZERO) {
        rows.push(vec![button(label("button-move"), &Press::MoveEarnings)]);
    }
    let offer = cx.env.catalog.withdrawals.as_ref();
    if offer.is_some_and(|offer| offer.from == WalletKind::Affiliate.name())
        && available > Amount::ZERO
    {
        let begin = Press::Withdraw(WithdrawPress::Begin);
        rows.push(vec![button(label("button-withdraw"), &begin)]);
    }
    let mut turn = Vec::new();
    if page > 0 {
        let press = Press::Referrals { page: page - 1 };
        turn.push(button(label("button-newer"), &press));
    }
    if more {
        let page = page.saturating_add(1);
        turn.push(button(label("button-older"), &Press::Referrals { page }));
    }
    rows.push(turn);
    rows.push(vec![button(
        label("button-home"),
        &Press::Home { fresh: false },
    )]);
    InlineKeyboard::new(rows)
}

fn join(lines: Vec<Rich>) -> Rich {
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |text, line| {
        text.then(Rich::literal("\n")).then(line)
    })
}

/// A button of a time when they were offered.
fn refuse_if_off(cx: &Cx<'_>) -> Handled {
    if cx.env.referrals.is_on() {
        Ok(())
    } else {
        refuse(cx, "not-offered", Args::new())
    }
}

fn refuse(cx: &Cx<'_>, key: &str, args: Args) -> Handled {
    Err(Stop::Refused(Box::new(
        speech(cx.language).rich(key, &args),
    )))
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_is_written_without_zeros() {
        for (points, text) in [
            (1_000, "10 %"),
            (250, "2.5 %"),
            (5, "0.05 %"),
            (1_001, "10.01 %"),
        ] {
            assert_eq!(percent(points), text);
        }
    }
}
