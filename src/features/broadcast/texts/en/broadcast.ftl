# Markup: *bold*, _italic_, `code`. Variables are always literal.
write-now = 📣 Send me the message for everybody: a text, or a photo or video with its text. Formatting is kept. Nothing goes out before you have seen it and said yes. Any command takes you out of this.
wrong-content = That cannot be sent to everybody: it takes a text, a photo or a video. Please send one of these.
too-long = That is longer than Telegram takes: 4096 characters for a text, 1024 under a photo or video. Please send a shorter one.
preview = 👆 This is how it will look. { $count ->
    [0] Nobody would get it.
    [one] { $count } person would get it.
   *[other] { $count } people would get it.
    }
    Whom shall I send it to?
discarded = 🗑 The message is thrown away; nobody got it.
confirmed = 📣 Confirmed: it is on its way.
not-waiting = This message does not wait to be sent any more. Write a new one with /broadcast.
admins-only = Only admins can do that.
too-late = That is not possible any more.
heading-running = 📣 *Sending to everybody*
heading-paused = ⏸ *Paused*
heading-done = ✅ *Everybody is served*
heading-cancelled = ⛔ *Stopped*
counts = Sent: { $sent } of { $total }
    Blocked the bot: { $blocked }
    Failed: { $failed }
    Remaining: { $remaining }
refused-everywhere = ⚠️ It paused by itself: Telegram refuses this message for everybody. `bulwark outbox list` says why.
pace = { $rate } a second, about { $left } left
as-of = _as of { $time }_
value-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
    }
value-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
    }
value-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
    }
button-everybody = Everybody
button-send = 📣 Send
button-discard = 🗑 Discard
button-pause = ⏸ Pause
button-resume = ▶️ Go on
button-cancel = ⛔ Stop
