//! What the demo says once it runs.

use std::process::{Command, Stdio};

use super::stage::Stage;
use crate::config::{Demo, VARIABLES};

/// Where to go and what to try.
pub(super) fn text(stage: &Stage, demo: &Demo) -> String {
    let kept = stage
        .data_dir()
        .map(|folder| format!("\n  Data are kept in {}", folder.display()))
        .unwrap_or_default();
    if demo.has_bot_token {
        return format!(
            "\nYour bot is on line: write /start to it in Telegram.\n  \
             Services run at {}.{kept}\n  Ctrl-C stops it.\n",
            if stage.page().is_some() {
                "a simulated provider (set KIE_API_KEY for the real one)"
            } else {
                "KIE"
            },
        );
    }
    let page = stage.page().unwrap_or_default();
    format!(
        "\n  Bulwark is ready. Open  {page}\n\n  \
         Try:  press Start, then \"Quick image (free)\", type what you want to see, confirm.\n        \
         Order a paid one from \"All services\": you have a starting balance. Then /balance.\n        \
         /topup sells you more for simulated Telegram Stars, or by a simulated card.\n        \
         /referrals shows your link: as another user send /start with what stands behind \"start=\", and top up.\n        \
         /withdraw pays out what your link earned; /withdrawals is the desk of admins.\n        \
         /tip @name 1.00 gives another user money.\n        \
         A text with !fail, !refuse or !slow shows what happens when the provider fails.\n        \
         User 1001 is an admin: /grant @name 5.00 thanks; /providers: take one of two out, the other gets its orders.\n\n  \
         Control API of the simulator: {page}/sim/log{kept}\n  Ctrl-C stops everything.\n"
    )
}

/// Opens the page in a browser, if there is one to be opened; a failure is no matter, the address was printed.
pub(super) fn open(page: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(program);
    for variable in VARIABLES {
        // A browser needs much of the environment, but no token or key of ours.
        command.env_remove(variable.name);
    }
    let _ = command
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
