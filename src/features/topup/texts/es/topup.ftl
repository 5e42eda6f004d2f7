packages = ⭐ *Recargar con Telegram Stars*
    ¿Cuánto quieres tener?
button-package = ⭐ { $stars } ⇒ { $price }
button-to-order = ◀️ Volver a mi pedido
button-menu = 🛍 Todos los servicios
button-home = 🏠 Inicio
package-gone = Este paquete ya no se ofrece.
not-offered = Por el momento no se puede recargar con Stars.
invoice-title = Recarga de { $amount }
invoice-description = { $amount } para tu saldo aquí, al instante.
receipt = ✅ *{ $amount }* por { $stars } ⭐. Tu saldo: { $balance }.
    Recibo: `{ $charge }`
receipt-late = ✅ *{ $amount }* por { $stars } ⭐ que pagaste antes; perdona la espera. Tu saldo: { $balance }.
    Recibo: `{ $charge }`
receipt-twice = Has pagado esta factura dos veces. Los dos pagos están en tu saldo; si fue un error, escríbenos con el recibo.
refunded = ↩️ { $stars } ⭐ han vuelto a ti y su dinero ha salido de tu saldo. Tu saldo: { $balance }.

checkout-off = Aquí no se aceptan pagos por el momento.
checkout-unknown = No conocemos esta factura. Elige un paquete otra vez.
checkout-not-yours = Esta factura es de otra persona. Elige un paquete en tu propio chat.
checkout-paid = Esta factura ya está pagada. Para más, elige un paquete otra vez.
checkout-expired = Esta factura es demasiado antigua. Elige un paquete otra vez.
checkout-later = Ahora no podemos aceptar este pago. No se ha cobrado nada; inténtalo en un minuto.

admins-only = Eso es solo para administradores.
refund-usage = Uso: `/refund recibo`, con el número que está en el recibo del usuario.
refund-unknown = No conozco ningún pago con este número.
refund-under-way = Este pago ya se está devolviendo.
refund-twice = Este pago ya se devolvió.
refund-in-part = { $part } de los { $paid } ya se devolvieron a mano en el procesador, así que no puedo devolver el total. Devuelve allí también el resto: lo encuentro por la noche y lo anoto.
refund-confirm = ¿Devolver { $stars } ⭐ ({ $amount }) a { $name } (`{ $user }`)? Tiene { $balance }.
button-refund = ↩️ Devolver
button-no-refund = ✖️ Cancelar
refund-spent = Solo le quedan { $available } de { $amount }: está gastado, así que no lo devuelvo.
refund-asked = ⏳ { $stars } ⭐ ({ $amount }) vuelven a `{ $user }`. Te avisaré cuando Telegram lo haya hecho.
refund-cancelled = No se ha devuelto nada.

admin-unknown-payment = ⚠️ El usuario { $user } pagó { $stars } ⭐ que no son de ninguna factura nuestra. He abonado { $amount }. Pago: `{ $charge }`
admin-refund-done = ↩️ { $stars } ⭐ ({ $amount }) volvieron a { $user }. Pago: `{ $charge }`
admin-refund-refused = ❌ Telegram rechaza devolver { $stars } ⭐ a { $user } ({ $error }). { $amount } están de nuevo en su saldo. Pago: `{ $charge }`
admin-refunded-elsewhere = ⚠️ Telegram devolvió { $stars } ⭐ a { $user } sin que yo lo pidiera. He quitado { $amount } de su saldo; { $lost } ya estaban gastados y son pérdida nuestra. Pago: `{ $charge }`

ways = 💳 *Recargar tu saldo*
    ¿Cómo quieres pagar?
ways-short = ⏸ El pago con tarjeta o desde un banco está en pausa por el momento. Lo que ya pagaste llega de todos modos.
ways-paused = ⏸ *Las recargas están en pausa por el momento*
    ¡Lo sentimos! No se ha cobrado nada. Vuelve a mirar en unos minutos. Lo que ya pagaste llega de todos modos.
button-look-again = 🔄 Mirar otra vez
button-by-stars = ⭐ Stars de Telegram
button-by-card = 💳 Tarjeta o banco, { $currency }
amounts = 💳 *Recargar con tarjeta o desde tu banco*
    ¿Cuánto quieres tener? Pagas en { $currency }.
button-amount = { $amount } ⇒ { $price }
button-other-amount = ✏️ Otra cantidad
button-other-way = ◀️ Pagar de otra forma
button-back-to-amounts = ◀️ Volver a las cantidades
ask-amount = ✏️ Escribe cuánto quieres tener en tu saldo, de { $least } a { $most }. Por ejemplo: { $example }
amount-malformed = Eso no es una cantidad. Escribe solo un número, como { $example }; puede ser de { $least } a { $most }.
amount-too-precise = Tiene demasiados decimales. Escribe una cantidad como { $example }; puede ser de { $least } a { $most }.
amount-too-large = Es demasiado de una vez. Puede ser de { $least } a { $most }.
amount-too-small = Es demasiado poco. Puede ser de { $least } a { $most }.
topup-off = Por el momento no se puede recargar.
way-gone = Esta forma de pagar ya no se ofrece.
processor-away = Ahora no podemos aceptar pagos con tarjeta. No se ha cobrado nada.
too-many-payments = { $n ->
        [one] Ya tienes { $n } pago abierto.
       *[other] Ya tienes { $n } pagos abiertos.
    } Paga o cancela uno de ellos primero.
payment-preparing = ⏳ Preparando tu pago de { $price } por *{ $amount }* …
payment-open = 💳 Paga *{ $price }* por *{ $amount }* en tu saldo.
    El enlace vale hasta las { $until } UTC. Te escribiré en cuanto llegue el dinero.
payment-title = Recarga de { $amount }
button-pay = 💳 Pagar { $price }
button-paid = ✅ Ya he pagado
button-cancel-payment = ✖️ Cancelar
button-topup-again = ➕ Recargar
payment-came = ✅ El pago de { $price } por { $amount } ha llegado.
payment-failed = 😕 No se pudo abrir la página de pago. No se ha cobrado nada. Inténtalo otra vez o elige otra forma de pagar.
payment-paused = ⏸ Los pagos con tarjeta se acaban de poner en pausa y no se abrió la página para pagar { $price }. No se ha cobrado nada. Puedes elegir otra forma de pagar o intentarlo más tarde.
payment-expired = ⌛️ El enlace para pagar { $price } ha caducado y no ha llegado dinero. Si pagaste, no hagas nada: se abonará cuando llegue.
payment-cancelled = ✖️ Has cancelado el pago de { $price }. Si pagaste, no hagas nada: se abonará cuando llegue.
payment-nothing-came = ⌛️ Mirado a las { $now } UTC: por este pago de { $price } todavía no ha llegado nada. Si pagaste, no hagas nada: se abonará cuando llegue.
payment-unknown = No conozco este pago. Elige una cantidad otra vez.
payment-is-here = Este pago ya ha llegado.
payment-still-preparing = El enlace se está preparando, un momento.
payment-was-not-begun = Este pago nunca se empezó. Elige una cantidad otra vez.
payment-has-ended = Este pago ya ha terminado.
payment-checking = 🔎 Mirando …
payments-too-fast = { $n ->
        [one] Has iniciado muchos pagos. Espera { $n } minuto, por favor.
       *[other] Has iniciado muchos pagos. Espera { $n } minutos, por favor.
    }
check-too-soon = { $n ->
        [one] Acabo de mirar. Pregunta otra vez en { $n } segundo.
       *[other] Acabo de mirar. Pregunta otra vez en { $n } segundos.
    }
remark-not-yet = 🔎 Mirado a las { $now } UTC: todavía no ha llegado ningún pago. Puede tardar unos minutos.
remark-pending = 🔎 Mirado a las { $now } UTC: tu pago está en camino y tu banco aún no lo ha confirmado.
remark-unchecked = 🔎 Ahora no puedo preguntar si ha llegado. Lo seguiré intentando.
remark-declined = ❌ El último intento no salió bien y no se ha cobrado nada. Puedes probar otra vez con el mismo enlace.
card-receipt = ✅ *{ $amount }* por { $paid }. Tu saldo: { $balance }.
    Recibo: `{ $charge }`
remark-more = Has pagado { $paid }, más de los { $price } que se pedían: todo está en tu saldo.
remark-less = Has pagado { $paid }, menos de los { $price } que se pedían: en tu saldo está lo que vale.
remark-late = Se pagó cuando el enlace ya había caducado: en tu saldo está lo que vale hoy.
remark-twice = Ya habías pagado con este enlace. Los dos pagos están en tu saldo; si fue un error, escríbenos con el recibo.
remark-wait = Lo pagaste antes; perdona la espera.
payment-aside = ⚠️ Tu pago de { $paid } ha llegado, pero no puedo saber para qué es. Una persona lo mirará y te escribirá. Recibo: `{ $charge }`
card-refunded = ↩️ { $paid } vuelven a donde pagaste y su dinero ha salido de tu saldo; tu banco puede tardar unos días. Tu saldo: { $balance }.
card-returned-in-part = ↩️ { $part } de los { $paid } que pagaste vuelven a donde pagaste y por ellos han salido { $amount } de tu saldo; tu banco puede tardar unos días. Tu saldo: { $balance }.
card-refund-confirm = ¿Devolver { $paid } ({ $amount }) a { $name } (`{ $user }`)? Tiene { $balance }.
card-refund-asked = ⏳ { $paid } ({ $amount }) vuelven a `{ $user }`. Te avisaré cuando esté hecho.
refund-not-open = Ya nadie tiene que decir qué fue de esta devolución.
button-refund-was-made = ✅ Se devolvió
button-refund-was-not-made = ✖️ No se devolvió

page-paid-title = Pago recibido
page-paid = Tu pago de { $price } ha llegado y está en tu saldo. Puedes cerrar esta página y volver al chat.
page-pending-title = Esperando tu pago
page-pending = En cuanto llegue tu pago de { $price } recibirás un mensaje en el chat. Si no salió adelante, no se cobró nada: con el botón del chat puedes intentarlo otra vez. Puedes cerrar esta página.
page-ended-title = Este pago ha terminado
page-ended = Por este pago todavía no ha llegado dinero. Si pagaste, no hagas nada: se abonará cuando llegue y recibirás un mensaje en el chat.
page-unknown-title = Aquí no hay nada
page-unknown = Si has pagado, recibirás un mensaje en el chat. Puedes cerrar esta página.

admin-payment-aside = ⚠️ El usuario { $user } pagó { $paid } y no puedo abonarlo: { $why }. En su saldo no hay nada. Devuélvelo con /refund o abónalo con /grant. Recibo: `{ $charge }`
admin-payment-without-intent = ⚠️ El usuario { $user } pagó { $paid } con un enlace que ya no existe. He abonado { $amount }. Recibo: `{ $charge }`
admin-card-refund-done = ↩️ { $paid } ({ $amount }) volvieron a { $user }. Recibo: `{ $charge }`
admin-card-refund-refused = ❌ La devolución de { $paid } a { $user } no se hizo ({ $error }). { $amount } están de nuevo en su saldo. Recibo: `{ $charge }`
admin-card-refunded-elsewhere = ⚠️ { $paid } volvieron a { $user } sin pedirlo desde aquí. He quitado { $amount } de su saldo; { $lost } ya estaban gastados y son pérdida nuestra. Recibo: `{ $charge }`
admin-card-returned-in-part = ⚠️ { $part } de los { $paid } que pagó { $user } volvieron sin pedirlo desde aquí. He quitado { $amount } de su saldo; { $lost } ya estaban gastados y son pérdida nuestra. Recibo: `{ $charge }`
admin-card-refund-unknown = ❓ Pedí la devolución de { $paid } a { $user }, no tuve respuesta y desde entonces no la encuentro. No la pediré otra vez. Mira en el panel: ¿se devolvió? Recibo: `{ $charge }`
