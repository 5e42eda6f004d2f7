//! Methods about the bot itself, answers to queries, and look-ups.

use std::time::Duration;

use serde_json::{Value, json};

use super::params::Params;
use super::refusal::Refusal;
use super::send::open_chat;
use super::stars;
use crate::core::Core;

/// As long as Telegram delivers a query, an answer is taken.
const QUERY_LIFE: Duration = Duration::from_secs(150);
/// Bot API docs, "answerPreCheckoutQuery".
const CHECKOUT_LIFE: Duration = Duration::from_secs(10);
const CALLBACK_TEXT_MAX_CHARS: usize = 200;
/// Bot API docs, "getFile".
const DOWNLOAD_MAX_BYTES: usize = 20 * 1024 * 1024;
const COMMANDS_MAX: usize = 100;

/// getMe.
pub(super) fn get_me(core: &Core) -> Value {
    let mut me = core.telegram.bot();
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(false);
    me["supports_inline_queries"] = json!(false);
    me["can_connect_to_business"] = json!(false);
    me["has_main_web_app"] = json!(false);
    me
}

/// answerCallbackQuery.
pub(super) fn answer_callback(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let text = params.text("text").unwrap_or_default();
    if text.chars().count() > CALLBACK_TEXT_MAX_CHARS {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    answer_query(core, params, "callback_query_id", QUERY_LIFE)
}

/// answerPreCheckoutQuery.
pub(super) fn answer_pre_checkout(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let is_ok = params.flag("ok");
    if !is_ok && params.text("error_message").unwrap_or_default().is_empty() {
        return Err(Refusal::bad("error message must be non-empty"));
    }
    let answered = answer_query(core, params, "pre_checkout_query_id", CHECKOUT_LIFE)?;
    let id = params.text("pre_checkout_query_id").unwrap_or_default();
    let reason = params.text("error_message").unwrap_or_default();
    stars::answered(core, &id, is_ok, &reason);
    Ok(answered)
}

fn answer_query(
    core: &Core,
    params: &Params,
    field: &str,
    life: Duration,
) -> Result<Value, Refusal> {
    let too_old =
        || Refusal::bad("query is too old and response timeout expired or query ID is invalid");
    let id = params.text(field).ok_or_else(too_old)?;
    let now = core.clock.now();
    let mut world = core.telegram.world();
    let query = world.callbacks.get_mut(&id).ok_or_else(too_old)?;
    if now - query.at > life {
        return Err(too_old());
    }
    if let Some(answered) = query.answered.take() {
        // Whoever pressed may have stopped waiting.
        let _ = answered.send(Value::Object(params.fields.clone()));
    }
    Ok(json!(true))
}

fn command_scope(params: &Params) -> Result<String, Refusal> {
    let scope = params
        .structure("scope")
        .map_err(|()| Refusal::bad("can't parse BotCommandScope"))?
        .unwrap_or_else(|| json!({"type": "default"}));
    let language = params.text("language_code").unwrap_or_default();
    if !language.is_empty() && language.len() != 2 {
        return Err(Refusal::bad("invalid language code specified"));
    }
    Ok(format!("{scope} {language}"))
}

/// setMyCommands.
pub(super) fn set_commands(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let scope = command_scope(params)?;
    let cannot = || Refusal::bad("can't parse commands JSON object");
    let commands = params.structure("commands").map_err(|()| cannot())?;
    let commands = commands.unwrap_or_else(|| json!([]));
    let list = commands.as_array().ok_or_else(cannot)?;
    if list.len() > COMMANDS_MAX {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    for command in list {
        let name = command["command"].as_str().unwrap_or_default();
        let name = name.trim_start_matches('/');
        let is_name = (1..=32).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name {
            return Err(Refusal::bad("BOT_COMMAND_INVALID"));
        }
        let about = command["description"].as_str().unwrap_or_default();
        if !(1..=256).contains(&about.chars().count()) {
            return Err(Refusal::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    core.telegram.world().commands.insert(scope, commands);
    Ok(json!(true))
}

/// getMyCommands.
pub(super) fn get_commands(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let scope = command_scope(params)?;
    let world = core.telegram.world();
    Ok(world.commands.get(&scope).cloned().unwrap_or(json!([])))
}

/// deleteMyCommands.
pub(super) fn delete_commands(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let scope = command_scope(params)?;
    core.telegram.world().commands.remove(&scope);
    Ok(json!(true))
}

/// setMyDescription, setMyShortDescription and setMyName.
pub(super) fn set_description(
    core: &Core,
    params: &Params,
    field: &str,
    max_chars: usize,
) -> Result<Value, Refusal> {
    let text = params.text(field).unwrap_or_default();
    if text.chars().count() > max_chars {
        return Err(Refusal::bad(format!("{field} is too long")));
    }
    let language = params.text("language_code").unwrap_or_default();
    let key = format!("{field} {language}");
    core.telegram.world().descriptions.insert(key, text);
    Ok(json!(true))
}

/// getFile.
pub(super) fn get_file(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let id = params.text("file_id").unwrap_or_default();
    if id.is_empty() {
        return Err(Refusal::bad("file_id not specified"));
    }
    let world = core.telegram.world();
    let file = world
        .files
        .get(&id)
        .ok_or_else(|| Refusal::bad("invalid file_id"))?;
    if file.bytes.len() > DOWNLOAD_MAX_BYTES {
        return Err(Refusal::bad("file is too big"));
    }
    Ok(json!({
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": file.bytes.len(),
        "file_path": file.path,
    }))
}

/// getChat.
pub(super) fn get_chat(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let world = core.telegram.world();
    let chat_id = match open_chat(&world, params) {
        // Who has blocked the bot can still be looked up.
        Err(refusal) if refusal.code == 403 => params.chat_id().unwrap_or_default(),
        other => other?,
    };
    let mut chat = world.chat_json(chat_id);
    chat["accent_color_id"] = json!(0);
    chat["max_reaction_count"] = json!(11);
    Ok(chat)
}
