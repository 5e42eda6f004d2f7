//! Every call is spelt as Telegram spells it.

use frankenstein::methods as typed;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::telegram::keyboard::Button;

/// The typed layer drops what it does not know: what survives the way through it is spelt as Telegram spells it.
fn assert_known<T: Serialize + DeserializeOwned>(call: &Call) {
    let known: T = serde_json::from_value(call.params.clone()).unwrap();
    assert_eq!(
        serde_json::to_value(known).unwrap(),
        call.params,
        "{}",
        call.method
    );
}

#[test]
fn every_parameter_is_one_that_telegram_knows() {
    let text = Rich::template("*a* b.");
    let keyboard = InlineKeyboard::new([
        vec![
            Button::callback("A", "a:1"),
            Button::url("B", "https://b.example/"),
        ],
        vec![],
    ]);
    let keyboard = Some(&keyboard);
    for format in [Format::MarkdownV2, Format::Html, Format::Plain] {
        assert_known::<typed::SendMessageParams>(&send_message(1, &text, format, keyboard));
        assert_known::<typed::EditMessageTextParams>(&edit_message_text(
            1, 2, &text, format, keyboard,
        ));
        assert_known::<typed::EditMessageCaptionParams>(&edit_message_caption(
            1, 2, &text, format, keyboard,
        ));
        let file = |kind| send_file(1, kind, FileSource::FileId("F"), &text, format, keyboard);
        assert_known::<typed::SendPhotoParams>(&file(MediaKind::Image));
        assert_known::<typed::SendVideoParams>(&file(MediaKind::Video));
        assert_known::<typed::SendAudioParams>(&file(MediaKind::Audio));
        assert_known::<typed::SendDocumentParams>(&file(MediaKind::Document));
    }
    assert_known::<typed::EditMessageReplyMarkupParams>(&edit_message_reply_markup(1, 2, keyboard));
    assert_known::<typed::DeleteMessageParams>(&delete_message(1, 2));
    assert_known::<typed::AnswerCallbackQueryParams>(&answer_callback_query("q", Some("t"), true));
    assert_known::<typed::AnswerPreCheckoutQueryParams>(&answer_pre_checkout_query("q", Some("t")));
    for kind in [
        None,
        Some(MediaKind::Image),
        Some(MediaKind::Video),
        Some(MediaKind::Audio),
        Some(MediaKind::Document),
    ] {
        assert_known::<typed::SendChatActionParams>(&send_chat_action(1, kind));
    }
}

#[test]
fn formats_fall_back_to_simpler_ones_until_there_is_none() {
    let text = Rich::template("*a* <b>.");
    let mut format = Some(Format::MarkdownV2);
    let mut written = Vec::new();
    while let Some(current) = format {
        let params = send_message(1, &text, current, None).params;
        written.push((params["parse_mode"].clone(), params["text"].clone()));
        format = current.fallback();
    }
    let expected = [
        (json!("MarkdownV2"), json!(r"*a* <b\>\.")),
        (json!("HTML"), json!("<b>a</b> &lt;b&gt;.")),
        (Value::Null, json!("a <b>.")),
    ];
    assert_eq!(written, expected);
}

#[test]
fn what_is_uploaded_or_blank_is_not_a_parameter() {
    let call = send_file(
        1,
        MediaKind::Image,
        FileSource::Upload,
        &Rich::literal(" "),
        Format::Html,
        None,
    );
    assert_eq!(call.params, json!({"chat_id": 1}));
}

#[test]
fn sends_are_not_repeatable_and_everything_else_is() {
    for method in [
        "sendMessage",
        "sendPhoto",
        "copyMessage",
        "createInvoiceLink",
        "refundStarPayment",
    ] {
        assert!(!is_repeatable(method), "{method}");
    }
    for method in [
        "getFile",
        "editMessageText",
        "deleteMessage",
        "setWebhook",
        "sendChatAction",
    ] {
        assert!(is_repeatable(method), "{method}");
    }
}

#[test]
fn a_keyboard_is_stored_as_telegram_takes_it() {
    let keyboard = InlineKeyboard::new([vec![
        Button::callback("A", "a:1"),
        Button::url("B", "https://b.example/"),
    ]]);
    let stored = json!({"inline_keyboard": [[
        {"text": "A", "callback_data": "a:1"},
        {"text": "B", "url": "https://b.example/"},
    ]]});
    assert_eq!(serde_json::to_value(&keyboard).unwrap(), stored);
    assert_eq!(
        serde_json::from_value::<InlineKeyboard>(stored).unwrap(),
        keyboard
    );
}
