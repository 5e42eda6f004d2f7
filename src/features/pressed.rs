//! From a press of a button to the one action that handles it.

use super::cx::{Cx, Handled};
use super::press::Press;
use super::speech::Args;
use super::{
    books, broadcast, inquiry, language, referrals, storefront, switching, tips, topup, wallet,
    withdrawals,
};

/// Does what the button asks for.
pub(super) async fn press(cx: &mut Cx<'_>, data: &str) -> Handled {
    let press = Press::decode(data);
    if cx.chat_id != cx.user_id && !press.as_ref().is_some_and(belongs_to_groups) {
        // Nothing of ours has such a button there: somebody made it up, under a message that others read.
        tracing::info!("a press of a private page in a group");
        let text = storefront::speech(cx.language).plain("private-only", &Args::new());
        return cx.answer(Some(text), true).await;
    }
    let Some(press) = press else {
        tracing::info!("a button that leads nowhere");
        let text = storefront::speech(cx.language).plain("old-button", &Args::new());
        cx.answer(Some(text), false).await?;
        return storefront::home(cx, true).await;
    };
    topup::put_away(cx).await?;
    if is_about_money(&press) && !cx.env.money.is_on() {
        return Err(wallet::off(cx));
    }
    match press {
        Press::Home { fresh } => storefront::home(cx, fresh).await,
        Press::Categories { page } => storefront::categories(cx, page).await,
        Press::Category { id, page } => storefront::category(cx, &id, page).await,
        Press::Service { id } => storefront::begin(cx, &id).await,
        Press::Choose {
            draft,
            input,
            option,
        } => storefront::choose(cx, &draft, input, option).await,
        Press::Skip { draft, input } => storefront::skip(cx, &draft, input).await,
        Press::Back { draft } => storefront::back(cx, &draft).await,
        Press::Edit { draft, input } => storefront::edit(cx, &draft, input).await,
        Press::Changes { draft } => storefront::changes(cx, &draft).await,
        Press::Summary { draft } => storefront::summary(cx, &draft).await,
        Press::Confirm { draft } => storefront::confirm(cx, &draft).await,
        Press::Discard { draft } => storefront::discard(cx, &draft).await,
        Press::Again { order } => storefront::again(cx, &order, false).await,
        Press::Change { order } => storefront::again(cx, &order, true).await,
        Press::CancelOrder { order } => storefront::cancel_order(cx, &order).await,
        Press::Balance { page } => wallet::balance(cx, page).await,
        Press::Languages => language::languages(cx).await,
        Press::SetLanguage { code } => {
            language::choose(cx, &code).await?;
            storefront::ask_again(cx).await
        }
        Press::Help => storefront::help(cx).await,
        Press::Broadcast { id, act } => broadcast::act(cx, &id, act).await,
        Press::BroadcastTo { id, audience } => broadcast::readdress(cx, &id, &audience).await,
        Press::TopUp { draft } => topup::ways(cx, draft.as_deref()).await,
        Press::TopUpWith { stars, draft } => topup::send_invoice(cx, stars, draft.as_deref()).await,
        Press::Refund { payment } => topup::confirm_refund(cx, &payment).await,
        Press::NoRefund { payment: _ } => topup::cancel_refund(cx).await,
        Press::Refill { order } => storefront::refill(cx, &order).await,
        Press::Providers(press) => Box::pin(switching::press(cx, press)).await,
        Press::WentThrough {
            question,
            candidate,
        } => inquiry::choose(cx, &question, candidate).await,
        Press::NameTask { question } => inquiry::type_task(cx, &question).await,
        Press::NotThere { question } => inquiry::not_there(cx, &question).await,
        Press::History { filter, page } => books::history_of(cx, &filter, page).await,
        Press::HistoryFile { filter } => books::ask_for_file(cx, &filter).await,
        Press::Withdraw(press) => withdrawals::press(cx, press).await,
        Press::Grant { id, act } => wallet::decide(cx, &id, act).await,
        Press::Shelves => storefront::shelves(cx).await,
        Press::ToOrder { draft } => storefront::to_order(cx, &draft).await,
        Press::Pay(press) => topup::pay(cx, press).await,
        Press::Referrals { page } => referrals::page(cx, page).await,
        Press::MoveEarnings => referrals::move_earnings(cx).await,
        Press::Tip { id, sends } => tips::decide(cx, &id, sends).await,
        Press::AcceptTerms => tips::accept_terms(cx).await,
    }
}

/// Who gives a command does not answer what they were asked before.
pub(super) async fn put_away(cx: &mut Cx<'_>) -> Handled {
    broadcast::put_away(cx).await?;
    inquiry::put_away(cx).await?;
    topup::put_away(cx).await
}

/// Whether a button stands under messages in groups. Every other one shows pages of one's own, in place of a message that may
/// be about somebody else, or orders by the limits of a chat alone.
fn belongs_to_groups(press: &Press) -> bool {
    matches!(press, Press::Tip { .. } | Press::AcceptTerms)
}

/// Whether a button leads nowhere while there are no wallets.
fn is_about_money(press: &Press) -> bool {
    match press {
        Press::Balance { .. }
        | Press::TopUp { .. }
        | Press::TopUpWith { .. }
        | Press::Refund { .. }
        | Press::NoRefund { .. }
        | Press::History { .. }
        | Press::HistoryFile { .. }
        | Press::Withdraw(_)
        | Press::Pay(_)
        | Press::Grant { .. } => true,
        Press::Home { .. }
        | Press::Categories { .. }
        | Press::Category { .. }
        | Press::Service { .. }
        | Press::Choose { .. }
        | Press::Skip { .. }
        | Press::Back { .. }
        | Press::Edit { .. }
        | Press::Changes { .. }
        | Press::Summary { .. }
        | Press::Shelves
        | Press::ToOrder { .. }
        | Press::Confirm { .. }
        | Press::Discard { .. }
        | Press::Again { .. }
        | Press::Change { .. }
        | Press::CancelOrder { .. }
        | Press::Languages
        | Press::SetLanguage { .. }
        | Press::Help
        | Press::Broadcast { .. }
        | Press::BroadcastTo { .. }
        | Press::Refill { .. }
        | Press::WentThrough { .. }
        | Press::NameTask { .. }
        | Press::NotThere { .. }
        | Press::AcceptTerms
        | Press::Providers(_) => false,
        Press::Referrals { .. } | Press::MoveEarnings | Press::Tip { .. } => true,
    }
}
