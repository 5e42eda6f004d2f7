# Formato: *negrita*, _cursiva_, `código`. Las variables son siempre literales.
write-now = 📣 Envíame el mensaje para todos: un texto, o una foto o un vídeo con su texto. El formato se conserva. Nada sale antes de que lo veas y digas que sí. Cualquier comando te saca de aquí.
wrong-content = Eso no se puede enviar a todos: vale un texto, una foto o un vídeo. Envía uno de estos, por favor.
too-long = Es más largo de lo que admite Telegram: 4096 caracteres para un texto, 1024 bajo una foto o un vídeo. Envía uno más corto, por favor.
preview = 👆 Así se verá. { $count ->
    [0] No lo recibiría nadie.
    [one] Lo recibiría { $count } persona.
   *[other] Lo recibirían { $count } personas.
    }
    ¿A quién lo envío?
discarded = 🗑 El mensaje se ha descartado; nadie lo ha recibido.
confirmed = 📣 Confirmado: ya se está enviando.
not-waiting = Este mensaje ya no espera ser enviado. Escribe uno nuevo con /broadcast.
admins-only = Solo los administradores pueden hacer eso.
too-late = Eso ya no es posible.
heading-running = 📣 *Enviando a todos*
heading-paused = ⏸ *En pausa*
heading-done = ✅ *Todos servidos*
heading-cancelled = ⛔ *Detenido*
counts = Enviados: { $sent } de { $total }
    Han bloqueado el bot: { $blocked }
    Fallidos: { $failed }
    Quedan: { $remaining }
refused-everywhere = ⚠️ Se ha pausado por sí solo: Telegram rechaza este mensaje para todos. `bulwark outbox list` dice por qué.
pace = { $rate } por segundo, quedan unos { $left }
as-of = _a las { $time }_
value-seconds = { $n ->
    [one] { $n } segundo
   *[other] { $n } segundos
    }
value-minutes = { $n ->
    [one] { $n } minuto
   *[other] { $n } minutos
    }
value-hours = { $n ->
    [one] { $n } hora
   *[other] { $n } horas
    }
button-everybody = Todos
button-send = 📣 Enviar
button-discard = 🗑 Descartar
button-pause = ⏸ Pausa
button-resume = ▶️ Seguir
button-cancel = ⛔ Detener
