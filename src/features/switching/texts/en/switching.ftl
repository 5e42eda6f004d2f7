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
