choose = 🌐 *In which language shall I speak?*
chosen = I speak { $language } now.
button-home = 🏠 Home
