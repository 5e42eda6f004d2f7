# Páginas para administradores. Marcas: *negrita*, _cursiva_, `código`. Las variables son siempre literales.

admins-only = Esto es para administradores.
providers = 🔌 *Proveedores*
provider-line = • *{ $name }*: { $state }, { $n ->
        [one] { $n } servicio
       *[other] { $n } servicios
    }
overall-chosen = Los pedidos nuevos van a *{ $name }* siempre que tenga el servicio.
overall-catalog = Los pedidos nuevos van adonde dice el catálogo.
services-chosen = { $n ->
        [one] { $n } servicio tiene
       *[other] { $n } servicios tienen
    } una elección propia.
button-provider = 🔌 Proveedor { $name }
button-services = 🛍 Por servicio
button-catalog = 📖 Como dice el catálogo
button-back = ⬅️ Atrás
button-use-for-all = ✅ Usarlo para todo
button-use = ✅ Usar { $name }
button-yes = ✅ Sí, cambiar
button-no = ✖️ No cambiar

provider = 🔌 Proveedor *{ $name }*: { $state }
provider-service = • { $title } `{ $id }`: precio { $price }, coste { $cost }, margen { $margin }
provider-more = … y { $n } más.
provider-in-use = ✅ Los pedidos nuevos van aquí siempre que tenga el servicio.

services = 🛍 *Por servicio*
    Estos los pueden hacer varios proveedores:
services-none = Ningún servicio tiene aquí más de un proveedor.
service = 🛍 Servicio *{ $title }*, { $price }
failover-next = Mientras su proveedor falla, un pedido nuevo va al siguiente.
failover-wait = Mientras su proveedor falla, un pedido nuevo lo espera, media hora como mucho.
failover-refuse = Mientras su proveedor falla, los pedidos nuevos se rechazan.
service-route = • *{ $name }* `{ $id }`: { $state }
    coste { $cost }, margen { $margin }, cantidad { $limits }, peso { $weight }
service-chosen = ✅ Los pedidos nuevos van a *{ $name }*: elegido para este servicio.
service-overall = ✅ Los pedidos nuevos van a *{ $name }*: elegido para todo.
service-weights = Los pedidos nuevos se reparten por pesos.
service-catalog = Los pedidos nuevos van al primero de estos.
value-unknown = desconocido
value-any = cualquiera

ask-service = ¿Enviar los pedidos nuevos de *{ $title }* a *{ $name }*? Los pedidos en curso se quedan donde están.
ask-all = ¿Enviar todos los pedidos nuevos a *{ $name }*, siempre que tenga el servicio? Los pedidos en curso se quedan donde están, y lo elegido para un solo servicio sigue en vigor.
ask-service-catalog = ¿Enviar de nuevo los pedidos de *{ $title }* adonde dice el catálogo? Los pedidos en curso se quedan donde están.
ask-all-catalog = ¿Enviar de nuevo los pedidos adonde dice el catálogo? Los pedidos en curso se quedan donde están.
switched = Hecho: vale desde el próximo pedido.
changed-meanwhile = Alguien lo ha cambiado mientras tanto. Así está ahora.

state-well = listo
state-recovering = recuperándose, con llamadas de prueba
state-ill = enfermo, sin llamadas por un rato
state-isolated = retirado por un operador
state-no-funds = nuestra cuenta allí está vacía o casi
state-key-refused = rechaza nuestra clave
state-not-configured = no configurado
state-gone = ya no lo vende
state-foreign = no tiene tal servicio

left = 💰 quedan { $left }
left-low = ⚠️ solo quedan { $left }
left-old = ⚠️ { $left }, dato antiguo
balance = 💰 Nuestra cuenta allí: { $left }, consultada hace { $time }.
balance-old = ⚠️ Nuestra cuenta allí: { $left }, consultada hace { $time }. Desde entonces nadie pudo consultarla.
balance-low = ⚠️ Es demasiado poco, desde hace { $time }: los pedidos nuevos van a otro o se rechazan con amabilidad. Recárgala allí y los pedidos se reanudan solos.
isolated = ⛔️ Lo retiró { $who } hace { $time }: { $why }. No se le envía nada nuevo; lo que está en curso sigue.
tried-in = Se vuelve a probar en { $time }.
gateway-line = • *{ $name }* (pagos): { $state }
gateway = 💳 Pagos por *{ $name }*: { $state }
    Una forma de recargar.
button-gateway = 💳 Pagos: { $name }
settler-line = • *{ $name }* (propinas): { $state }
settler = 🎁 Propinas por *{ $name }*: { $state }
    Liquida las propinas.
button-settler = 🎁 Propinas: { $name }
button-isolate = ⛔️ Retirarlo
button-release = ▶️ Readmitirlo
button-yes-release = ▶️ Sí, readmitirlo
button-why-failing = ⛔️ Los pedidos fallan
button-why-wrong = ⛔️ Hace cosas que no debe
button-why-pause = ⛔️ Mantenimiento
value-why-failing = los pedidos fallan o se pierden allí
value-why-wrong = hace lo que no debe
value-why-pause = mantenimiento
ask-isolate = ¿No enviar nada más a *{ $name }*? Los pedidos nuevos van a otro proveedor que tenga el servicio, o se rechazan con amabilidad antes de cobrar nada. Los pedidos en curso siguen. Queda así, también tras reinicios, hasta que un administrador lo readmita.

    Si es así, ¿por qué? Los demás administradores ven el motivo.
ask-isolate-gateway = ¿No enviar a nadie más a *{ $name }*? A quien quiera recargar se le ofrecen las otras formas de pagar. Lo que ya empezó allí sigue: los pagos se consultan y se abonan, las devoluciones se hacen. Queda así, también tras reinicios, hasta que un administrador lo readmita.

    Si es así, ¿por qué? Los demás administradores ven el motivo.
ask-isolate-settler = ¿No enviar más propinas a *{ $name }*? Hasta que un administrador lo readmita, también tras reinicios, a quien dé una propina se le dice que están en pausa, antes de retener dinero. Las que están en curso siguen.

    Si es así, ¿por qué? Los demás administradores ven el motivo.
ask-release = ¿Readmitir a *{ $name }*? Primero se prueban unas pocas llamadas; si van bien, sigue todo.
is-isolated = Hecho: en segundos no se le envía nada más.
is-released = Hecho: primero se prueban unas pocas llamadas.
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
value-days = { $n ->
        [one] { $n } día
       *[other] { $n } días
    }
