packages = ⭐ *Top up with Telegram Stars*
    How much would you like to have?
button-package = ⭐ { $stars } → { $price }
button-to-order = ◀️ Back to my order
button-menu = 🛍 All services
button-home = 🏠 Home
package-gone = This package is not offered any more.
not-offered = Topping up with Stars is not offered at the moment.
invoice-title = Top up { $amount }
invoice-description = { $amount } for your balance here, at once.
receipt = ✅ *{ $amount }* for { $stars } ⭐. Your balance: { $balance }.
    Receipt: `{ $charge }`
receipt-late = ✅ *{ $amount }* for { $stars } ⭐ that you paid earlier; sorry for the wait. Your balance: { $balance }.
    Receipt: `{ $charge }`
receipt-twice = You have paid this invoice twice. Both payments are on your balance; if that was a mistake, write to us with the receipt.
refunded = ↩️ { $stars } ⭐ went back to you, and the money for them left your balance. Your balance: { $balance }.

checkout-off = Payments are not taken here at the moment.
checkout-unknown = This invoice is not known. Please choose a package again.
checkout-not-yours = This invoice was made for somebody else. Please choose a package in your own chat.
checkout-paid = This invoice is paid already. For more, please choose a package again.
checkout-expired = This invoice is too old. Please choose a package again.
checkout-later = We cannot take this payment right now. Nothing was charged; please try again in a minute.

admins-only = That is for admins.
refund-usage = Usage: `/refund charge`, with the id that stands on the user's receipt.
refund-unknown = I know no payment with this id.
refund-under-way = This payment is being refunded already.
refund-twice = This payment was refunded before.
refund-in-part = { $part } of the { $paid } went back already, by hand at the processor, so I cannot give the whole back. Give the rest back there, too: I find it in the night and book it.
refund-confirm = Give { $stars } ⭐ ({ $amount }) back to { $name } (`{ $user }`)? They have { $balance }.
button-refund = ↩️ Refund
button-no-refund = ✖️ Cancel
refund-spent = They have only { $available } left of { $amount }: it is spent, so I do not refund it.
refund-asked = ⏳ { $stars } ⭐ ({ $amount }) are going back to `{ $user }`. I will tell you when Telegram has done it.
refund-cancelled = Nothing was refunded.

admin-unknown-payment = ⚠️ User { $user } paid { $stars } ⭐ that belong to no invoice of ours. I have credited { $amount }. Charge: `{ $charge }`
admin-refund-done = ↩️ { $stars } ⭐ ({ $amount }) went back to { $user }. Charge: `{ $charge }`
admin-refund-refused = ❌ Telegram refuses the refund of { $stars } ⭐ to { $user } ({ $error }). { $amount } are back on their balance. Charge: `{ $charge }`
admin-refunded-elsewhere = ⚠️ Telegram gave { $stars } ⭐ back to { $user } without being asked by me. I took { $amount } from their balance; { $lost } were spent already and are our loss. Charge: `{ $charge }`

ways = 💳 *Top up your balance*
    How would you like to pay?
ways-short = ⏸ Paying by card or from a bank is paused for the moment. What you have paid already arrives all the same.
ways-paused = ⏸ *Topping up is paused for the moment*
    Sorry! Nothing was charged. Please look again in a few minutes. What you have paid already arrives all the same.
button-look-again = 🔄 Look again
button-by-stars = ⭐ Telegram Stars
button-by-card = 💳 Card or bank, { $currency }
amounts = 💳 *Top up by card or from your bank*
    How much would you like to have? You pay in { $currency }.
button-amount = { $amount } → { $price }
button-other-amount = ✏️ Another amount
button-other-way = ◀️ Another way to pay
button-back-to-amounts = ◀️ Back to the amounts
ask-amount = ✏️ Write how much you would like to have on your balance, from { $least } to { $most }. For example: { $example }
amount-malformed = That is not an amount. Write only a number, such as { $example }; it can be from { $least } to { $most }.
amount-too-precise = That has too many decimals. Write an amount such as { $example }; it can be from { $least } to { $most }.
amount-too-large = That is too much at once. It can be from { $least } to { $most }.
amount-too-small = That is too little. It can be from { $least } to { $most }.
topup-off = Topping up is not offered at the moment.
way-gone = This way to pay is not offered any more.
processor-away = Payments by card cannot be taken right now. Nothing was charged.
too-many-payments = { $n ->
        [one] You have { $n } payment open already.
       *[other] You have { $n } payments open already.
    } Please pay or cancel one of them first.
payment-preparing = ⏳ Preparing your payment of { $price } for *{ $amount }* …
payment-open = 💳 Pay *{ $price }* for *{ $amount }* on your balance.
    The link is good until { $until } UTC. I will write to you as soon as the money is here.
payment-title = Top up { $amount }
button-pay = 💳 Pay { $price }
button-paid = ✅ I have paid
button-cancel-payment = ✖️ Cancel
button-topup-again = ➕ Top up
payment-came = ✅ The payment of { $price } for { $amount } has arrived.
payment-failed = 😕 The payment page could not be opened. Nothing was charged. Please try again, or choose another way to pay.
payment-paused = ⏸ Payments by card have just been paused, and the page to pay { $price } was not opened. Nothing was charged. You can choose another way to pay, or try again later.
payment-expired = ⌛️ The link to pay { $price } has expired, and no money has come. If you did pay, do nothing: it will be credited when it arrives.
payment-cancelled = ✖️ You have cancelled the payment of { $price }. If you did pay, do nothing: it will be credited when it arrives.
payment-nothing-came = ⌛️ Looked at { $now } UTC: nothing has come for this payment of { $price } so far. If you did pay, do nothing: it will be credited when it arrives.
payment-unknown = I do not know this payment. Please choose an amount again.
payment-is-here = This payment has arrived already.
payment-still-preparing = The link is being prepared, one moment.
payment-was-not-begun = This payment was never begun. Please choose an amount again.
payment-has-ended = This payment has ended already.
payment-checking = 🔎 Looking …
payments-too-fast = { $n ->
        [one] You have begun many payments. Please wait { $n } minute.
       *[other] You have begun many payments. Please wait { $n } minutes.
    }
check-too-soon = { $n ->
        [one] I have looked just now. Please ask again in { $n } second.
       *[other] I have looked just now. Please ask again in { $n } seconds.
    }
remark-not-yet = 🔎 Looked at { $now } UTC: no payment has come so far. It can take a few minutes.
remark-pending = 🔎 Looked at { $now } UTC: your payment is on its way, and your bank has not confirmed it yet.
remark-unchecked = 🔎 Right now I cannot ask whether it has come. I will go on trying by myself.
remark-declined = ❌ The last try did not go through, and nothing was charged. You can try again with the same link.
card-receipt = ✅ *{ $amount }* for { $paid }. Your balance: { $balance }.
    Receipt: `{ $charge }`
remark-more = You paid { $paid }, more than the { $price } that were asked for: all of it is on your balance.
remark-less = You paid { $paid }, less than the { $price } that were asked for: your balance got what it is worth.
remark-late = It was paid after its link had expired: your balance got what it is worth today.
remark-twice = You have paid by this link before. Both payments are on your balance; if that was a mistake, write to us with the receipt.
remark-wait = You paid it earlier; sorry for the wait.
payment-aside = ⚠️ Your payment of { $paid } has arrived, but I cannot tell what it is for. A person will look at it and write to you. Receipt: `{ $charge }`
card-refunded = ↩️ { $paid } are going back to where you paid from, and the money for them left your balance; your bank may take some days. Your balance: { $balance }.
card-returned-in-part = ↩️ { $part } of the { $paid } that you paid are going back to where you paid from, and { $amount } for them left your balance; your bank may take some days. Your balance: { $balance }.
card-refund-confirm = Give { $paid } ({ $amount }) back to { $name } (`{ $user }`)? They have { $balance }.
card-refund-asked = ⏳ { $paid } ({ $amount }) are going back to `{ $user }`. I will tell you when it is done.
refund-not-open = Nobody has to say any more what became of this refund.
button-refund-was-made = ✅ It went back
button-refund-was-not-made = ✖️ It did not

page-paid-title = Payment received
page-paid = Your payment of { $price } has arrived and is on your balance. You can close this page and go back to the chat.
page-pending-title = Waiting for your payment
page-pending = As soon as your payment of { $price } arrives, you will get a message in the chat. If it did not go through, nothing was charged: the button in the chat lets you try again. You can close this page.
page-ended-title = This payment has ended
page-ended = No money has come for this payment so far. If you did pay, do nothing: it will be credited when it arrives, and you will get a message in the chat.
page-unknown-title = Nothing to see here
page-unknown = If you have paid, you will get a message in the chat. You can close this page.

admin-payment-aside = ⚠️ User { $user } paid { $paid }, and I cannot credit it: { $why }. Nothing is on their balance. Give it back with /refund, or credit it with /grant. Receipt: `{ $charge }`
admin-payment-without-intent = ⚠️ User { $user } paid { $paid } by a link that is gone. I have credited { $amount }. Receipt: `{ $charge }`
admin-card-refund-done = ↩️ { $paid } ({ $amount }) went back to { $user }. Receipt: `{ $charge }`
admin-card-refund-refused = ❌ The refund of { $paid } to { $user } was not made ({ $error }). { $amount } are back on their balance. Receipt: `{ $charge }`
admin-card-refunded-elsewhere = ⚠️ { $paid } went back to { $user } without being asked for here. I took { $amount } from their balance; { $lost } were spent already and are our loss. Receipt: `{ $charge }`
admin-card-returned-in-part = ⚠️ { $part } of the { $paid } that { $user } paid went back without being asked for here. I took { $amount } from their balance; { $lost } were spent already and are our loss. Receipt: `{ $charge }`
admin-card-refund-unknown = ❓ I asked for the refund of { $paid } to { $user }, got no answer, and do not find it since. I will not ask again. Please look into the dashboard: did it go back? Receipt: `{ $charge }`
