packages = ⭐ *Пополнение звёздами Telegram*
    На сколько пополнить баланс?
button-package = ⭐ { $stars } ➜ { $price }
button-to-order = ◀️ К моему заказу
button-menu = 🛍 Все услуги
button-home = 🏠 Главная
package-gone = Этот пакет больше не предлагается.
not-offered = Сейчас пополнить звёздами нельзя.
invoice-title = Пополнение на { $amount }
invoice-description = { $amount } на ваш баланс здесь, сразу.
receipt = ✅ *{ $amount }* за { $stars } ⭐. Ваш баланс: { $balance }.
    Чек: `{ $charge }`
receipt-late = ✅ *{ $amount }* за { $stars } ⭐, оплаченные раньше; извините за ожидание. Ваш баланс: { $balance }.
    Чек: `{ $charge }`
receipt-twice = Вы оплатили этот счёт дважды. Оба платежа на вашем балансе; если это ошибка, напишите нам и приложите чек.
refunded = ↩️ { $stars } ⭐ вернулись к вам, а деньги за них списаны с баланса. Ваш баланс: { $balance }.

checkout-off = Платежи здесь сейчас не принимаются.
checkout-unknown = Этот счёт неизвестен. Пожалуйста, выберите пакет ещё раз.
checkout-not-yours = Этот счёт выставлен другому человеку. Пожалуйста, выберите пакет в своём чате.
checkout-paid = Этот счёт уже оплачен. Чтобы пополнить ещё, выберите пакет снова.
checkout-expired = Этот счёт устарел. Пожалуйста, выберите пакет ещё раз.
checkout-later = Сейчас мы не можем принять платёж. Ничего не списано; попробуйте через минуту.

admins-only = Это только для администраторов.
refund-usage = Использование: `/refund чек`, с номером из чека пользователя.
refund-unknown = Платёж с таким номером мне неизвестен.
refund-under-way = Этот платёж уже возвращается.
refund-twice = Этот платёж уже возвращён.
refund-confirm = Вернуть { $stars } ⭐ ({ $amount }) пользователю { $name } (`{ $user }`)? На балансе { $balance }.
button-refund = ↩️ Вернуть
button-no-refund = ✖️ Отмена
refund-spent = Из { $amount } осталось только { $available }: деньги потрачены, возврата не будет.
refund-asked = ⏳ { $stars } ⭐ ({ $amount }) возвращаются пользователю `{ $user }`. Сообщу, когда Telegram это сделает.
refund-cancelled = Ничего не возвращено.

admin-unknown-payment = ⚠️ Пользователь { $user } заплатил { $stars } ⭐ не по нашему счёту. Зачислено { $amount }. Платёж: `{ $charge }`
admin-refund-done = ↩️ { $stars } ⭐ ({ $amount }) вернулись пользователю { $user }. Платёж: `{ $charge }`
admin-refund-refused = ❌ Telegram отказал в возврате { $stars } ⭐ пользователю { $user } ({ $error }). { $amount } снова на его балансе. Платёж: `{ $charge }`
admin-refunded-elsewhere = ⚠️ Telegram вернул { $stars } ⭐ пользователю { $user } без моей просьбы. С баланса снято { $amount }; { $lost } уже потрачены, это наш убыток. Платёж: `{ $charge }`
