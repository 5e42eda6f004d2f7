// A small menu behind a button.

import { icon, make } from "./dom.js";

/** `entries()` gives `[text, action]` pairs, asked for whenever it opens. */
export function menu(label, entries) {
  const list = make("ul", { class: "menu", role: "menu", hidden: true });
  const button = make("button", { type: "button", class: "icon-button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false" },
    icon("M12 5.500v.01M12 12v.01M12 18.500v.01"));
  const element = make("div", { class: "menu-place" }, button, list);

  function show(isOpen) {
    list.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    list.replaceChildren(...entries().map(([text, action]) => make("li", { role: "none" },
      make("button", { type: "button", role: "menuitem", onclick: () => { show(false); action(); } }, text))));
    list.querySelector("button").focus();
  }

  button.addEventListener("click", () => show(list.hidden));
  element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) {
      show(false);
      button.focus();
    } else if (step && !list.hidden) {
      event.preventDefault();
      const all = [...list.querySelectorAll("button")];
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
    }
  });
  element.addEventListener("focusout", (event) => { if (!element.contains(event.relatedTarget)) show(false); });
  return element;
}
