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
