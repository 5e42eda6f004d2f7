//! Who decides at the command line: what moves money, or says where it shall go, is done in the name of an admin.
//!
//! Whoever has the machine may do everything anyway; this is for the record, and so that rules between admins hold here as in
//! the chat: nobody approves the own withdrawal.

/// An admin of the chat, at this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decider {
    pub(super) admin_id: i64,
    machine_user: String,
}

impl Decider {
    /// Whom `--as` names: one of `ADMIN_IDS`, by the Telegram id.
    ///
    /// # Errors
    /// It names nobody, or nobody of them.
    pub(super) fn named(
        given: Option<&str>,
        admin_ids: &[i64],
        machine_user: &str,
    ) -> Result<Self, anyhow::Error> {
        let Some(given) = given else {
            anyhow::bail!(
                "this moves money or decides about it: say who does it, with --as and the Telegram id of an admin (ADMIN_IDS)"
            );
        };
        let admin_id = given.parse().ok().filter(|id| admin_ids.contains(id));
        let Some(admin_id) = admin_id else {
            anyhow::bail!("--as {given}: that is no admin of ADMIN_IDS");
        };
        Ok(Self {
            admin_id,
            machine_user: machine_user.to_owned(),
        })
    }

    /// As it is recorded.
    pub(super) fn name(&self) -> String {
        format!("admin {} (command, {})", self.admin_id, self.machine_user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_admin_decides_and_is_named_with_the_machine() {
        let named = |given| Decider::named(given, &[900, 901], "root");
        let name = named(Some("901")).map(|decider| decider.name());
        assert_eq!(name.ok().as_deref(), Some("admin 901 (command, root)"));
        for (given, why) in [
            (None, "say who does it"),
            (Some("902"), "no admin of ADMIN_IDS"),
            (Some("Olga"), "no admin of ADMIN_IDS"),
            (Some("-900"), "no admin of ADMIN_IDS"),
        ] {
            let refused = named(given).expect_err("nobody");
            assert!(refused.to_string().contains(why), "{given:?}: {refused}");
        }
        assert!(Decider::named(Some("900"), &[], "root").is_err());
    }
}
