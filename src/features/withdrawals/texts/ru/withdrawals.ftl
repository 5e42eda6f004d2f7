# Markup: *bold*, _italic_, `code`. Variables are always literal.
choose-method = 💸 *Вывод средств*
    Можно вывести до { $available }. Как вам заплатить?
method = • { $title }: от { $min } до { $max }, комиссия: { $fee }
ask-field = 💸 { $method }
    ✍️ *{ $title }:*
ask-amount = 💸 *Сколько?*
    Доступно: { $available }. От { $min } до { $max }, комиссия: { $fee }.
summary = 💸 *Проверьте, пожалуйста*
    { $amount }, способ: { $method }
    Комиссия: { $fee }
    Вы получите: *{ $net }*
summary-confirmed = ✅ Вывод { $amount } ({ $method }) подтверждён.
detail = { $title } — `{ $value }`
discarded = Ничего не выведено.
value-no-fee = нет
value-fee = { $fee } и ещё { $percent }%
button-back = ⬅️ Назад
button-cancel = ✖️ Отмена
button-home = 🏠 Главная
button-most = Всё: { $price }
button-confirm = ✅ Вывести { $price }
button-take-back = ✖️ Отозвать заявку
old-button = Эта кнопка устарела.

refused-off = Сейчас вывод средств не предлагается.
refused-many = { $n ->
    [one] У вас { $n } незавершённая заявка на вывод. Дождитесь её завершения или отзовите её.
    [few] У вас { $n } незавершённые заявки на вывод. Дождитесь завершения одной из них или отзовите её.
   *[other] У вас { $n } незавершённых заявок на вывод. Дождитесь завершения одной из них или отзовите её.
    }
refused-fast = { $n ->
    [one] Вы подали много заявок на вывод. Подождите, пожалуйста, { $n } минуту.
    [few] Вы подали много заявок на вывод. Подождите, пожалуйста, { $n } минуты.
   *[other] Вы подали много заявок на вывод. Подождите, пожалуйста, { $n } минут.
    }
refused-nothing = У вас { $available }; вывести можно не меньше { $least }.
refused-nothing-earned = Вывести можно заработанное по вашей ссылке: пока { $available }. Наименьшая сумма: { $least }. Подробнее: /referrals.
refused-no-text = Отправьте это, пожалуйста, текстом.
refused-no-amount = Это не сумма. Отправьте, например, 12.50.
refused-too-little = Этим способом — не меньше { $limit }.
refused-too-much = Этим способом — не больше { $limit }.
refused-short = У вас доступно только { $limit }.
refused-day = Сегодня можно вывести ещё { $limit }.
refused-words = Отправьте, пожалуйста, текст длиной от 1 до { $n } знаков.
refused-no-approved = Ничего не ждёт оплаты.
wrong-text = { $title }: отправьте одну строку длиной от { $min } до { $max } знаков.
wrong-digits = { $title }: отправьте от { $min } до { $max } цифр.
wrong-checked = { $title }: похоже на ошибку. Проверьте каждый знак и отправьте ещё раз.
wrong-case = { $title }: заглавные и строчные буквы этого адреса не сходятся, значит, хотя бы один символ неверен. Скопируйте его ещё раз оттуда, где он показан.
admins-only = Это только для администраторов.

status = 💸 *Вывод { $id }*
    { $amount }, способ: { $method } ({ $payee })
    Вы получите { $net } (комиссия: { $fee })
status-requested = ⏳ Сумма отложена; заявку смотрит администратор.
status-approved = 👍 Одобрено; скоро будет выплачено.
status-paid = ✅ Выплачено. Номер платежа: `{ $reference }`
status-rejected = ❌ Не выплачено; деньги вернулись на баланс. Причина: { $reason }
status-cancelled = ✖️ Заявка отозвана; деньги вернулись на баланс.
told-approved = 💸 Ваш вывод { $id } на { $amount }, способ: { $method } (вам { $net }):
told-paid = 💸 Ваш вывод { $id } на { $amount }, способ: { $method } (вам { $net }):
told-rejected = 💸 Ваш вывод { $id } на { $amount }, способ: { $method } (вам { $net }):
notice-cancelled = Заявка отозвана: деньги снова на балансе.
notice-approved-already = Заявка уже одобрена и вот-вот будет выплачена: отозвать её нельзя.
notice-ended-already = Этот вывод уже завершён.

list = 💸 *Заявки на вывод*
list-empty = 💸 Заявок на вывод нет.
line-requested = ⏳ { $id } · { $amount }, { $user }, { $method } ({ $payee })
line-approved = 👍 { $id } · { $amount }, { $user }, { $method } ({ $payee })
card = 💸 *{ $amount }*, способ: { $method } ({ $payee })
    К выплате: *{ $net }* (комиссия: { $fee })
    { $user } ({ $uid }), { $at } UTC, `{ $id }`
card-requested = ⏳ Ждёт решения.
card-approved = 👍 Одобрено: { $by }, { $at }; к выплате.
card-paid = ✅ Выплачено: { $by }, { $at }: { $reference }
card-rejected = ❌ Отклонено: { $by }, { $at }: { $reason }
card-cancelled = ✖️ Отозвано: { $by }, { $at }.
details-forgotten = Данные получателя уже удалены.
button-open = { $id } – { $price }
button-older = ◀️ Раньше
button-newer = Позже ▶️
button-export = 📄 Выгрузить к выплате
button-details = 👁 Кому платить
button-hide = 🙈 Скрыть
button-approve = 👍 Одобрить
button-reject = ❌ Отклонить
button-paid = ✅ Выплачено
button-all-paid = ✅ Все эти выплачены
ask-reason = Почему отклоняется { $id } ({ $net }, { $user })? Следующее сообщение увидит пользователь; любая команда выводит из этого режима.
ask-reference = Под каким номером выплачено { $net }, { $user } ({ $id })? Пришлите его так, как его называет банк или блокчейн; любая команда выводит из этого режима.
ask-batch-reference = Под каким номером выплачены все заявки ({ $n }) из { $batch }, всего { $total }? Любая команда выводит из этого режима.
notice-own = Это ваш собственный вывод: одобрить его должен другой администратор.
notice-faster = Кто-то успел раньше: вот как обстоит дело.
notice-batch-done = В этой выгрузке больше нечего выплачивать.
exported = 📄 Выгрузка { $batch }: к выплате { $n }, всего { $total }. Когда все будут выплачены, скажите об этом здесь; одобренное позже сюда не входит.
batch-paid = ✅ Отмечено выплаченными: { $n }, всего { $total }. Без изменений: { $left }.
