# Markup: *bold*, _italic_, `code`. Variables are always literal.
choose-method = 💸 *Withdraw*
    You can withdraw up to { $available }. How shall we pay you?
method = • { $title }: { $min } to { $max }, fee: { $fee }
ask-field = 💸 { $method }
    ✍️ *{ $title }*
ask-amount = 💸 *How much?*
    Available: { $available }. From { $min } to { $max }, fee: { $fee }.
summary = 💸 *Please check*
    { $amount } by { $method }
    Fee: { $fee }
    You receive: *{ $net }*
summary-confirmed = ✅ You confirmed a withdrawal of { $amount } by { $method }.
detail = { $title }: `{ $value }`
discarded = Nothing was withdrawn.
value-no-fee = none
value-fee = { $fee } + { $percent }%
button-back = ⬅️ Back
button-cancel = ✖️ Cancel
button-home = 🏠 Home
button-most = All: { $price }
button-confirm = ✅ Withdraw { $price }
button-take-back = ✖️ Take it back
old-button = This button is out of date.

refused-off = Withdrawals are not offered at the moment.
refused-many = { $n ->
    [one] You have { $n } withdrawal under way. Please wait until it has ended, or take it back.
   *[other] You have { $n } withdrawals under way. Please wait until one of them has ended, or take one back.
    }
refused-fast = { $n ->
    [one] You have asked for many withdrawals. Please wait { $n } minute.
   *[other] You have asked for many withdrawals. Please wait { $n } minutes.
    }
refused-nothing = You have { $available }; the least that can be withdrawn is { $least }.
refused-nothing-earned = What your link earns can be withdrawn: { $available } so far. The least is { $least }. See /referrals.
refused-no-text = Please send that as a text.
refused-no-amount = That is not an amount. Please send one such as 12.50.
refused-too-little = The least in this way is { $limit }.
refused-too-much = The most in this way is { $limit }.
refused-short = You have only { $limit } available.
refused-day = { $limit } is left of what you can withdraw today.
refused-words = Please send a text of 1 to { $n } characters.
refused-no-approved = Nothing is waiting to be paid.
wrong-text = { $title }: please send one line of { $min } to { $max } characters.
wrong-digits = { $title }: please send { $min } to { $max } digits.
wrong-checked = { $title }: this does not look right. Please check every character and send it again.
wrong-case = { $title }: the capital and small letters of this address do not fit together, so at least one character is wrong. Please copy it once more from where it is shown to you.
admins-only = This is for admins.

status = 💸 *Withdrawal { $id }*
    { $amount } by { $method } ({ $payee })
    You receive { $net } (fee: { $fee })
status-requested = ⏳ Set aside; an admin looks at it.
status-approved = 👍 Approved; it will be paid soon.
status-paid = ✅ Paid. Reference: `{ $reference }`
status-rejected = ❌ Not paid; the money is back on your balance. Reason: { $reason }
status-cancelled = ✖️ Taken back; the money is back on your balance.
told-approved = 💸 Your withdrawal { $id } of { $amount } by { $method } ({ $net } for you):
told-paid = 💸 Your withdrawal { $id } of { $amount } by { $method } ({ $net } for you):
told-rejected = 💸 Your withdrawal { $id } of { $amount } by { $method } ({ $net } for you):
notice-cancelled = Taken back: the money is on your balance again.
notice-approved-already = It is approved already and about to be paid: it cannot be taken back any more.
notice-ended-already = This withdrawal has ended.

list = 💸 *Withdrawals that wait*
list-empty = 💸 No withdrawal is waiting.
line-requested = ⏳ { $id }: { $amount }, { $user }, { $method } ({ $payee })
line-approved = 👍 { $id }: { $amount }, { $user }, { $method } ({ $payee })
card = 💸 *{ $amount }* by { $method } ({ $payee })
    To pay: *{ $net }* (fee: { $fee })
    { $user } ({ $uid }), { $at } UTC, `{ $id }`
card-requested = ⏳ Waits for a decision.
card-approved = 👍 Approved by { $by }, { $at }: to be paid.
card-paid = ✅ Paid by { $by }, { $at }: { $reference }
card-rejected = ❌ Rejected by { $by }, { $at }: { $reason }
card-cancelled = ✖️ Taken back by { $by }, { $at }.
details-forgotten = Whom it paid has been forgotten.
button-open = { $id } · { $price }
button-older = ◀️ Older
button-newer = Newer ▶️
button-export = 📄 Export what is to be paid
button-details = 👁 Whom to pay
button-hide = 🙈 Hide
button-approve = 👍 Approve
button-reject = ❌ Reject
button-paid = ✅ It was paid
button-all-paid = ✅ All of these were paid
ask-reason = Why is { $id } ({ $net } for { $user }) rejected? The next message goes to the user; any command takes you out of this.
ask-reference = Under which reference were { $net } paid to { $user } ({ $id })? Send it as the bank or the chain names it; any command takes you out of this.
ask-batch-reference = Under which reference were all { $n } of { $batch }, { $total } in all, paid? Any command takes you out of this.
notice-own = This is your own withdrawal: another admin has to approve it.
notice-faster = Somebody was faster: this is how it stands now.
notice-batch-done = Nothing of this export is left to be paid.
exported = 📄 Export { $batch }: { $n } to be paid, { $total } in all. When every one of them was paid, say so here; what is approved later is not among them.
batch-paid = ✅ { $n } marked as paid, { $total } in all. Left as they were: { $left }.
