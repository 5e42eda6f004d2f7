balance = 💰 *Your balance: { $available }*
held = Set aside for orders under way: { $held }
earned = Earned with your link: { $available }
reply-credits = For replies of the assistant: { $available }
movements = *Last movements*
no-movements = Nothing has moved yet.
movement = { $date }  { $amount }  { $what }
movement-grant = gift: { $note }
movement-correction = correction: { $note }
movement-hold = set aside: { $note }
movement-charge = paid: { $note }
movement-release = given back: { $note }
movement-topup = topped up: { $note }
movement-refund = payment given back: { $note }
movement-tip-sent = tip to { $note }
movement-tip-received = tip from { $note }
movement-own = between your balances
movement-reward = referral reward
movement-payout = paid out: { $note }
welcome-note = welcome
button-newer = ◀️ Newer
button-older = Older ▶️
button-topup = ➕ Top up
button-history = 🧾 History
button-referrals = 👥 Invite friends
button-menu = 🛍 All services
button-home = 🏠 Home
received = 🎁 You received *{ $amount }*: { $reason }. Your balance: { $balance }.

grant-usage = Usage: `/grant @user 5.00 reason`. The user may be given by @name or id; a negative amount takes back.
grant-unknown-user = I do not know { $user }. They have to write to the bot first.
grant-ambiguous = More than one person has gone by the name { $user }. Please give their id.
grant-bad-amount = { $amount } is not an amount I can grant.
grant-no-reason = Please give a reason.
grant-too-much = They have only { $available }; I cannot take back more.
grant-done = ✅ { $amount } for { $user } ({ $id }): { $reason }. Balance: { $balance }.
user-usage = Usage: `/user @user` or `/user 123456`.
user-page = 👤 *{ $name }* { $username } (`{ $id }`)
    Since { $since }, last seen { $seen }
    Language: { $language }
    Balance: { $available }, set aside: { $held }
money-off = ⚠️ Everything about balances is out of order at the moment. Nothing is lost; what is free works.

movement-withdrawal = withdrawal { $id }
button-withdraw = 💸 Withdraw
corrected = Your balance was corrected by *{ $amount }*: { $reason }. Your balance: { $balance }.
admins-only = This is for admins.
grant-day-limit = You may give and take { $limit } in a day in all; today it was { $given }.
grant-alone = More than { $limit } needs a second admin, and there is no other one.
grant-not-known = I do not know this request.
grant-own = Another admin has to decide: you asked for it yourself.
grant-of-another = Only who asked for it can take it back.
grant-decided-before = It has been decided already, or its time is over.
approval = 🔏 *{ $amount }* for { $user } ({ $id }): { $reason }
    Asked for by { $admin }.
approval-waits = ⏳ Waits for another admin until { $until } UTC.
approval-done = ✅ Approved by { $by }: it is done.
approval-rejected = ❌ Rejected by { $by }: nothing moved.
approval-cancelled = ✖️ Taken back: nothing moved.
approval-expired = ⌛ Nobody decided in time: nothing moved.
button-grant-approve = ✅ Approve
button-grant-reject = ❌ Reject
button-grant-cancel = ✖️ Take it back
