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
movement-refund = платёж возвращён: { $note }
movement-tip-sent = чаевые для { $note }
movement-tip-received = чаевые от { $note }
movement-own = между вашими счетами
movement-reward = вознаграждение за приглашение
movement-payout = выплачено: { $note }
welcome-note = для знакомства
button-newer = ◀️ Новее
button-older = Раньше ▶️
button-topup = ➕ Пополнить
button-history = 🧾 История
button-referrals = 👥 Пригласить друзей
button-menu = 🛍 Все услуги
button-home = 🏠 Главная
received = 🎁 Вам начислено *{ $amount }*: { $reason }. Ваш баланс: { $balance }.

grant-usage = Как пользоваться: `/grant @user 5.00 причина`. Пользователя можно указать по @имени или id; отрицательная сумма списывает.
grant-unknown-user = Пользователь { $user } мне незнаком. Сначала нужно написать боту.
grant-ambiguous = Имя { $user } носил не один человек. Укажите, пожалуйста, id.
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

movement-withdrawal = вывод { $id }
button-withdraw = 💸 Вывести
corrected = Ваш баланс исправлен на *{ $amount }*: { $reason }. Ваш баланс: { $balance }.
admins-only = Это только для администраторов.
grant-day-limit = За день можно начислить и списать всего { $limit }; сегодня уже { $given }.
grant-alone = Больше { $limit } — только со вторым администратором, а другого нет.
grant-not-known = Эта заявка мне незнакома.
grant-own = Решать должен другой администратор: это ваша заявка.
grant-of-another = Отозвать заявку может только тот, кто её подал.
grant-decided-before = Уже решено, или срок истёк.
approval = 🔏 *{ $amount }* для { $user } ({ $id }): { $reason }
    Просит { $admin }.
approval-waits = ⏳ Ждёт другого администратора до { $until } UTC.
approval-done = ✅ Одобрено: { $by }. Сделано.
approval-rejected = ❌ Отклонено: { $by }. Ничего не изменилось.
approval-cancelled = ✖️ Заявка отозвана. Ничего не изменилось.
approval-expired = ⌛ Никто не решил вовремя. Ничего не изменилось.
button-grant-approve = ✅ Одобрить
button-grant-reject = ❌ Отклонить
button-grant-cancel = ✖️ Отозвать
