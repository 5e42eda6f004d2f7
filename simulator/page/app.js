// The page: people at the side, one or more chats beside each other.

import * as api from "./api.js";
import { pane } from "./pane.js";
import { avatar, byId, clockTime, icon, make, toast } from "./dom.js";
import * as log from "./log.js";

const LANGUAGES = ["en", "ru", "es"];
const FIRST_ID = 1001;
/** A chat needs about this many pixels beside others. */
const PANE_WIDE = 400;
const POLL_MS = 1500;
/** Even with events, so that nothing is missed for long. */
const SLOW_POLL_MS = 10000;
/** A restart of the service is over before this; nobody has to hear of it. */
const OFFLINE_MS = 2000;

const people = byId("people");
const panes = byId("panes");
const banner = byId("banner");
const person = byId("person");
let users = [];
let heads = new Map();
let seen = new Map();
let open = [];
let known = null;
let isLive = false;
let isBegun = false;
let offline = null;

const store = {
  get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* private windows have no store */ } },
};

function failed(error) {
  if (error.isOffline) offline ??= setTimeout(() => { banner.hidden = false; }, OFFLINE_MS);
  else toast(error.message, true);
}

function reached() {
  clearTimeout(offline);
  offline = null;
  banner.hidden = true;
}

/** Commands for everybody, in the person's language if the bot gave them so. */
function commandsFor(language) {
  const all = known?.all ?? {};
  return all[`{"type":"default"} ${language}`] ?? all['{"type":"default"} '] ?? [];
}

function descriptionFor(language) {
  const all = known?.descriptions ?? {};
  return all[`description ${language}`] ?? all["description "] ?? "";
}

/** On a phone an open chat may be behind the list. */
function isShown(id) {
  const found = open.find((one) => one.id === id);
  return Boolean(found?.element.offsetParent);
}

function showPeople() {
  const isOpen = (id) => open.some((one) => one.id === id);
  people.replaceChildren(...users.map((user) => {
    const last = heads.get(user.id)?.last_message;
    const isNews = last && last.sender === "bot" && !isShown(user.id) && last.message_id > (seen.get(user.id) ?? 0);
    const line = last ? (last.text || `[${last.media?.kind ?? "message"}]`).replace(/\s+/g, " ") : "No messages yet";
    const row = make("button", { type: "button", class: "row", "aria-current": isOpen(user.id) ? "true" : null, onclick: () => show(user.id, false) },
      avatar(user.first_name, user.id),
      make("span", { class: "row-text" },
        make("span", { class: "row-top" }, make("strong", {}, user.first_name), make("span", { class: "tag" }, (user.language_code ?? "en").toUpperCase()),
          make("span", { class: "dim row-time" }, last ? clockTime(last.date) : "")),
        make("span", { class: "row-bottom" }, make("span", { class: "dim row-line" }, line), isNews ? make("span", { class: "dot", "aria-label": "New" }) : null)));
    const beside = make("button", { type: "button", class: "beside-button icon-button", "aria-label": `Open the chat of ${user.first_name} beside`, title: "Open beside", onclick: () => show(user.id, true) }, icon("M4 5h16v14H4zM12 5v14"));
    return make("li", {}, row, isOpen(user.id) ? null : beside);
  }));
}

const room = () => Math.max(1, Math.floor(panes.clientWidth / PANE_WIDE));

function show(id, beside) {
  const user = users.find((one) => one.id === id);
  if (!user) return;
  document.body.classList.add("in-chat");
  let found = open.find((one) => one.id === id);
  if (!found) {
    found = pane(user, {
      close: () => close(id),
      back: () => { document.body.classList.remove("in-chat"); showPeople(); },
      commands: commandsFor,
      description: descriptionFor,
      failed,
      changed: () => refreshPeople().catch(failed),
    });
    const wanted = beside ? [...open, found] : [...open.slice(0, -1), found];
    open = wanted.slice(-room());
    layOut();
  }
  found.refresh();
  if (matchMedia("(hover: hover)").matches) found.focus();
}

function close(id) {
  open = open.filter((one) => one.id !== id);
  layOut();
}

function layOut() {
  for (const child of [...panes.children]) if (!open.some((one) => one.element === child)) child.remove();
  for (const one of open) if (!one.element.isConnected) panes.append(one.element);
  panes.classList.toggle("several", open.length > 1);
  if (open.length === 0) panes.replaceChildren(make("p", { class: "nobody" }, "Choose a person to chat as."));
  else panes.querySelector(".nobody")?.remove();
  store.set("open", open.map((one) => one.id));
  for (const one of open) if (isShown(one.id)) markSeen(one.id);
  showPeople();
}

function markSeen(id) {
  const last = heads.get(id)?.last_message;
  if (last) seen.set(id, last.message_id);
}

async function refreshPeople() {
  const [list, chats] = await Promise.all([api.users(), api.chats()]);
  reached();
  // At the first look that goes well, which need not be the first, and when everybody was forgotten.
  const isNew = !isBegun || (list.length === 0 && users.length > 0);
  isBegun = true;
  users = list;
  heads = new Map(chats.map((chat) => [chat.id, chat]));
  for (const one of open) {
    if (isShown(one.id)) markSeen(one.id);
    const user = users.find((other) => other.id === one.id);
    if (user) one.setUser(user);
  }
  if (isNew) return start();
  return showPeople();
}

async function refreshKnown() {
  const found = await api.commands().catch(() => known);
  if (JSON.stringify(found) === JSON.stringify(known)) return;
  known = found;
  for (const one of open) one.redraw();
}

let peopleTimer = null;
function changed(chatId) {
  for (const one of open) if (chatId === null || one.id === chatId) one.refresh();
  // Many chats may change at once; the list is drawn once for all.
  peopleTimer ??= setTimeout(() => {
    peopleTimer = null;
    refreshPeople().catch(failed);
  }, 150);
}

function poll() {
  setTimeout(async () => {
    if (!document.hidden || !isLive) {
      await refreshPeople().catch(failed);
      await refreshKnown();
      for (const one of open) one.refresh();
    }
    poll();
  }, isLive ? SLOW_POLL_MS : POLL_MS);
}

async function addPerson(profile) {
  const id = users.reduce((max, user) => Math.max(max, user.id), FIRST_ID - 1) + 1;
  await api.saveUser(id, profile);
  await refreshPeople();
  show(id, users.length > 1 && open.length < room());
}

/** A newcomer finds a chat ready to start. */
async function start() {
  open = [];
  if (users.length === 0) {
    const language = LANGUAGES.find((code) => navigator.language?.startsWith(code)) ?? "en";
    await addPerson({ first_name: "Alex", username: "alex", language_code: language });
    return;
  }
  const wide = innerWidth > 720;
  const before = (store.get("open") ?? []).filter((id) => users.some((user) => user.id === id));
  const ids = before.length > 0 ? before : [users[0].id];
  if (wide) ids.slice(0, room()).forEach((id, n) => show(id, n > 0));
  layOut();
  if (!wide && users.length === 1) show(users[0].id, false);
}

function setUpTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const asked = new URLSearchParams(location.search).get("theme");
  const apply = () => { document.documentElement.dataset.theme = asked ?? store.get("theme") ?? (dark.matches ? "dark" : "light"); };
  byId("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    store.set("theme", next);
    document.documentElement.dataset.theme = next;
  });
  dark.addEventListener("change", apply);
  apply();
}

function setUpPerson() {
  const form = byId("person-form");
  byId("add").addEventListener("click", () => { form.reset(); person.showModal(); });
  byId("person-cancel").addEventListener("click", () => person.close());
  form.addEventListener("submit", () => {
    const fields = new FormData(form);
    const profile = { first_name: fields.get("name").trim() || "Somebody", username: fields.get("username").trim(), language_code: fields.get("language") };
    addPerson(profile).catch(failed);
  });
}

setUpTheme();
setUpPerson();
log.setUp();
api.watch(changed, (isOpen) => {
  isLive = isOpen;
  // A look that fails too shows the banner; one that does not was only a lost stream.
  if (!isOpen) refreshPeople().catch(failed);
});
addEventListener("resize", () => {
  if (open.length > room()) { open = open.slice(-room()); layOut(); }
});
refreshKnown().then(refreshPeople).catch(failed).finally(poll);
