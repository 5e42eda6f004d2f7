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
movement-refund = pago devuelto: { $note }
movement-tip-sent = propina para { $note }
movement-tip-received = propina de { $note }
movement-own = entre tus saldos
movement-reward = recompensa por referido
movement-payout = retirado: { $note }
welcome-note = bienvenida
button-newer = ◀️ Más recientes
button-older = Anteriores ▶️
button-topup = ➕ Recargar
button-history = 🧾 Historial
button-referrals = 👥 Invitar a amigos
button-menu = 🛍 Todos los servicios
button-home = 🏠 Inicio
received = 🎁 Has recibido *{ $amount }*: { $reason }. Tu saldo: { $balance }.

grant-usage = Uso: `/grant @user 5.00 motivo`. Puedes indicar al usuario por su @nombre o su id; un importe negativo se descuenta.
grant-unknown-user = No conozco a { $user }. Primero tiene que escribir al bot.
grant-ambiguous = Más de una persona ha usado el nombre { $user }. Indica su id, por favor.
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

movement-withdrawal = retiro { $id }
button-withdraw = 💸 Retirar
corrected = Se ha corregido tu saldo en *{ $amount }*: { $reason }. Tu saldo: { $balance }.
admins-only = Esto es solo para administradores.
grant-day-limit = Puedes abonar y descontar { $limit } al día en total; hoy van { $given }.
grant-alone = Para más de { $limit } hace falta un segundo administrador, y no hay otro.
grant-not-known = No conozco esta solicitud.
grant-own = Tiene que decidir otro administrador: la solicitud es tuya.
grant-of-another = Solo puede anularla quien la hizo.
grant-decided-before = Ya está decidida o ha pasado su plazo.
approval = 🔏 *{ $amount }* para { $user } ({ $id }): { $reason }
    Lo solicita { $admin }.
approval-waits = ⏳ Espera a otro administrador hasta { $until } UTC.
approval-done = ✅ Aprobado por { $by }: hecho.
approval-rejected = ❌ Rechazado por { $by }: no se ha movido nada.
approval-cancelled = ✖️ Anulado: no se ha movido nada.
approval-expired = ⌛ Nadie decidió a tiempo: no se ha movido nada.
button-grant-approve = ✅ Aprobar
button-grant-reject = ❌ Rechazar
button-grant-cancel = ✖️ Anular
