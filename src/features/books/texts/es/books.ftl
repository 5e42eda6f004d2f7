history = 🧾 *Tu historial*: { $filter }
off = ⚠️ Todo lo relativo al saldo no funciona en este momento. No se ha perdido nada; lo gratuito funciona.
nothing = Aquí todavía no hay nada.
line = { $date }  { $amount }  { $what }
was-topup = recarga: { $note }
was-refund = devuelto fuera del bot: { $note }
was-held = reservado: { $note }
was-paid = pagado: { $note }
was-released = liberado: { $note }
was-repaid = reembolsado: { $note }
was-gift = regalo: { $note }
was-correction = corrección: { $note }
was-reward = recompensa por referido
was-tip-sent = propina para { $name }
was-tip-received = propina de { $name }
was-own = entre tus monederos
was-payout = retirada pagada: { $note }
wallet-main = principal
wallet-earnings = ganancias
wallet-credits = créditos de respuesta
button-all = 🧾 Todo
button-topups = ⬇️ Recargas
button-orders = 🛍 Pedidos
button-back = ↩️ Devoluciones
button-gifts = 🎁 Regalos, propinas, premios
button-payouts = ⬆️ Retiradas
button-newer = ◀️ Más recientes
button-older = Anteriores ▶️
button-file = 📄 Como archivo (CSV)
button-balance = 💰 Saldo
button-home = 🏠 Inicio
file-comes = Tu archivo está en camino.
file-too-often = Ya has recibido varios de estos archivos. Inténtalo de nuevo en unos minutos.
file-caption = { $filter }: { $rows ->
    [one] { $rows } línea
   *[other] { $rows } líneas
}. Las horas son UTC.
file-caption-cut = { $filter }: las { $rows } líneas más recientes. Las horas son UTC.
head-at = hora (UTC)
head-what = concepto
head-amount = importe
head-currency = moneda
head-wallet = monedero
head-note = nota
head-id = identificador
admin-books = 🚨 *Los libros no cuadran*: { $count ->
    [one] { $count } hallazgo nuevo
   *[other] { $count } hallazgos nuevos
}.
admin-finding = · { $finding }
admin-books-advice = `bulwark reconcile` dice qué hacer; con `--fix` corrige lo que puede.
