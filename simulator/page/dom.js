// Builds elements. Text only ever goes in as text.

/** `make("button", {class: "x", onclick: f}, "text", child)`. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A line drawing of 24 by 24. */
export function icon(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const byId = (id) => document.getElementById(id);

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });

export const clockTime = (seconds) => time.format(new Date(seconds * 1000));
export const dayName = (seconds) => day.format(new Date(seconds * 1000));

export function fileSize(bytes) {
  if (!bytes) return "";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** A round badge with the first letters of a name, always in the same colour for the same person. */
export function avatar(name, id) {
  const letters = name.trim().split(/\s+/).slice(0, 2).map((part) => [...part][0] ?? "").join("");
  return make("span", { class: `avatar hue-${Math.abs(id) % 6}`, "aria-hidden": "true" }, letters.toUpperCase() || "?");
}

export function toast(text, isError = false) {
  const note = make("div", { class: isError ? "toast error" : "toast" }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), Math.min(8000, 2500 + text.length * 40));
}

export function alertBox(text) {
  byId("alert-text").textContent = text;
  const box = byId("alert");
  if (!box.open) box.showModal();
}
