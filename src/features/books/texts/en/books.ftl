history = 🧾 *Your history*: { $filter }
off = ⚠️ Everything about balances is out of order at the moment. Nothing is lost; what is free works.
nothing = Nothing here yet.
line = { $date }  { $amount }  { $what }
was-topup = topped up: { $note }
was-refund = given back to you outside: { $note }
was-held = set aside: { $note }
was-paid = paid: { $note }
was-released = given back: { $note }
was-repaid = paid back: { $note }
was-gift = gift: { $note }
was-correction = correction: { $note }
was-reward = referral reward
was-tip-sent = tip to { $name }
was-tip-received = tip from { $name }
was-own = between your wallets
was-payout = paid out: { $note }
wallet-main = main
wallet-earnings = earnings
wallet-credits = reply credits
button-all = 🧾 Everything
button-topups = ⬇️ Top-ups
button-orders = 🛍 Orders
button-back = ↩️ Given back
button-gifts = 🎁 Gifts, tips, rewards
button-payouts = ⬆️ Paid out
button-newer = ◀️ Newer
button-older = Older ▶️
button-file = 📄 As a file (CSV)
button-balance = 💰 Balance
button-home = 🏠 Home
file-comes = Your file is on its way.
file-too-often = You have had several of these files already. Please try again in a few minutes.
file-caption = { $filter }: { $rows ->
    [one] { $rows } line
   *[other] { $rows } lines
}. Times are UTC.
file-caption-cut = { $filter }: the newest { $rows } lines. Times are UTC.
head-at = time (UTC)
head-what = what
head-amount = amount
head-currency = currency
head-wallet = wallet
head-note = note
head-id = id
admin-books = 🚨 *The books do not balance*: { $count ->
    [one] { $count } new finding
   *[other] { $count } new findings
}.
admin-finding = • { $finding }
admin-books-advice = `bulwark reconcile` says what to do, with `--fix` it mends what it can.
