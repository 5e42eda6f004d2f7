# Markup: *bold*, _italic_, `code`. Variables are always literal.
choose-method = 💸 *Retirar*
    Puedes retirar hasta { $available }. ¿Cómo te pagamos?
method = • { $title }: de { $min } a { $max }, comisión: { $fee }
ask-field = 💸 { $method }
    ✍️ *{ $title }:*
ask-amount = 💸 *¿Cuánto?*
    Disponible: { $available }. De { $min } a { $max }, comisión: { $fee }.
summary = 💸 *Compruébalo, por favor*
    { $amount } por { $method }
    Comisión: { $fee }
    Recibirás: *{ $net }*
summary-confirmed = ✅ Has confirmado una retirada de { $amount } por { $method }.
detail = { $title } — `{ $value }`
discarded = No se ha retirado nada.
value-no-fee = ninguna
value-fee = { $fee } más { $percent }%
button-back = ⬅️ Atrás
button-cancel = ✖️ Cancelar
button-home = 🏠 Inicio
button-most = Todo: { $price }
button-confirm = ✅ Retirar { $price }
button-take-back = ✖️ Anular el retiro
old-button = Este botón ya no sirve.

refused-off = Ahora mismo no se ofrecen retiros.
refused-many = { $n ->
    [one] Tienes { $n } retiro en curso. Espera a que termine o anúlalo.
   *[other] Tienes { $n } retiros en curso. Espera a que termine alguno o anula uno.
    }
refused-fast = { $n ->
    [one] Has pedido muchos retiros. Espera { $n } minuto, por favor.
   *[other] Has pedido muchos retiros. Espera { $n } minutos, por favor.
    }
refused-nothing = Tienes { $available }; lo mínimo que se puede retirar es { $least }.
refused-nothing-earned = Se puede retirar lo que gana tu enlace: { $available } por ahora. El mínimo es { $least }. Consulta /referrals.
refused-no-text = Envíalo como texto, por favor.
refused-no-amount = Eso no es un importe. Envía uno como 12.50.
refused-too-little = Lo mínimo de esta forma es { $limit }.
refused-too-much = Lo máximo de esta forma es { $limit }.
refused-short = Solo tienes { $limit } disponibles.
refused-day = Hoy todavía puedes retirar { $limit }.
refused-words = Envía un texto de 1 a { $n } caracteres, por favor.
refused-no-approved = No hay nada pendiente de pago.
wrong-text = { $title }: envía una línea de { $min } a { $max } caracteres.
wrong-digits = { $title }: envía de { $min } a { $max } cifras.
wrong-checked = { $title }: no parece correcto. Revisa cada carácter y envíalo otra vez.
wrong-case = { $title }: las mayúsculas y minúsculas de esta dirección no concuerdan, así que al menos un carácter está mal. Cópiala otra vez de donde se te muestra.
admins-only = Esto es solo para administradores.

status = 💸 *Retiro { $id }*
    { $amount } por { $method } ({ $payee })
    Recibirás { $net } (comisión: { $fee })
status-requested = ⏳ Reservado; un administrador lo está revisando.
status-approved = 👍 Aprobado; se pagará pronto.
status-paid = ✅ Pagado. Referencia: `{ $reference }`
status-rejected = ❌ No se pagó; el dinero ha vuelto a tu saldo. Motivo: { $reason }
status-cancelled = ✖️ Anulado; el dinero ha vuelto a tu saldo.
told-approved = 💸 Tu retiro { $id } de { $amount } por { $method } ({ $net } para ti):
told-paid = 💸 Tu retiro { $id } de { $amount } por { $method } ({ $net } para ti):
told-rejected = 💸 Tu retiro { $id } de { $amount } por { $method } ({ $net } para ti):
notice-cancelled = Anulado: el dinero vuelve a estar en tu saldo.
notice-approved-already = Ya está aprobado y a punto de pagarse: no se puede anular.
notice-ended-already = Este retiro ya ha terminado.

list = 💸 *Retiros pendientes*
list-empty = 💸 No hay ningún retiro pendiente.
line-requested = ⏳ { $id } · { $amount }, { $user }, { $method } ({ $payee })
line-approved = 👍 { $id } · { $amount }, { $user }, { $method } ({ $payee })
card = 💸 *{ $amount }* por { $method } ({ $payee })
    A pagar: *{ $net }* (comisión: { $fee })
    { $user } ({ $uid }), { $at } UTC, `{ $id }`
card-requested = ⏳ Pendiente de una decisión.
card-approved = 👍 Aprobado por { $by }, { $at }: por pagar.
card-paid = ✅ Pagado por { $by }, { $at }: { $reference }
card-rejected = ❌ Rechazado por { $by }, { $at }: { $reason }
card-cancelled = ✖️ Anulado por { $by }, { $at }.
details-forgotten = Los datos del beneficiario ya se han borrado.
button-open = { $id } – { $price }
button-older = ◀️ Anteriores
button-newer = Siguientes ▶️
button-export = 📄 Exportar lo pendiente
button-details = 👁 A quién pagar
button-hide = 🙈 Ocultar
button-approve = 👍 Aprobar
button-reject = ❌ Rechazar
button-paid = ✅ Ya se pagó
button-all-paid = ✅ Todos estos se pagaron
ask-reason = ¿Por qué se rechaza { $id } ({ $net } para { $user })? El próximo mensaje llega al usuario; cualquier comando te saca de aquí.
ask-reference = ¿Con qué referencia se pagaron { $net } a { $user } ({ $id })? Envíala tal como la nombra el banco o la cadena; cualquier comando te saca de aquí.
ask-batch-reference = ¿Con qué referencia se pagaron los { $n } de { $batch }, { $total } en total? Cualquier comando te saca de aquí.
notice-own = Este retiro es tuyo: tiene que aprobarlo otro administrador.
notice-faster = Alguien se adelantó: así está ahora.
notice-batch-done = De esta exportación no queda nada por pagar.
exported = 📄 Exportación { $batch }: { $n } por pagar, { $total } en total. Cuando se hayan pagado todos, dilo aquí; lo que se apruebe después no está incluido.
batch-paid = ✅ { $n } marcados como pagados, { $total } en total. Sin cambios: { $left }.
