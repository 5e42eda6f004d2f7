history = 🧾 *Ваша история*: { $filter }
off = ⚠️ Всё, что связано с балансом, сейчас не работает. Ничего не пропало; бесплатное работает.
nothing = Здесь пока ничего нет.
line = { $date }  { $amount }  { $what }
was-topup = пополнение: { $note }
was-refund = возвращено вне бота: { $note }
was-held = отложено: { $note }
was-paid = оплачено: { $note }
was-released = освобождено: { $note }
was-repaid = возмещено: { $note }
was-gift = подарок: { $note }
was-correction = исправление: { $note }
was-reward = вознаграждение за приглашение
was-tip-sent = чаевые для { $name }
was-tip-received = чаевые от { $name }
was-own = между вашими кошельками
was-payout = выплачено: { $note }
wallet-main = основной
wallet-earnings = заработок
wallet-credits = кредиты на ответы
button-all = 🧾 Всё
button-topups = ⬇️ Пополнения
button-orders = 🛍 Заказы
button-back = ↩️ Возвраты
button-gifts = 🎁 Подарки, чаевые, бонусы
button-payouts = ⬆️ Выплаты
button-newer = ◀️ Новее
button-older = Раньше ▶️
button-file = 📄 Файлом (CSV)
button-balance = 💰 Баланс
button-home = 🏠 Главная
file-comes = Файл уже в пути.
file-too-often = Вы уже получили несколько таких файлов. Попробуйте ещё раз через несколько минут.
file-caption = { $filter }: { $rows ->
    [one] { $rows } строка
    [few] { $rows } строки
   *[many] { $rows } строк
}. Время — UTC.
file-caption-cut = { $filter }: самые новые строки, всего { $rows }. Время — UTC.
head-at = время (UTC)
head-what = операция
head-amount = сумма
head-currency = валюта
head-wallet = кошелёк
head-note = примечание
head-id = номер
admin-books = 🚨 *Книги не сходятся*: { $count ->
    [one] { $count } новая находка
    [few] { $count } новые находки
   *[many] { $count } новых находок
}.
admin-finding = — { $finding }
admin-books-advice = `bulwark reconcile` подскажет, что делать; с `--fix` исправит, что сможет.
