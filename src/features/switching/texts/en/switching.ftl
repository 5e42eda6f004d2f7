# Pages for admins. Markup: *bold*, _italic_, `code`. Variables are always literal.

admins-only = This is for admins.
providers = 🔌 *Providers*
provider-line = • *{ $name }*: { $state }, { $n ->
        [one] { $n } service
       *[other] { $n } services
    }
overall-chosen = New orders go to *{ $name }* wherever it has the service.
overall-catalog = New orders go where the catalogue says.
services-chosen = { $n ->
        [one] { $n } service has
       *[other] { $n } services have
    } a choice of their own.
button-provider = 🔌 { $name }
button-services = 🛍 By service
button-catalog = 📖 As the catalogue says
button-back = ⬅️ Back
button-use-for-all = ✅ Use it for everything
button-use = ✅ Use { $name }
button-yes = ✅ Yes, switch
button-no = ✖️ No

provider = 🔌 *{ $name }*: { $state }
provider-service = • { $title } `{ $id }`: price { $price }, cost { $cost }, margin { $margin }
provider-more = … and { $n } more.
provider-in-use = ✅ New orders go there wherever it has the service.

services = 🛍 *By service*
    These can be made by several providers:
services-none = No service has more than one provider here.
service = 🛍 *{ $title }*, { $price }
failover-next = While its provider is ill, a new order goes to the next one.
failover-wait = While its provider is ill, a new order waits for it, half an hour at most.
failover-refuse = While its provider is ill, new orders are refused.
service-route = • *{ $name }* `{ $id }`: { $state }
    cost { $cost }, margin { $margin }, quantity { $limits }, weight { $weight }
service-chosen = ✅ New orders go to *{ $name }*: chosen for this service.
service-overall = ✅ New orders go to *{ $name }*: chosen for everything.
service-weights = New orders are split by weight.
service-catalog = New orders go to the first of these.
value-unknown = unknown
value-any = any

ask-service = Send new orders for *{ $title }* to *{ $name }*? Orders under way stay where they are.
ask-all = Send all new orders to *{ $name }*, wherever it has the service? Orders under way stay where they are, and a choice for a single service stays in force.
ask-service-catalog = Send new orders for *{ $title }* where the catalogue says again? Orders under way stay where they are.
ask-all-catalog = Send new orders where the catalogue says again? Orders under way stay where they are.
switched = Done: it is in force from the next order on.
changed-meanwhile = Somebody has changed this meanwhile. This is how it stands now.

state-well = ready
state-recovering = recovering, trying carefully
state-ill = ill, no calls for a while
state-isolated = taken out by an operator
state-no-funds = our account there is empty, or nearly
state-key-refused = refuses our key
state-not-configured = not configured
state-gone = sells it no more
state-foreign = has no such service

left = 💰 { $left }
left-low = ⚠️ only { $left } left
left-old = ⚠️ { $left }, an old figure
balance = 💰 Our account there: { $left }, asked { $time } ago.
balance-old = ⚠️ Our account there: { $left }, asked { $time } ago. Nobody could ask since.
balance-low = ⚠️ That is too little, for { $time } now: new orders go elsewhere or are refused politely. Top it up there, and orders begin again by themselves.
isolated = ⛔️ Taken out by { $who } { $time } ago: { $why }. Nothing new is sent there; what is under way goes on.
tried-in = It is tried again in { $time }.
gateway-line = • *{ $name }* (payments): { $state }
gateway = 💳 *{ $name }*: { $state }
    A way to top up.
button-gateway = 💳 { $name }
settler-line = • *{ $name }* (tips): { $state }
settler = 🎁 *{ $name }*: { $state }
    It settles tips.
button-settler = 🎁 { $name }
button-isolate = ⛔️ Take it out
button-release = ▶️ Let it in again
button-yes-release = ▶️ Yes, let it in
button-why-failing = ⛔️ Orders fail or vanish
button-why-wrong = ⛔️ It does wrong things
button-why-pause = ⛔️ Maintenance
value-why-failing = orders fail or vanish there
value-why-wrong = it does what it should not
value-why-pause = maintenance
ask-isolate = Send nothing more to *{ $name }*? New orders go to another provider that has the service, or are refused politely before anything is charged. Orders under way go on. It stays so, also over restarts, until an admin lets it in again.

    If so: why? The other admins see the reason.
ask-isolate-gateway = Send nobody to *{ $name }* any more? Whoever wants to top up is offered the other ways to pay. What was begun there goes on: payments are looked up and credited, refunds made. It stays so, also over restarts, until an admin lets it in again.

    If so: why? The other admins see the reason.
ask-isolate-settler = Send no more tips to *{ $name }*? Until an admin lets it in again, also over restarts, whoever gives a tip is told that they are paused, before any money is held. Tips under way go on.

    If so: why? The other admins see the reason.
ask-release = Let *{ $name }* in again? A few calls are tried first; if they go well, everything follows.
is-isolated = Done: within seconds nothing more is sent there.
is-released = Done: a few calls are tried first.
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
value-days = { $n ->
        [one] { $n } day
       *[other] { $n } days
    }
