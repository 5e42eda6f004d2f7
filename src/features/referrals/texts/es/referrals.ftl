referrals = 👥 *Invita a tus amigos*
    Tu enlace: `{ $link }`
terms-topup = Recibes { $share } de lo que recarguen quienes lleguen por él.
terms-topup-above = Y { $share } de lo que recarguen aquellos a quienes ellos inviten.
terms-order = Recibes { $share } de lo que pidan quienes lleguen por él.
terms-order-above = Y { $share } de lo que pidan aquellos a quienes ellos inviten.
invited = Llegaron por tu enlace: { $direct ->
        [one] { $direct } persona
       *[other] { $direct } personas
    }
invited-by-them = Invitados por ellos: { $indirect }
earned-in-all = Ganado en total: { $earned }
taken-in-all = Descontado por pagos devueltos: { $taken }
earnings-left = Disponible: *{ $available }*
last-earnings = *Últimas ganancias*
earning = { $date }  +{ $amount }  nivel { $level }
earning-reversed = { $date }  { $amount }  nivel { $level }, descontado
earning-reversed-in-part = { $date }  +{ $amount }  nivel { $level }, de ello { $back } descontado
earned = 🎉 Tu enlace te ha hecho ganar *{ $amount }*. Consulta /referrals.
taken-back = ↩️ Se devolvió un pago de alguien a quien invitaste, y con él los { $amount } que te hizo ganar.
taken-back-in-part = ↩️ Se devolvió un pago de alguien a quien invitaste, y con él los { $amount } que te hizo ganar. { $lost } ya no están: se descontarán de tus próximas ganancias.
moved = { $amount } pasaron a tu saldo.
move-not-allowed = Ahora mismo no se pueden mover las ganancias.
move-too-little = Tienes { $available } para mover; el mínimo es { $min }.
not-offered = Ahora mismo no se premia invitar a amigos.
button-share = 📤 Compartir el enlace
button-move = 💰 Pasar a mi saldo
button-newer = ◀️ Más recientes
button-older = Anteriores ▶️
button-home = 🏠 Inicio
button-withdraw = 💸 Retirar
