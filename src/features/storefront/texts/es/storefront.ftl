# Markup: *bold*, _italic_, `code`. Variables are always literal, and so is everything inside { $n -> ... }.
# Buttons, commands, values and short notices are shown without formatting: no markup in them.

welcome = 👋 ¡Hola, { $name }!

    Hago imágenes, vídeos y voz para ti. Elige un servicio, dime qué necesitas, mira el precio y confirma: te entrego el resultado aquí mismo. *Solo pagas por lo que recibes.*
welcome-free = 🎁 Empieza con uno gratis: *{ $service }*.
welcome-balance = Tu saldo: *{ $balance }*.
button-try-free = 🎁 { $service } (gratis)
button-all-services = 🛍 Todos los servicios
button-wallet = 💰 Saldo
button-language = 🌐 Idioma
button-help = ❓ Ayuda
button-home = 🏠 Inicio
button-back = ⬅️ Atrás
button-cancel = ✖️ Cancelar
button-skip = ⏭ Omitir
button-confirm = ✅ Confirmar { $price }
button-confirm-free = ✅ Confirmar (gratis)
button-change = ✏️ Cambiar
button-again = 🔁 Otra vez
button-retry = 🔁 Reintentar
button-refill = 🔄 Reponer
button-topup = ➕ Recargar
button-check-again = 🔄 Comprobar de nuevo
button-to-summary = ⬅️ Al resumen
button-cancel-order = ✖️ Cancelar el pedido

help = *Cómo funciona*
    1. /menu: elige un servicio.
    2. Envía lo que te pida: un texto, una foto, un vídeo o un mensaje de voz.
    3. Revisa el resumen y el precio, y confirma.
    4. Espera un momento: el resultado llega en un mensaje.

    El importe se reserva cuando confirmas. Si algo sale mal, lo recuperas enseguida.
help-commands = *Comandos*
help-admins = *Para administradores*
help-command = /{ $name }: { $about }

categories = 🛍 *¿Qué te gustaría hacer?*
category = *{ $title }*
    Elige un servicio:
category-empty = Aquí no hay nada por el momento.
service-line-free = { $title } · gratis
service-line = { $title } · { $price }
service-line-by-thousand = { $title } · { $price } / 1000

price-free = gratis
price-by-thousand = { $price } por cada 1000
card = *{ $title }*
    { $description }

    💵 { $price }   ⏱ { $time }
card-instant = *{ $title }*
    { $description }

    💵 { $price }   ⚡ al momento
question-step = _Paso { $step } de { $steps }_
question = ✍️ *{ $title }*
expect-text = Envía un texto de { $min } a { $max ->
        [one] { $max } carácter
       *[other] { $max } caracteres
    }.
expect-image = Envía una foto o una imagen como archivo (hasta { $mb } MB).
expect-video = Envía un vídeo (hasta { $mb } MB y { $seconds } s). Una videonota también sirve.
expect-audio = Envía un mensaje de voz o un archivo de audio (hasta { $mb } MB y { $seconds } s).
expect-choice = Elige una opción abajo.
expect-number = Envía un número de { $min } a { $max }.
expect-link = Envía un enlace a { $hosts }.
expect-lines = Envía un texto de { $min } a { $max } líneas: cada línea cuenta como una.
expect-optional = Puedes omitirlo.

wrong-not-text = Aquí necesito un texto.
wrong-text-short = Es demasiado corto: al menos { $min ->
        [one] { $min } carácter
       *[other] { $min } caracteres
    }, por favor. Has enviado { $n }.
wrong-text-long = Es demasiado largo: como máximo { $max ->
        [one] { $max } carácter
       *[other] { $max } caracteres
    }, por favor. Has enviado { $n }.
wrong-not-image = Aquí necesito una foto o una imagen enviada como archivo.
wrong-not-video = Aquí necesito un vídeo.
wrong-not-audio = Aquí necesito un mensaje de voz o un archivo de audio.
wrong-too-large = Este archivo es demasiado grande: { $mb } MB como máximo, por favor.
wrong-too-long-media = Dura demasiado: { $seconds } s como máximo, por favor.
wrong-not-choice = Pulsa uno de los botones, por favor.
wrong-not-number = Eso no es un número que pueda usar.
wrong-number-range = Envía un número de { $min } a { $max }, en pasos de { $step }, por favor.
wrong-number-whole = Envía un número entero de { $min } a { $max }, por favor.
wrong-not-link = Aquí necesito un enlace a { $hosts }, como el que se copia con «Compartir».
wrong-lines = Envía de { $min } a { $max } líneas, por favor. Has enviado { $n }.

summary = 🧾 *{ $title }*
summary-line = • { $title }: { $value }
summary-price = 💵 Precio: *{ $price }*
summary-balance = 💰 Saldo: { $balance }
summary-time = ⏱ Suele tardar { $time }
summary-question = ¿Empiezo?
summary-confirmed = ✅ Has confirmado este pedido.
summary-missing = ⚠️ Te faltan *{ $missing }* para este pedido. Lo que has introducido queda guardado; consulta /balance.
summary-changes = ✏️ *¿Qué quieres cambiar?*
value-skipped = —
value-image = 🖼 imagen
value-video = 🎬 vídeo
value-audio = 🔊 audio
value-document = 📄 archivo

order-accepted = ⏳ *{ $title }*: he recibido tu pedido.
order-line = Tu pedido es el { $place } de la cola.
order-line-wait = Tu pedido es el { $place } de la cola, { $time }.
order-estimate = Suele tardar { $time }.
order-held = Importe reservado: { $price }.
order-working = ⚙️ *{ $title }*
    { $bar } { $percent } %
order-remaining = Tiempo restante: { $time }.
order-longer = Tarda un poco más de lo habitual. Sigo en ello.
order-counted = Hecho: { $done } de { $units }.
order-start-count = Se cuenta desde { $start }.
order-unsure = 🔎 *{ $title }*
    Estoy comprobando si tu pedido ha llegado. Espera un poco: solo pagas por lo que recibes.
order-undecided = 🔎 *{ $title }*
    No he podido averiguar si tu pedido llegó, así que el equipo lo está mirando. Tu dinero solo está reservado: recibirás lo que pediste o te lo devolveremos todo.
order-found = 👍 *{ $title }*: tu pedido sí llegó y sigue su curso. Solo pagas por lo que recibes.
order-stuck = 🛠 *{ $title }*
    Algo falla por mi parte. Ya he avisado al equipo: recibirás el resultado o tu dinero.
order-done = ✅ *{ $title }*: listo.
order-charged = Cobrado: { $price }. Saldo: { $balance }.
order-free = Ha sido gratis.
result-caption = { $title }
result-undelivered = 😔 Está hecho, pero no he podido enviarte el resultado. He avisado al equipo: lo recibirás, o te devolverán el dinero.
order-failed = ❌ *{ $title }*: no ha salido bien.
    { $reason }
order-refunded = Devuelto a tu saldo: { $price }. Ahora tienes { $balance }.
order-nothing-charged = No se te ha cobrado nada.
order-partial = ✅ *{ $title }*: hecho en parte, { $done } de { $units }. El servicio no puede entregar el resto.
order-partial-money = Cobrado: { $price }. Han vuelto { $back } a tu saldo: { $balance }.
order-cancelled = ✖️ *{ $title }*: cancelado.

failed-content-refused = Lo que has enviado va contra las normas del servicio. Cámbialo e inténtalo de nuevo, por favor.
failed-bad-input = El servicio no puede trabajar con estos datos. Cámbialos y vuelve a intentarlo.
failed-input-unreachable = No se ha podido leer tu archivo. Envíalo otra vez, por favor.
failed-provider-failed = El servicio no ha podido terminarlo. A menudo basta con reintentarlo.
failed-provider-unavailable = El servicio no está disponible en este momento. Inténtalo más tarde, por favor.
failed-timed-out = Ha tardado demasiado. Inténtalo un poco más tarde, por favor.
failed-result-too-large = El resultado es más grande de lo que Telegram me deja enviar.
failed-result-lost = No se ha podido obtener el resultado. Inténtalo otra vez, por favor.
failed-unknown = El servicio no ha confirmado tu pedido. Inténtalo un poco más tarde, por favor.
failed-cancelled = El servicio lo ha cancelado.
failed-target-busy = Otro pedido para este enlace sigue en curso. Espera a que termine, por favor.
failed-not-received = Tu pedido no llegó al servicio, así que no se hizo nada. Si quieres, inténtalo otra vez.

about-seconds-between = unos { $from }–{ $to } s
about-minutes-between = unos { $from }–{ $to } min
about-seconds = unos { $n } s
about-minutes = { $n ->
        [one] cerca de { $n } min
       *[other] unos { $n } min
    }
about-hours = unas { $n } h
about-days = unos { $n } d

refused-unavailable = Este servicio no está disponible en este momento. No se te ha cobrado nada; inténtalo un poco más tarde, por favor.
refused-money-off = Los servicios de pago y todo lo relativo a tu saldo no funcionan en este momento. No se cobró nada. Lo gratuito funciona.
money-off = ⚠️ Ahora no se puede mostrar tu saldo. No se ha perdido nada; lo gratuito funciona.
reduced-mode = ⚙️ _Modo reducido: me están reparando y solo respondo lo que es gratis al momento. Todo lo demás que escribas se guarda y se responde en cuanto vuelva._
reduced-usage = Envíalo en un solo mensaje: { $command } y tu texto.
reduced-used-up = Ya lo has usado tanto como se puede durante la reparación. Vuelve un poco más tarde.
refused-gone = Este servicio ya no se ofrece. Echa un vistazo a los demás.
refused-quantity = Ahora mismo aquí puedo aceptar un pedido de { $min } a { $max }. Cambia la cantidad, por favor; no se ha cobrado nada.
refused-too-many-orders = Tienes { $n ->
        [one] { $n } pedido
       *[other] { $n } pedidos
    } en curso. Espera a que termine uno, por favor.
refused-too-fast = Son muchos pedidos a la vez. Espera { $time } y confirma de nuevo.
refused-free-used-up = Por hoy has agotado los usos de este servicio gratuito. Mañana (UTC) podrás usarlo de nuevo.
refused-insufficient = Te faltan *{ $missing }* para este pedido. Consulta /balance.
old-button = Este botón ya no vale. Usa el mensaje más reciente o /menu.
already-ordered = Este pedido ya está hecho.
order-cancel-requested = Pararé tu pedido si aún no ha empezado: así no pagas nada. Si ya ha empezado, se termina, se cobra y lo recibes aquí.
order-cancel-asked = He pedido al servicio que pare. Solo pagas lo entregado hasta entonces.
order-not-stoppable = Ya no se puede parar el pedido: el servicio está trabajando en él. Solo pagas si sale bien, y el resultado llega aquí.
order-not-cancellable = Ya no se puede parar el pedido: ha terminado.
order-not-found = Ya no encuentro ese pedido.
refill-asked = He pedido la reposición. Te escribo cuando haya novedades.
refill-asked-before = La reposición de este pedido ya está en curso.
refill-not-offered = Este pedido no tiene reposición.
refill-begun = 🔄 *{ $title }*: la reposición está en camino.
refill-done = ✅ *{ $title }*: la reposición está hecha.
refill-refused = ℹ️ *{ $title }*: ahora el servicio no ve nada que reponer. Puedes pedirlo más tarde.
refill-late = ⏳ *{ $title }*: la reposición tarda mucho. Puedes pedirla otra vez.
inputs-forgotten = Lo que introduces se borra al cabo de una semana. Introdúcelo otra vez, por favor.
nothing-to-cancel = No hay nada que cancelar.
cancelled = ✖️ Cancelado.
not-understood = No sé qué hacer con eso. Elige un servicio o consulta /help.
finish-first = Usa los botones para confirmar, cambiar o cancelar tu pedido, por favor.
unknown-command = No conozco ese comando. Los que conozco están en /help.
private-only = Trabajo en un chat privado. ¡Escríbeme allí!
button-private = 💬 Escribirme
welcome-gift = 🎁 Para empezar, tienes { $amount } en tu saldo.
unavailable-sorry = Lo siento, algo ha fallado por mi parte. Ya he avisado al equipo. Inténtalo otra vez o pulsa /start.

command-start = Página de inicio
command-menu = Todos los servicios
command-balance = Saldo y movimientos
command-history = Historial, también en archivo
command-topup = Recargar tu saldo
command-withdraw = Retirar dinero
command-referrals = Invitar a amigos y ganar
command-tip = Dar dinero a alguien
command-language = Idioma
command-cancel = Dejar lo que estás haciendo
command-help = Lo que sé hacer
about-admin-user = La página de un usuario: /user @nombre
about-admin-grant = Dar o quitar dinero: /grant @nombre 5.00 motivo
about-admin-refund = Devolver un pago: /refund recibo
about-admin-withdrawals = Retiradas pendientes
about-admin-verify = Quién está verificado para propinas: /verify @nombre, /unverify @nombre
about-admin-providers = Proveedores: cómo están y quién recibe los pedidos nuevos
about-admin-broadcast = Escribir a todos

admin-foreign-service = ⚠️ El catálogo asocia el servicio `{ $service }` con `{ $id }` en { $provider }, que no tiene tal servicio. Sus pedidos se rechazan. `bulwark services check` enumera todos estos errores.
admin-unknown-job = ⚠️ Tarea `{ $job }` ({ $service }): el proveedor no la confirmó nunca. El usuario ha recuperado su dinero. Comprueba con el proveedor si se hizo y si se cobró; `bulwark jobs show { $job }` dice qué se sabe de ello.
admin-stuck-job = ⚠️ El trabajo `{ $job }` ({ $service }) está parado: nuestro propio código falla con él una y otra vez. `bulwark jobs show { $job }` dice por qué; `bulwark jobs retry { $job }` lo reanuda tras el arreglo.
admin-funds-low = ⚠️ Queda poco en nuestra cuenta de `{ $provider }`: { $balance }. Los pedidos nuevos se rechazan con amabilidad; los que están en curso siguen. Se reanudan solos cuando se recargue.
admin-funds-refused = ⚠️ `{ $provider }` rechazó un pedido: nuestra cuenta está vacía. Los pedidos nuevos se rechazan con amabilidad; los que están en curso siguen. Cada pocos minutos un pedido comprueba si se ha recargado.
admin-funds-back = ✅ Nuestra cuenta de `{ $provider }` vuelve a tener suficiente: { $balance }. Se aceptan pedidos.
slow-down = 🐢 Demasiado rápido. Espera { $n } s e inténtalo otra vez.
admin-set-aside = ⚠️ La actualización `{ $update }` del chat `{ $chat }` no se pudo procesar y se ha apartado. `bulwark inbox list` muestra por qué.
admin-dead-letters = ⚠️ { $count ->
    [one] No se ha podido entregar un mensaje
   *[other] No se han podido entregar { $count } mensajes
    }:
admin-dead-letter = • { $count } × { $kind }, p. ej. al chat `{ $chat }`: { $error }
