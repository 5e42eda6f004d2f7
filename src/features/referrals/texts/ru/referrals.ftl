referrals = 👥 *Пригласите друзей*
    Ваша ссылка: `{ $link }`
terms-topup = Вы получаете { $share } от пополнений тех, кто пришёл по ней.
terms-topup-above = И { $share } от пополнений тех, кого пригласили они.
terms-order = Вы получаете { $share } от заказов тех, кто пришёл по ней.
terms-order-above = И { $share } от заказов тех, кого пригласили они.
invited = По вашей ссылке: { $direct ->
        [one] { $direct } человек
        [few] { $direct } человека
       *[many] { $direct } человек
    }
invited-by-them = Приглашены ими: { $indirect }
earned-in-all = Заработано всего: { $earned }
taken-in-all = Удержано из-за возврата платежей: { $taken }
earnings-left = Доступно: *{ $available }*
last-earnings = *Последние начисления*
earning = { $date }  +{ $amount }  уровень { $level }
earning-reversed = { $date }  { $amount }  уровень { $level }, удержано
earning-reversed-in-part = { $date }  +{ $amount }  уровень { $level }, из них удержано { $back }
earned = 🎉 Ваша ссылка принесла вам *{ $amount }*. Подробнее: /referrals.
taken-back = ↩️ Платёж приглашённого вами человека возвращён, а с ним и { $amount }, которые он вам принёс.
taken-back-in-part = ↩️ Платёж приглашённого вами человека возвращён, а с ним и { $amount }, которые он вам принёс. { $lost } из них уже потрачены: их покроют следующие начисления.
moved = { $amount } теперь на вашем балансе.
move-not-allowed = Сейчас заработанное нельзя перевести.
move-too-little = Для перевода есть { $available }; нужно не меньше { $min }.
not-offered = Сейчас за приглашения не начисляется вознаграждение.
button-share = 📤 Поделиться ссылкой
button-move = 💰 Перевести на баланс
button-newer = ◀️ Новее
button-older = Раньше ▶️
button-home = 🏠 Главная
button-withdraw = 💸 Вывести
