//! Many at once: what is to be paid as a table, and "all of these were paid". What was exported together is written down, so
//! that nothing is marked as paid that was approved after the export.

use std::collections::BTreeSet;

use serde_json::json;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::admin::words;
use super::draft::Talk;
use super::questions::{labelled, old_button};
use super::settle::{Actor, Step, Stepped, step};
use super::{refuse, speech};
use crate::base::csv;
use crate::base::fault::{self, Point};
use crate::base::money::Amount;
use crate::engine::admin_audit::{self, Act};
use crate::engine::jobs::{self, NewFile};
use crate::engine::outbox::{Action, FileRef};
use crate::engine::withdrawals::{self, State, Withdrawal};
use crate::features::cx::{Cx, Env, Handled};
use crate::features::press::WithdrawPress;
use crate::features::speech::Args;
use crate::telegram::{InlineKeyboard, MediaKind, Rich};

/// One transaction marks all of them as paid.
const BATCH_MAX: i64 = 50;

/// "Export" was pressed: the table, and a button for when all of it was paid.
pub(super) async fn export(cx: &mut Cx<'_>) -> Handled {
    let approved = withdrawals::list(cx.conn, &[State::Approved], 0, BATCH_MAX).await?;
    if approved.is_empty() {
        return refuse(cx, "refused-no-approved", Args::new());
    }
    let ids: Vec<Uuid> = approved.iter().map(|withdrawal| withdrawal.id).collect();
    let batch = cx.env.ids.short();
    let (by, now) = (Actor::Admin(cx.user_id).name(), cx.now());
    fault::reach(Point::PayoutsExporting);
    withdrawals::add_batch(cx.conn, &batch, &by, &ids, now).await?;
    let detail = json!({ "batch": batch, "withdrawals": ids });
    audit(cx, "withdrawals export", &batch, &detail).await?;
    send(cx, &batch, &csv(cx.env, &approved)).await?;
    let total: i64 = approved.iter().map(|withdrawal| withdrawal.net().0).sum();
    let speech = speech(cx.language);
    let args = Args::new()
        .number("n", i64::try_from(approved.len()).unwrap_or(0))
        .text("total", cx.money(Amount(total)))
        .text("batch", &batch);
    let paid = labelled(speech, "button-all-paid", WithdrawPress::Paid { batch });
    let keyboard = Some(InlineKeyboard::new([vec![paid]]));
    cx.say(speech.rich("exported", &args), keyboard).await?;
    fault::reach(Point::PayoutsExported);
    Ok(())
}

/// The table, as a file or as text.
async fn send(cx: &mut Cx<'_>, batch: &str, table: &str) -> Handled {
    if !cx.env.export_as_file {
        return cx.say(Rich::pre(table), None).await;
    }
    let file_name = format!("withdrawals-{batch}.csv");
    let file = NewFile {
        id: cx.env.ids.uuid(),
        owner: cx.correlation,
        mime: "text/csv; charset=utf-8",
        file_name: &file_name,
        bytes: table.as_bytes(),
    };
    let now = cx.now();
    jobs::keep_file(cx.conn, &file, now).await?;
    cx.enqueue(Action::File {
        kind: MediaKind::Document,
        file: FileRef::Stored {
            id: file.id,
            size_bytes: table.len() as u64,
            url: None,
        },
        caption: Rich::default(),
        keyboard: None,
    })
    .await
}

/// "All of these were paid" was pressed.
pub(super) async fn ask_reference(cx: &mut Cx<'_>, batch: &str) -> Handled {
    let Some(ids) = withdrawals::batch(cx.conn, batch).await? else {
        return old_button(cx).await;
    };
    let all = withdrawals::find_all(cx.conn, &ids).await?;
    let open: Vec<&Withdrawal> = all
        .iter()
        .filter(|withdrawal| withdrawal.state == State::Approved)
        .collect();
    if open.is_empty() {
        let text = speech(cx.language).plain("notice-batch-done", &Args::new());
        return cx.answer(Some(text), true).await;
    }
    let total: i64 = open.iter().map(|withdrawal| withdrawal.net().0).sum();
    let args = Args::new()
        .number("n", i64::try_from(open.len()).unwrap_or(0))
        .text("total", cx.money(Amount(total)))
        .text("batch", batch);
    let talk = Talk::BatchReference {
        batch: batch.to_owned(),
    };
    talk.save(cx).await?;
    let text = speech(cx.language).rich("ask-batch-reference", &args);
    cx.say(text, None).await
}

/// The reference of the batch's payment has come: those that are approved still are paid, in one transaction.
pub(super) async fn paid(cx: &mut Cx<'_>, batch: &str, text: &str) -> Handled {
    let reference = words(cx, text)?;
    Talk::clear(cx).await?;
    if !cx.is_admin() {
        return refuse(cx, "admins-only", Args::new());
    }
    let ids = withdrawals::batch(cx.conn, batch)
        .await?
        .unwrap_or_default();
    withdrawals::lock_all(cx.conn, &ids).await?;
    let all = withdrawals::find_all(cx.conn, &ids).await?;
    let by = Actor::Admin(cx.user_id);
    let (mut done, mut total, mut left) = (0_i64, 0_i64, 0_i64);
    for withdrawal in &all {
        let (short_id, correlation) = (withdrawal.short_id.as_str(), cx.correlation);
        let last = Step::Paid {
            reference: &reference,
        };
        match step(cx.conn, cx.env, short_id, last, &by, correlation).await? {
            Stepped::Now(paid) => {
                done += 1;
                total += paid.net().0;
            }
            Stepped::Before(_) | Stepped::NotFrom(_) | Stepped::Own(_) | Stepped::NotThere => {
                left += 1
            }
        }
    }
    let args = Args::new()
        .number("n", done)
        .text("total", cx.money(Amount(total)))
        .text("left", left.to_string());
    fault::reach(Point::PayoutsPaid);
    let text = speech(cx.language).rich("batch-paid", &args);
    cx.say(text, None).await
}

/// Withdrawals with whom to pay, as comma-separated values (RFC 4180), a column for each field that any of them has.
pub fn csv(env: &Env, withdrawals: &[Withdrawal]) -> String {
    let details = |withdrawal: &Withdrawal| withdrawal.details.clone().unwrap_or_default().0;
    let fields: BTreeSet<String> = withdrawals
        .iter()
        .flat_map(|withdrawal| details(withdrawal).into_keys())
        .collect();
    let head = ["id", "created_at", "user_id", "state", "method"]
        .into_iter()
        .chain(["amount", "fee", "net", "currency"])
        .map(str::to_owned)
        .chain(fields.iter().cloned());
    let mut text = row(head);
    for withdrawal in withdrawals {
        let given = details(withdrawal);
        let created_at = withdrawal.created_at.format(&Rfc3339);
        let plain = |amount| env.currency().plain(amount);
        let cells = [
            withdrawal.short_id.clone(),
            created_at.unwrap_or_default(),
            withdrawal.user_id.to_string(),
            withdrawal.state.name().to_owned(),
            withdrawal.method.clone(),
            plain(withdrawal.amount),
            plain(withdrawal.fee),
            plain(withdrawal.net()),
            withdrawal.currency.clone(),
        ];
        let details = fields
            .iter()
            .map(|field| given.get(field).cloned().unwrap_or_default());
        text.push_str(&row(cells.into_iter().chain(details)));
    }
    text
}

fn row(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|value| cell(&value)).collect();
    format!("{}\n", cells.join(","))
}

/// What a user typed must not become a formula in a table: programs take what begins like one for one.
fn cell(value: &str) -> String {
    let is_number = value.bytes().all(|b| b.is_ascii_digit() || b == b'+');
    let is_formula = value.starts_with(csv::FORMULA) && !is_number;
    let value = if is_formula {
        format!("'{value}")
    } else {
        value.to_owned()
    };
    if value.contains([',', '"', '\n', '\r', ';']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

async fn audit(cx: &mut Cx<'_>, action: &str, target: &str, detail: &serde_json::Value) -> Handled {
    let now = cx.now();
    let row = Act {
        admin_id: cx.user_id,
        action,
        target,
        detail,
        correlation: cx.correlation,
    };
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_never_a_formula_and_keeps_its_quotes() {
        for (value, written) in [
            ("DE89370400440532013000", "DE89370400440532013000"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+4930123456", "+4930123456"),
            ("+cmd|x", "'+cmd|x"),
            ("O\"Neil, Anna", "\"O\"\"Neil, Anna\""),
            ("=a,b", "\"'=a,b\""),
            ("＝HYPERLINK(A1)", "'＝HYPERLINK(A1)"),
        ] {
            assert_eq!(cell(value), written);
        }
    }
}
