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
