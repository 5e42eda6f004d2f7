// The drawer with every call that the bot made.

import * as api from "./api.js";
import { byId, make } from "./dom.js";

const SHOWN_MAX = 300;
const PAUSE_MS = 1000;

const drawer = byId("log");
const list = byId("calls");
const filter = byId("log-filter");
const opener = byId("show-log");
let since = 0;
let timer = null;

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function gist(call) {
  const { params } = call;
  const text = params?.text ?? params?.caption ?? params?.input?.prompt ?? params?.model ?? params?.taskId ?? params?.name;
  return typeof text === "string" ? text.replace(/\s+/g, " ").slice(0, 90) : "";
}

function row(call) {
  const good = call.status >= 200 && call.status < 300;
  const badge = make("span", { class: good ? "code good" : "code bad" }, call.status === 0 ? "cut" : String(call.status));
  const head = make("summary", {}, badge, make("strong", {}, call.target.replace(/^telegram\./, "")), make("span", { class: "dim gist" }, gist(call)),
    make("time", { class: "dim" }, time.format(new Date(call.at))));
  const item = make("li", { "data-text": `${call.target} ${call.status} ${gist(call)}`.toLowerCase() });
  const details = make("details", {}, head);
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const show = (title, value) => [make("h3", {}, title), make("pre", { tabindex: "0" }, JSON.stringify(value, null, 2))];
    details.append(...show("Asked", call.params), ...show("Answered", call.answer));
  });
  item.append(details);
  return item;
}

function sift() {
  const wanted = filter.value.trim().toLowerCase();
  for (const item of list.children) item.hidden = wanted !== "" && !item.dataset.text.includes(wanted);
}

async function look() {
  const calls = await api.log(since).catch(() => []);
  if (calls.length > 0) {
    since = calls.at(-1).seq;
    // getUpdates comes all the time and says nothing about the bot.
    const telling = calls.filter((call) => call.method !== "getUpdates");
    list.prepend(...telling.slice(-SHOWN_MAX).reverse().map(row));
    while (list.children.length > SHOWN_MAX) list.lastChild.remove();
    sift();
  }
  if (!drawer.hidden) timer = setTimeout(look, PAUSE_MS);
}

function toggle(open) {
  drawer.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("with-log", open);
  clearTimeout(timer);
  if (open) look();
}

export function setUp() {
  opener.addEventListener("click", () => toggle(drawer.hidden));
  byId("close-log").addEventListener("click", () => {
    toggle(false);
    opener.focus();
  });
  filter.addEventListener("input", sift);
  if (new URLSearchParams(location.search).has("log")) toggle(true);
}
