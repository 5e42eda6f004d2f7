choose = 🌐 *In which language shall I speak?*
chosen = I now speak { $language }.
button-home = 🏠 Home
