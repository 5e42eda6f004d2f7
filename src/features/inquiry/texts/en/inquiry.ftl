# Markup: *bold*, _italic_, `code`. Variables are always literal. Buttons and notices are shown without formatting.
question = ❓ *Did this order get through?*
    { $title }, { $price }, user `{ $user }`, at { $provider }.
    Its answer was lost, and it is never sent twice. Job `{ $job }`.
looks-likely = It looks as if it did.
looks-unlikely = It looks as if it did not.
looks-unclear = Nothing here tells whether it did.
seen-balance = Our balance there: { $before } before, { $now } now.
seen-duplicate = Another order for the same link was refused as a duplicate.
seen-candidates = Orders there that belong to no job of ours: `{ $tasks }`
question-what-to-do = Please look there and tell me. The first answer counts; without one the money goes back by itself.
no-such-task = ⚠️ The provider knows no `{ $task }`.
button-it-is = ✅ It went through: { $task }
button-went-through = ✅ Went through: type its id
button-not-there = ✖️ It did not: give back
type-task = ✍️ Send me the id of this order at the provider. Any command stops this.
about = 🔎 { $title }, { $price }, user `{ $user }`, at { $provider }. Job `{ $job }`.
said-went-through = { $who }: it went through as { $task }.
said-not-there = { $who }: it did not go through.
ended-goes-on = ✅ The provider has it as `{ $task }`; the order goes on.
ended-released = ↩️ The order has ended; its money is settled.
ended-released-unanswered = ↩️ The order has ended without an answer; its money is settled.
taken = Thank you, I act upon it.
answered-before = Too late. { $answer }
settled-itself = This order has settled itself meanwhile.
task-of-another = That is the order of job { $job }.
no-id = That does not look like an id. Please send the id alone.
question-gone = I have no such question any more.
admins-only = Only admins can do that.
