choose = 🌐 *На каком языке мне говорить?*
chosen = Теперь язык — { $language }.
button-home = 🏠 Главная
