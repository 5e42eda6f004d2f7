# Marcas: *negrita*, _cursiva_, `código`. Las variables son siempre literales. Botones y avisos se muestran sin formato.
question = ❓ *¿Llegó este pedido?*
    { $title }, { $price }, usuario `{ $user }`, en { $provider }.
    Su respuesta se perdió, y nunca se envía dos veces. Trabajo `{ $job }`.
looks-likely = Parece que sí.
looks-unlikely = Parece que no.
looks-unclear = Desde aquí no se puede saber.
seen-balance = Nuestro saldo allí: { $before } antes, { $now } ahora.
seen-duplicate = Otro pedido para el mismo enlace fue rechazado por duplicado.
seen-candidates = Pedidos de allí que no son de ningún trabajo nuestro: `{ $tasks }`
question-what-to-do = Míralo allí y dímelo, por favor. Cuenta la primera respuesta; sin ninguna, el dinero vuelve solo.
no-such-task = ⚠️ El proveedor no conoce `{ $task }`.
button-it-is = ✅ Llegó: { $task }
button-went-through = ✅ Llegó: escribir su id
button-not-there = ✖️ No llegó: devolver
type-task = ✍️ Envíame el id de este pedido en el proveedor. Cualquier orden lo cancela.
about = 🔎 { $title }, { $price }, usuario `{ $user }`, en { $provider }. Trabajo `{ $job }`.
said-went-through = { $who }: llegó, con el id { $task }.
said-not-there = { $who }: no llegó.
ended-goes-on = ✅ El proveedor lo tiene como `{ $task }`; el pedido sigue.
ended-released = ↩️ El pedido terminó; su dinero está liquidado.
ended-released-unanswered = ↩️ El pedido terminó sin respuesta; su dinero está liquidado.
taken = Gracias, me pongo con ello.
answered-before = Ya hay respuesta. { $answer }
settled-itself = Este pedido ya se resolvió entretanto.
task-of-another = Ese es el pedido del trabajo { $job }.
no-id = Eso no parece un id. Envía solo el id, por favor.
question-gone = Ya no tengo esa pregunta.
admins-only = Solo los administradores pueden hacerlo.
