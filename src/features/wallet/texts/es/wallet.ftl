balance = 💰 *Tu saldo: { $available }*
held = Reservado para pedidos en curso: { $held }
earned = Ganado con tu enlace: { $available }
reply-credits = Para respuestas del asistente: { $available }
movements = *Últimos movimientos*
no-movements = Todavía no hay movimientos.
movement = { $date }  { $amount }  { $what }
movement-grant = regalo: { $note }
movement-correction = corrección: { $note }
movement-hold = reservado: { $note }
movement-charge = pagado: { $note }
movement-release = devuelto: { $note }
movement-topup = recarga: { $note }
movement-refund = Stars devueltas: { $note }
movement-tip = propina: { $note }
movement-own = entre tus saldos
movement-reward = referido: { $note }
movement-payout = retirado: { $note }
welcome-note = bienvenida
button-newer = ◀️ Más recientes
button-older = Anteriores ▶️
button-topup = ⭐ Recargar
button-menu = 🛍 Todos los servicios
button-home = 🏠 Inicio
received = 🎁 Has recibido *{ $amount }*: { $reason }. Tu saldo: { $balance }.

grant-usage = Uso: `/grant @user 5.00 motivo`. Puedes indicar al usuario por su @nombre o su id; un importe negativo se descuenta.
grant-unknown-user = No conozco a { $user }. Primero tiene que escribir al bot.
grant-bad-amount = { $amount } no es un importe que pueda abonar.
grant-no-reason = Indica un motivo, por favor.
grant-too-much = Solo tiene { $available }; no puedo descontar más.
grant-done = ✅ { $amount } para { $user } ({ $id }): { $reason }. Saldo: { $balance }.
user-usage = Uso: `/user @user` o `/user 123456`.
user-page = 👤 *{ $name }* { $username } (`{ $id }`)
    Desde { $since }, última visita { $seen }
    Idioma: { $language }
    Saldo: { $available }, reservado: { $held }
money-off = ⚠️ Todo lo relativo al saldo no funciona en este momento. No se ha perdido nada; lo gratuito funciona.
