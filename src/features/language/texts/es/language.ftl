choose = 🌐 *¿En qué idioma quieres que te hable?*
chosen = Ahora te hablo en { $language }.
button-home = 🏠 Inicio
