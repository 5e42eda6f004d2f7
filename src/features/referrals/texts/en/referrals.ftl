referrals = 👥 *Invite friends*
    Your link: `{ $link }`
terms-topup = You get { $share } of whatever those who come by it top up.
terms-topup-above = And { $share } of what those top up whom they invite.
terms-order = You get { $share } of whatever those who come by it order.
terms-order-above = And { $share } of what those order whom they invite.
invited = Came by your link: { $direct ->
        [one] { $direct } person
       *[other] { $direct } people
    }
invited-by-them = Invited by them: { $indirect }
earned-in-all = Earned in all: { $earned }
taken-in-all = Taken back, because payments were given back: { $taken }
earnings-left = There to be used: *{ $available }*
last-earnings = *Last earnings*
earning = { $date }  +{ $amount }  level { $level }
earning-reversed = { $date }  { $amount }  level { $level }, taken back
earned = 🎉 Your link has earned you *{ $amount }*. See /referrals.
taken-back = ↩️ A payment of somebody whom you invited was given back, and so were the { $amount } that it had earned you.
taken-back-in-part = ↩️ A payment of somebody whom you invited was given back, and so were the { $amount } that it had earned you. { $lost } of it are not there any more: your next earnings make up for them.
moved = { $amount } moved to your balance.
move-not-allowed = Earnings cannot be moved at the moment.
move-too-little = You have { $available } to move; it takes { $min } at least.
not-offered = Inviting friends is not rewarded at the moment.
button-share = 📤 Share the link
button-move = 💰 Move to my balance
button-newer = ◀️ Newer
button-older = Older ▶️
button-home = 🏠 Home
