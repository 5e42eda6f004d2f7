# Markup: *bold*, _italic_, `code`. Variables are always literal, and so is everything inside { $n -> ... }.
# Buttons, commands, values and short notices are shown without formatting: no markup in them.

welcome = 👋 Hi, { $name }!

    I make pictures, videos and speech for you. Pick a service, tell me what you need, see the price, confirm: I deliver the result right here. *You only pay for what you receive.*
welcome-free = 🎁 Start with a free one: *{ $service }*.
welcome-balance = Your balance: *{ $balance }*.
button-try-free = 🎁 { $service } (free)
button-all-services = 🛍 All services
button-wallet = 💰 Balance
button-language = 🌐 Language
button-help = ❓ Help
button-home = 🏠 Home
button-back = ⬅️ Back
button-cancel = ✖️ Cancel
button-skip = ⏭ Skip
button-confirm = ✅ Confirm { $price }
button-confirm-free = ✅ Confirm (free)
button-change = ✏️ Change
button-again = 🔁 Again
button-retry = 🔁 Retry
button-refill = 🔄 Refill
button-topup = ➕ Top up
button-check-again = 🔄 Check again
button-to-summary = ⬅️ To the summary
button-cancel-order = ✖️ Cancel the order

help = *How it works*
    1. /menu: pick a service.
    2. Send what it asks for: a text, a photo, a video, a voice message.
    3. Check the summary and the price, and confirm.
    4. Wait a moment: the result comes as a message.

    The price is set aside when you confirm. If something goes wrong, you get it back at once.
help-commands = *Commands*
help-admins = *For admins*
help-command = /{ $name }: { $about }

categories = 🛍 *What would you like to make?*
category = *{ $title }*
    Choose a service:
category-empty = There is nothing on offer here at the moment.
service-line-free = { $title } · free
service-line = { $title } · { $price }
service-line-by-thousand = { $title } · { $price } / 1000

price-free = free
price-by-thousand = { $price } per 1000
card = *{ $title }*
    { $description }

    💵 { $price }   ⏱ { $time }
card-instant = *{ $title }*
    { $description }

    💵 { $price }   ⚡ at once
question-step = _Step { $step } of { $steps }_
question = ✍️ *{ $title }*
expect-text = Send a text of { $min } to { $max ->
        [one] { $max } character
       *[other] { $max } characters
    }.
expect-image = Send a photo, or an image as a file (up to { $mb } MB).
expect-video = Send a video (up to { $mb } MB and { $seconds } s). A video note is fine too.
expect-audio = Send a voice message or an audio file (up to { $mb } MB and { $seconds } s).
expect-choice = Choose below.
expect-number = Send a number from { $min } to { $max }.
expect-link = Send a link to { $hosts }.
expect-lines = Send a text of { $min } to { $max } lines: each line counts as one.
expect-optional = You may skip this.

wrong-not-text = I need a text here.
wrong-text-short = That is too short: at least { $min ->
        [one] { $min } character
       *[other] { $min } characters
    }, please. You sent { $n }.
wrong-text-long = That is too long: at most { $max ->
        [one] { $max } character
       *[other] { $max } characters
    }, please. You sent { $n }.
wrong-not-image = I need a photo here, or an image sent as a file.
wrong-not-video = I need a video here.
wrong-not-audio = I need a voice message or an audio file here.
wrong-too-large = This file is too large: { $mb } MB at most, please.
wrong-too-long-media = This is too long: { $seconds } s at most, please.
wrong-not-choice = Please choose one of the buttons.
wrong-not-number = That is not a number I can use.
wrong-number-range = Please send a number from { $min } to { $max }, in steps of { $step }.
wrong-number-whole = Please send a whole number from { $min } to { $max }.
wrong-not-link = I need a link to { $hosts } here, such as one you copy with “Share”.
wrong-lines = Please send { $min } to { $max } lines. You sent { $n }.

summary = 🧾 *{ $title }*
summary-line = • { $title }: { $value }
summary-price = 💵 Price: *{ $price }*
summary-balance = 💰 Balance: { $balance }
summary-time = ⏱ Usually { $time }
summary-question = Shall I begin?
summary-confirmed = ✅ You confirmed this order.
summary-missing = ⚠️ You are *{ $missing }* short for this order. What you entered is kept; see /balance.
summary-changes = ✏️ *What would you like to change?*
value-skipped = —
value-image = 🖼 picture
value-video = 🎬 video
value-audio = 🔊 audio
value-document = 📄 file

order-accepted = ⏳ *{ $title }*: your order is in.
order-line = You are { $place } in line.
order-line-wait = You are { $place } in line, { $time }.
order-estimate = Usually { $time }.
order-held = { $price } is set aside.
order-working = ⚙️ *{ $title }*
    { $bar } { $percent } %
order-remaining = Time left: { $time }.
order-longer = It takes a little longer than usual. I am on it.
order-counted = Done: { $done } of { $units }.
order-start-count = Counted from { $start }.
order-unsure = 🔎 *{ $title }*
    I am checking whether your order got through. Please wait a little: you only pay for what you receive.
order-undecided = 🔎 *{ $title }*
    I could not find out by myself whether your order got through, so I have asked the team to look. Your money is only set aside: you get what you ordered, or all of it back.
order-found = 👍 *{ $title }*: your order did get through, and goes on. You only pay for what you receive.
order-stuck = 🛠 *{ $title }*
    Something is wrong on my side. I have told the team: you get your result, or your money back.
order-done = ✅ *{ $title }*: done.
order-charged = Charged: { $price }. Balance: { $balance }.
order-free = It was free.
result-caption = { $title }
result-undelivered = 😔 It is made, but I could not send you the result. I have told the team: you get it, or your money back.
order-failed = ❌ *{ $title }*: it did not work.
    { $reason }
order-refunded = { $price } is back on your balance: { $balance }.
order-nothing-charged = You were not charged.
order-partial = ✅ *{ $title }*: done in part, { $done } of { $units }. The service cannot deliver the rest.
order-partial-money = Charged: { $price }. { $back } is back on your balance: { $balance }.
order-cancelled = ✖️ *{ $title }*: cancelled.

failed-content-refused = What you entered is against the rules of the service. Please change it and try again.
failed-bad-input = The service cannot work with this input. Please change it and try again.
failed-input-unreachable = Your file could not be read. Please send it again.
failed-provider-failed = The service could not finish it. Trying again often helps.
failed-provider-unavailable = The service is not available at the moment. Please try again later.
failed-timed-out = It took too long. Please try again a little later.
failed-result-too-large = The result is larger than Telegram lets me send.
failed-result-lost = The result could not be fetched. Please try again.
failed-unknown = The service did not confirm your order. Please try again a little later.
failed-cancelled = The service cancelled it.
failed-target-busy = Another order for this link is still under way. Please wait until it is done.
failed-not-received = Your order never reached the service, so nothing was made. Please try again if you like.

about-seconds-between = about { $from }–{ $to } s
about-minutes-between = about { $from }–{ $to } min
about-seconds = about { $n } s
about-minutes = about { $n } min
about-hours = about { $n } h
about-days = about { $n } d

refused-unavailable = This service is not available at the moment. Nothing was charged; please try again a little later.
refused-money-off = Paid services are out of order at the moment, and so is everything about your balance. Nothing was charged. What is free works.
money-off = ⚠️ Your balance cannot be shown at the moment. Nothing is lost; what is free works.
reduced-mode = ⚙️ _Reduced mode: I am being repaired, and only answer what is free at once. Everything else you write is kept, and answered as soon as I am back._
reduced-usage = Please send it in one message: { $command } and your text.
reduced-used-up = You have used this as often as possible while I am being repaired. Please come back a little later.
refused-gone = This service is no longer offered. Have a look at the others.
refused-quantity = For this I can take an order of { $min } to { $max } at the moment. Please change the quantity; nothing was charged.
refused-too-many-orders = You have { $n ->
        [one] { $n } order
       *[other] { $n } orders
    } running. Please wait until one is done.
refused-too-fast = That is a lot at once. Please wait { $time } and confirm again.
refused-free-used-up = You have used this free service as often as possible today. It is free again tomorrow (UTC).
refused-insufficient = You are *{ $missing }* short for this order. See /balance.
old-button = This button is out of date. Please use the newest message, or /menu.
already-ordered = This order was placed already.
order-cancel-requested = I will stop your order if it has not begun yet: then you pay nothing. If it has, it is finished, charged and delivered here.
order-cancel-asked = I have asked the service to stop. You only pay for what was delivered by then.
order-not-stoppable = Your order can no longer be stopped: the service is already making it. You pay only if it succeeds, and get the result here.
order-not-cancellable = Your order can no longer be stopped: it has ended.
order-not-found = I cannot find that order any more.
refill-asked = I have asked for a refill. I will write when there is news.
refill-asked-before = A refill of this order is under way already.
refill-not-offered = There is no refill for this order.
refill-begun = 🔄 *{ $title }*: the refill is on its way.
refill-done = ✅ *{ $title }*: the refill is done.
refill-refused = ℹ️ *{ $title }*: the service sees nothing to refill at the moment. You can ask again later.
refill-late = ⏳ *{ $title }*: the refill takes very long. You can ask again.
inputs-forgotten = What you entered is deleted after a week. Please enter it again.
nothing-to-cancel = There is nothing to cancel.
cancelled = ✖️ Cancelled.
not-understood = I do not know what to do with that. Choose a service, or see /help.
finish-first = Please use the buttons to confirm, change or cancel your order.
unknown-command = I do not know this command. See /help for those I know.
private-only = I work in a private chat. Write to me there!
button-private = 💬 Write to me
welcome-gift = 🎁 { $amount } to start with is on your balance.
unavailable-sorry = Sorry, something went wrong on my side. I have told the team. Please try again, or press /start.

command-start = Start page
command-menu = All services
command-balance = Balance and movements
command-history = What moved, with a file
command-topup = Top up your balance
command-withdraw = Withdraw money
command-referrals = Invite friends and earn
command-tip = Give money to somebody
command-language = Language
command-cancel = Stop what you are doing
command-help = What I can do
about-admin-user = A user's page: /user @name
about-admin-grant = Give or take money: /grant @name 5.00 reason
about-admin-refund = Give a payment back: /refund receipt
about-admin-withdrawals = Withdrawals that wait
about-admin-verify = Who is verified for tips: /verify @name, /unverify @name
about-admin-providers = Providers: how they stand, who gets new orders
about-admin-broadcast = Write to everybody

admin-foreign-service = ⚠️ The catalogue binds service `{ $service }` to `{ $id }` at { $provider }, which has no such service. Orders for it are refused. `bulwark services check` lists all such mistakes.
admin-unknown-job = ⚠️ Job `{ $job }` ({ $service }): the provider never confirmed it. The user got the money back. Please check at the provider whether it was done and charged; `bulwark jobs show { $job }` tells what speaks for it.
admin-stuck-job = ⚠️ Job `{ $job }` ({ $service }) is stuck: our own code failed on it again and again. `bulwark jobs show { $job }` tells why; `bulwark jobs retry { $job }` lets it go on after the mend.
admin-funds-low = ⚠️ Our account at `{ $provider }` is low: { $balance } left. New orders for it are refused politely; what is under way goes on. Orders begin again by themselves once it is topped up.
admin-funds-refused = ⚠️ `{ $provider }` refused an order: our account there is empty. New orders for it are refused politely; what is under way goes on. Every few minutes one order finds out whether it was topped up.
admin-funds-back = ✅ Our account at `{ $provider }` has enough again: { $balance }. Orders are taken.
slow-down = 🐢 That was very fast. Please wait { $n } s and try again.
admin-set-aside = ⚠️ Update `{ $update }` from chat `{ $chat }` could not be handled and was set aside. `bulwark inbox list` shows why.
admin-dead-letters = ⚠️ { $count ->
    [one] A message
   *[other] { $count } messages
    } could not be delivered:
admin-dead-letter = • { $count } × { $kind }, such as to chat `{ $chat }`: { $error }
