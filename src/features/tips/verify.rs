//! `/verify` and `/unverify`, for admins: whom they vouch for. Both leave a row in the audit.

use serde_json::json;

use super::checks::{name, refuse};
use super::speech;
use crate::engine::admin_audit::{self, Act};
use crate::engine::people::{self, Person};
use crate::features::cx::{Cx, Handled};
use crate::features::speech::Args;

/// `/verify @user`, `/unverify @user`.
pub async fn verify(cx: &mut Cx<'_>, rest: &str, is_verified: bool) -> Handled {
    let Some(who) = rest.split_whitespace().next() else {
        return refuse(cx, "verify-usage", Args::new());
    };
    let mut found: Vec<Person> = match who.parse() {
        Ok(id) => people::by_id(cx.conn, id).await?.into_iter().collect(),
        Err(_) => people::named(cx.conn, who.trim_start_matches('@')).await?,
    };
    let person = match (found.pop(), found.is_empty()) {
        (Some(person), true) => person,
        (Some(_), false) => return refuse(cx, "ambiguous", Args::new().text("user", who)),
        (None, _) => return refuse(cx, "unknown-user", Args::new().text("user", who)),
    };
    let now = cx.now();
    if people::set_verified(cx.conn, person.id, is_verified, now).await? {
        let act = Act {
            admin_id: cx.user_id,
            action: if is_verified { "verify" } else { "unverify" },
            target: &person.id.to_string(),
            detail: &json!({}),
            correlation: cx.correlation,
        };
        admin_audit::record(cx.conn, &act, now).await?;
    }
    let key = if is_verified {
        "verified"
    } else {
        "unverified"
    };
    let args = Args::new()
        .text("user", name(&person))
        .text("id", person.id.to_string());
    cx.say(speech(cx.language).rich(key, &args), None).await
}
