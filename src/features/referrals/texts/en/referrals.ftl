referrals = 👥 *Invite friends*
    Your link: `{ $link }`
terms-topup = You get { $share } of every top-up by people who join through it.
terms-topup-above = And { $share } of every top-up by people they invite.
terms-order = You get { $share } of every order by people who join through it.
terms-order-above = And { $share } of every order by people they invite.
invited = Joined through your link: { $direct ->
        [one] { $direct } person
       *[other] { $direct } people
    }
invited-by-them = Invited by them: { $indirect }
earned-in-all = Earned in all: { $earned }
taken-in-all = Taken back, because payments were given back: { $taken }
earnings-left = Available: *{ $available }*
last-earnings = *Last earnings*
earning = { $date }  +{ $amount }  level { $level }
earning-reversed = { $date }  { $amount }  level { $level }, taken back
earning-reversed-in-part = { $date }  +{ $amount }  level { $level }, { $back } of it taken back
earned = 🎉 Your link has earned you *{ $amount }*. See /referrals.
taken-back = ↩️ A payment by somebody you invited was given back, and with it the { $amount } it had earned you.
taken-back-in-part = ↩️ A payment by somebody you invited was given back, and with it the { $amount } it had earned you. { $lost } of that is spent already: your next earnings make up for it.
moved = { $amount } moved to your balance.
move-not-allowed = Earnings cannot be moved at the moment.
move-too-little = You have { $available } to move; it takes { $min } at least.
not-offered = Inviting friends is not rewarded at the moment.
button-share = 📤 Share the link
button-move = 💰 Move to my balance
button-newer = ◀️ Newer
button-older = Older ▶️
button-home = 🏠 Home
button-withdraw = 💸 Withdraw
