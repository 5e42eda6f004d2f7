balance = 💰 *Ваш баланс: { $available }*
held = Отложено на заказы в работе: { $held }
earned = Заработано по вашей ссылке: { $available }
reply-credits = На ответы ассистента: { $available }
movements = *Последние операции*
no-movements = Операций пока не было.
movement = { $date }  { $amount }  { $what }
movement-grant = подарок: { $note }
movement-correction = исправление: { $note }
movement-hold = отложено: { $note }
movement-charge = оплачено: { $note }
movement-release = возвращено: { $note }
movement-topup = пополнение: { $note }
movement-refund = звёзды возвращены: { $note }
movement-tip = чаевые: { $note }
movement-own = между вашими счетами
movement-reward = приглашение: { $note }
movement-payout = выплачено: { $note }
welcome-note = для знакомства
button-newer = ◀️ Новее
button-older = Раньше ▶️
button-topup = ⭐ Пополнить
button-menu = 🛍 Все услуги
button-home = 🏠 Главная
received = 🎁 Вам начислено *{ $amount }*: { $reason }. Ваш баланс: { $balance }.

grant-usage = Как пользоваться: `/grant @user 5.00 причина`. Пользователя можно указать по @имени или id; отрицательная сумма списывает.
grant-unknown-user = Пользователь { $user } мне незнаком. Сначала нужно написать боту.
grant-bad-amount = { $amount } — не сумма, которую можно начислить.
grant-no-reason = Пожалуйста, укажите причину.
grant-too-much = На балансе только { $available }; больше списать нельзя.
grant-done = ✅ { $amount } для { $user } ({ $id }): { $reason }. Баланс: { $balance }.
user-usage = Как пользоваться: `/user @user` или `/user 123456`.
user-page = 👤 *{ $name }* { $username } (`{ $id }`)
    С нами с { $since }, последний визит { $seen }
    Язык: { $language }
    Баланс: { $available }, отложено: { $held }
money-off = ⚠️ Всё, что связано с балансом, сейчас не работает. Ничего не пропало; бесплатное работает.
