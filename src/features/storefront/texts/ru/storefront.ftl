# Markup: *bold*, _italic_, `code`. Variables are always literal, and so is everything inside { $n -> ... }.
# Buttons, commands, values and short notices are shown without formatting: no markup in them.

welcome = 👋 Здравствуйте, { $name }!

    Я делаю для вас картинки, видео и озвучку. Выберите услугу, расскажите, что нужно, посмотрите цену и подтвердите — результат придёт прямо сюда. *Вы платите только за то, что получили.*
welcome-free = 🎁 Начните с бесплатной услуги: *{ $service }*.
welcome-balance = Ваш баланс: *{ $balance }*.
button-try-free = 🎁 { $service } (бесплатно)
button-all-services = 🛍 Все услуги
button-wallet = 💰 Баланс
button-language = 🌐 Язык
button-help = ❓ Помощь
button-home = 🏠 Главная
button-back = ⬅️ Назад
button-cancel = ✖️ Отмена
button-skip = ⏭ Пропустить
button-confirm = ✅ Подтвердить { $price }
button-confirm-free = ✅ Подтвердить (бесплатно)
button-change = ✏️ Изменить
button-again = 🔁 Ещё раз
button-retry = 🔁 Повторить
button-refill = 🔄 Восполнить
button-topup = ➕ Пополнить
button-check-again = 🔄 Проверить снова
button-to-summary = ⬅️ К заказу
button-cancel-order = ✖️ Отменить заказ

help = *Как это работает*
    1. /menu: выберите услугу.
    2. Пришлите то, что нужно: текст, фото, видео или голосовое сообщение.
    3. Проверьте заказ и цену и подтвердите.
    4. Немного подождите: результат придёт сообщением.

    Деньги откладываются, когда вы подтверждаете заказ. Если что-то пойдёт не так, они сразу вернутся.
help-commands = *Команды*
help-admins = *Для администраторов*
help-command = /{ $name }: { $about }

categories = 🛍 *Что вы хотите сделать?*
category = *{ $title }*
    Выберите услугу:
category-empty = Здесь пока ничего нет.
service-line-free = { $title } · бесплатно
service-line = { $title } · { $price }
service-line-by-thousand = { $title } · { $price } / 1000

price-free = бесплатно
price-by-thousand = { $price } за 1000
card = *{ $title }*
    { $description }

    💵 { $price }   ⏱ { $time }
card-instant = *{ $title }*
    { $description }

    💵 { $price }   ⚡ сразу
question-step = _Шаг { $step } из { $steps }_
question = ✍️ *{ $title }*
expect-text = Пришлите текст длиной от { $min } до { $max ->
        [one] { $max } символа
       *[other] { $max } символов
    }.
expect-image = Пришлите фото или изображение файлом (до { $mb } МБ).
expect-video = Пришлите видео (до { $mb } МБ и { $seconds } с). Видеосообщение тоже подойдёт.
expect-audio = Пришлите голосовое сообщение или аудиофайл (до { $mb } МБ и { $seconds } с).
expect-choice = Выберите вариант ниже.
expect-number = Пришлите число от { $min } до { $max }.
expect-link = Пришлите ссылку на { $hosts }.
expect-lines = Пришлите текст: от { $min } до { $max } строк, каждая строка считается за одну.
expect-optional = Это можно пропустить.

wrong-not-text = Здесь нужен текст.
wrong-text-short = Слишком коротко: нужно не меньше { $min ->
        [one] { $min } символа
       *[other] { $min } символов
    }. В вашем тексте { $n ->
        [one] { $n } символ
        [few] { $n } символа
       *[many] { $n } символов
    }.
wrong-text-long = Слишком длинно: нужно не больше { $max ->
        [one] { $max } символа
       *[other] { $max } символов
    }. В вашем тексте { $n ->
        [one] { $n } символ
        [few] { $n } символа
       *[many] { $n } символов
    }.
wrong-not-image = Здесь нужно фото или изображение файлом.
wrong-not-video = Здесь нужно видео.
wrong-not-audio = Здесь нужно голосовое сообщение или аудиофайл.
wrong-too-large = Файл слишком большой: можно не больше { $mb } МБ.
wrong-too-long-media = Слишком длинная запись: можно не больше { $seconds } с.
wrong-not-choice = Пожалуйста, нажмите одну из кнопок.
wrong-not-number = Это не похоже на число.
wrong-number-range = Пожалуйста, пришлите число от { $min } до { $max } с шагом { $step }.
wrong-number-whole = Пожалуйста, пришлите целое число от { $min } до { $max }.
wrong-not-link = Здесь нужна ссылка на { $hosts }, например скопированная через «Поделиться».
wrong-lines = Пожалуйста, пришлите от { $min } до { $max } строк. В вашем тексте: { $n }.

summary = 🧾 *{ $title }*
summary-line = • { $title }: { $value }
summary-price = 💵 Цена: *{ $price }*
summary-balance = 💰 Баланс: { $balance }
summary-time = ⏱ Обычно { $time }
summary-question = Начинаем?
summary-confirmed = ✅ Заказ подтверждён.
summary-missing = ⚠️ Для этого заказа не хватает *{ $missing }*. Всё, что вы ввели, сохранено; см. /balance.
summary-changes = ✏️ *Что вы хотите изменить?*
value-skipped = —
value-image = 🖼 изображение
value-video = 🎬 видео
value-audio = 🔊 аудио
value-document = 📄 файл

order-accepted = ⏳ *{ $title }*: заказ принят.
order-line = Ваш заказ { $place } в очереди.
order-line-wait = Ваш заказ { $place } в очереди, { $time }.
order-estimate = Обычно { $time }.
order-held = Отложено: { $price }.
order-working = ⚙️ *{ $title }*
    { $bar } { $percent } %
order-remaining = Осталось: { $time }.
order-longer = Это занимает немного больше времени, чем обычно. Работа идёт.
order-counted = Готово: { $done } из { $units }.
order-start-count = Начало отсчёта: { $start }.
order-unsure = 🔎 *{ $title }*
    Проверяю, дошёл ли ваш заказ. Подождите немного: вы платите только за то, что получили.
order-undecided = 🔎 *{ $title }*
    Узнать, дошёл ли ваш заказ, сразу не получилось: команда уже проверяет. Деньги только отложены: вы получите заказ или всю сумму обратно.
order-found = 👍 *{ $title }*: ваш заказ всё-таки дошёл и выполняется. Вы платите только за то, что получили.
order-stuck = 🛠 *{ $title }*
    На моей стороне ошибка. Команда уже знает: вы получите результат или деньги обратно.
order-done = ✅ *{ $title }*: готово.
order-charged = Списано: { $price }. Баланс: { $balance }.
order-free = Это было бесплатно.
result-caption = { $title }
result-undelivered = 😔 Всё готово, но отправить результат не получилось. Команда уже знает: вы получите его или свои деньги обратно.
order-failed = ❌ *{ $title }*: не получилось.
    { $reason }
order-refunded = Возвращено на баланс: { $price }. Теперь на балансе { $balance }.
order-nothing-charged = Деньги не списаны.
order-partial = ✅ *{ $title }*: выполнено частично, { $done } из { $units }. Остальное сервис выполнить не может.
order-partial-money = Списано: { $price }. На баланс возвращено { $back }: { $balance }.
order-cancelled = ✖️ *{ $title }*: заказ отменён.

failed-content-refused = То, что вы ввели, нарушает правила сервиса. Пожалуйста, измените это и попробуйте ещё раз.
failed-bad-input = Сервис не может работать с такими данными. Измените их и попробуйте снова.
failed-input-unreachable = Не удалось прочитать ваш файл. Пожалуйста, пришлите его ещё раз.
failed-provider-failed = Сервис не смог закончить работу. Часто помогает повторить.
failed-provider-unavailable = Сервис сейчас недоступен. Пожалуйста, попробуйте позже.
failed-timed-out = Это заняло слишком много времени. Пожалуйста, попробуйте чуть позже.
failed-result-too-large = Результат больше, чем Telegram позволяет отправить.
failed-result-lost = Не удалось получить результат. Пожалуйста, попробуйте ещё раз.
failed-unknown = Сервис не подтвердил ваш заказ. Пожалуйста, попробуйте чуть позже.
failed-cancelled = Сервис отменил заказ.
failed-target-busy = Другой заказ по этой ссылке ещё выполняется. Пожалуйста, дождитесь его завершения.
failed-not-received = Ваш заказ не дошёл до сервиса, ничего сделано не было. Если хотите, попробуйте ещё раз.

about-seconds-between = около { $from }–{ $to } с
about-minutes-between = около { $from }–{ $to } мин
about-seconds = около { $n } с
about-minutes = около { $n } мин
about-hours = около { $n } ч
about-days = около { $n } дн.

refused-unavailable = Эта услуга сейчас недоступна. Деньги не списаны; пожалуйста, попробуйте чуть позже.
refused-money-off = Платные услуги и всё, что связано с балансом, сейчас не работают. Ничего не списано. Бесплатное работает.
money-off = ⚠️ Баланс сейчас показать нельзя. Ничего не пропало; бесплатное работает.
reduced-mode = ⚙️ _Ограниченный режим: идёт ремонт, я отвечаю только на бесплатное. Всё остальное, что вы напишете, сохранится, и я отвечу, как только вернусь._
reduced-usage = Пришлите одним сообщением: { $command } и ваш текст.
reduced-used-up = Больше, пока идёт ремонт, нельзя. Загляните чуть позже.
refused-gone = Этой услуги больше нет. Посмотрите другие.
refused-quantity = Сейчас здесь можно заказать от { $min } до { $max }. Пожалуйста, измените количество; ничего не списано.
refused-too-many-orders = Сейчас у вас в работе { $n ->
        [one] { $n } заказ
        [few] { $n } заказа
       *[many] { $n } заказов
    }. Подождите, пожалуйста, пока закончится хотя бы один.
refused-too-fast = Слишком много заказов сразу. Подождите { $time } и подтвердите ещё раз.
refused-free-used-up = На сегодня бесплатные попытки закончились. Завтра (по UTC) услуга снова будет бесплатной.
refused-insufficient = Для этого заказа не хватает *{ $missing }*. См. /balance.
old-button = Эта кнопка устарела. Воспользуйтесь последним сообщением или командой /menu.
already-ordered = Этот заказ уже оформлен.
order-cancel-requested = Остановлю заказ, если он ещё не начат: тогда ничего не спишется. Если начат, он будет выполнен, оплачен и доставлен сюда.
order-cancel-asked = Сервису отправлена просьба остановиться. Вы платите только за то, что к этому времени выполнено.
order-not-stoppable = Остановить заказ уже нельзя: сервис над ним работает. Деньги спишутся только при успехе, результат придёт сюда.
order-not-cancellable = Остановить заказ уже нельзя: он завершён.
order-not-found = Не могу найти этот заказ.
refill-asked = Запрос на восполнение отправлен. Я напишу, когда будут новости.
refill-asked-before = Восполнение этого заказа уже идёт.
refill-not-offered = Для этого заказа восполнения нет.
refill-begun = 🔄 *{ $title }*: восполнение началось.
refill-done = ✅ *{ $title }*: восполнение завершено.
refill-refused = ℹ️ *{ $title }*: сейчас сервису нечего восполнять. Можно попросить позже ещё раз.
refill-late = ⏳ *{ $title }*: восполнение идёт очень долго. Можно попросить ещё раз.
inputs-forgotten = Введённые данные удаляются через неделю. Пожалуйста, введите их ещё раз.
nothing-to-cancel = Отменять нечего.
cancelled = ✖️ Отменено.
not-understood = Не знаю, что с этим делать. Выберите услугу или загляните в /help.
finish-first = Пожалуйста, подтвердите, измените или отмените заказ кнопками.
unknown-command = Такой команды нет. Все команды: /help.
private-only = Я работаю только в личном чате. Напишите мне туда!
button-private = 💬 Написать мне
welcome-gift = 🎁 Для начала на вашем балансе { $amount }.
unavailable-sorry = Простите, у меня что-то пошло не так. Команда уже знает. Попробуйте ещё раз или нажмите /start.

command-start = Главная страница
command-menu = Все услуги
command-balance = Баланс и операции
command-history = История операций, в том числе файлом
command-topup = Пополнить баланс
command-withdraw = Вывести деньги
command-referrals = Пригласить друзей и заработать
command-tip = Подарить деньги
command-language = Язык
command-cancel = Прервать текущее действие
command-help = Что я умею
about-admin-user = Страница пользователя: /user @имя
about-admin-grant = Начислить или списать: /grant @имя 5.00 причина
about-admin-refund = Вернуть платёж: /refund чек
about-admin-withdrawals = Заявки на вывод
about-admin-verify = Кто проверен для подарков: /verify @имя, /unverify @имя
about-admin-providers = Поставщики: состояние и кому идут новые заказы
about-admin-broadcast = Написать всем

admin-foreign-service = ⚠️ Каталог связывает услугу `{ $service }` с `{ $id }` у { $provider }, но такой услуги там нет. Заказы на неё отклоняются. Все такие ошибки показывает `bulwark services check`.
admin-unknown-job = ⚠️ Задание `{ $job }` ({ $service }): провайдер его так и не подтвердил. Деньги пользователю возвращены. Проверьте, пожалуйста, у провайдера, выполнено ли оно и списана ли оплата; `bulwark jobs show { $job }` покажет, что об этом известно.
admin-stuck-job = ⚠️ Задание `{ $job }` ({ $service }) остановлено: наш код раз за разом не справляется с ним. Причина: `bulwark jobs show { $job }`; после исправления: `bulwark jobs retry { $job }`.
admin-funds-low = ⚠️ На нашем счёте у `{ $provider }` мало: осталось { $balance }. Новые заказы вежливо отклоняются, начатые идут дальше. Приём возобновится сам, когда счёт пополнят.
admin-funds-refused = ⚠️ `{ $provider }` отклонил заказ: наш счёт там пуст. Новые заказы вежливо отклоняются, начатые идут дальше. Раз в несколько минут один заказ проверяет, пополнен ли счёт.
admin-funds-back = ✅ На нашем счёте у `{ $provider }` снова достаточно: { $balance }. Заказы принимаются.
slow-down = 🐢 Слишком быстро. Подождите { $n ->
        [one] { $n } секунду
        [few] { $n } секунды
       *[many] { $n } секунд
    } и попробуйте снова.
admin-set-aside = ⚠️ Обновление `{ $update }` из чата `{ $chat }` не удалось обработать, оно отложено. Причину покажет `bulwark inbox list`.
admin-dead-letters = ⚠️ { $count ->
    [one] { $count } сообщение не удалось доставить
    [few] { $count } сообщения не удалось доставить
   *[other] { $count } сообщений не удалось доставить
    }:
admin-dead-letter = • { $count } × { $kind }, например в чат `{ $chat }`: { $error }
