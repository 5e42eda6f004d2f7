// One person's chat with the bot.

import * as api from "./api.js";
import { bubble } from "./message.js";
import { composer } from "./composer.js";
import { alertBox, avatar, dayName, icon, make, toast } from "./dom.js";
import { menu } from "./menu.js";

const ACTIONS = {
  typing: "typing…",
  upload_photo: "sending a photo…",
  upload_video: "sending a video…",
  upload_voice: "sending audio…",
  upload_document: "sending a file…",
  record_video: "recording a video…",
  record_voice: "recording audio…",
};
/** So near to the end, in pixels, a reader is taken to follow the chat. */
const NEAR = 120;

/** `hooks`: close(), back(), commands(language), description(language), failed(error), changed(). */
export function pane(user, hooks) {
  let person = user;
  let messages = [];
  let drawn = new Map();
  let started = false;
  let bot = "The bot";

  const name = make("strong", {});
  const status = make("span", { class: "dim status" });
  const face = make("span", {});
  const role = make("span", { class: "role" });
  const back = make("button", { type: "button", class: "icon-button back", "aria-label": "Back to people", onclick: hooks.back }, icon("M15 5l-7 7 7 7"));
  const close = make("button", { type: "button", class: "icon-button close", "aria-label": "Close this chat", title: "Close this chat", onclick: hooks.close }, icon("M6 6l12 12M18 6L6 18"));
  const flow = make("div", { class: "flow", role: "log", "aria-live": "polite", "aria-label": "Messages", tabindex: "0" });
  const empty = make("div", { class: "empty" });
  const down = make("button", { type: "button", class: "down icon-button", "aria-label": "To the newest message", hidden: true, onclick: () => toEnd(true) }, icon("M6 9l6 6 6-6"));
  const replies = make("div", { class: "reply-keys", hidden: true });
  const write = composer(deliver, () => hooks.commands(person.language_code));
  const more = menu("More", () => [
    person.blocked ? ["Unblock the bot", () => block(false)] : ["Block the bot", () => block(true)],
    ["Clear the chat", clear],
  ]);
  const blocked = make("div", { class: "blocked", hidden: true }, make("span", { class: "dim" }, "You have blocked the bot."),
    make("button", { type: "button", class: "plain", onclick: () => block(false) }, "Unblock"));
  const element = make("section", { class: "pane", "aria-label": `Chat of ${user.first_name}` },
    make("header", { class: "pane-head" }, back, face, make("div", { class: "pane-title" }, name, status), role, more, close),
    make("div", { class: "stage" }, flow, empty, down), replies, write.element, blocked);

  const actions = {
    press,
    command: (text) => deliver({ text }),
    find: (id) => messages.find((message) => message.message_id === id),
    reply: (message) => write.reply(message),
  };

  async function deliver(body) {
    try {
      await api.send(person.id, body);
      toEnd(false);
      await refresh();
      return true;
    } catch (error) {
      toast(error.message, true);
      return false;
    }
  }

  async function block(isBlocked) {
    try {
      await api.saveUser(person.id, { blocked: isBlocked });
      setUser({ ...person, blocked: isBlocked });
      await hooks.changed();
    } catch (error) {
      toast(error.message, true);
    }
  }

  async function clear() {
    try {
      await api.clear(person.id);
    } catch (error) {
      // A chat that was never begun is clear.
      if (error.status !== 404) toast(error.message, true);
    }
    await refresh();
  }

  function setUser(changed) {
    person = changed;
    blocked.hidden = !person.blocked;
    write.element.hidden = Boolean(person.blocked);
  }

  async function press(message, row, column, key) {
    if (key.classList.contains("loading")) return;
    key.classList.add("loading");
    key.setAttribute("aria-busy", "true");
    try {
      const answer = await api.press(person.id, message.message_id, row, column);
      if (answer.url) window.open(answer.url, "_blank", "noopener");
      else if (answer.answer && answer.show_alert) alertBox(answer.answer);
      else if (answer.answer) toast(answer.answer);
    } catch (error) {
      toast(error.message, true);
    }
    key.classList.remove("loading");
    key.removeAttribute("aria-busy");
    await refresh();
  }

  const isNear = () => flow.scrollHeight - flow.scrollTop - flow.clientHeight < NEAR;

  function toEnd(smooth) {
    flow.scrollTo({ top: flow.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  function drawHead(chat) {
    bot = messages.findLast?.((message) => message.sender === "bot")?.from?.first_name ?? bot;
    name.textContent = bot;
    status.textContent = ACTIONS[chat?.action] ?? (chat?.action ? "working…" : "bot");
    status.classList.toggle("busy", Boolean(chat?.action));
    face.replaceChildren(make("span", { class: "avatar bot-face", "aria-hidden": "true" }, icon("M12 3 5 5.5v5.5c0 4.500 3 8 7 10 4-2 7-5.500 7-10V5.500zM9 11.500l2.200 2.200L15.200 9.700")));
    role.replaceChildren(avatar(person.first_name, person.id), make("span", { class: "hidden" }, "You are "), make("span", { class: "role-name" }, person.first_name),
      make("span", { class: "tag" }, (person.language_code ?? "en").toUpperCase()));
    role.title = person.username ? `You write as ${person.first_name}, @${person.username}` : `You write as ${person.first_name}`;
  }

  function drawEmpty() {
    empty.hidden = messages.length > 0;
    if (!empty.hidden) {
      const about = hooks.description(person.language_code);
      empty.replaceChildren(make("div", { class: "card" },
        make("h2", {}, "What can this bot do?"),
        make("p", {}, about || "Press Start, choose a service, send what it asks for, and watch the result arrive."),
        make("button", { type: "button", class: "primary", disabled: Boolean(person.blocked), onclick: () => deliver({ text: "/start" }) }, "Start")));
    }
  }

  function drawReplies(keyboard) {
    const rows = keyboard?.keyboard ?? [];
    replies.hidden = rows.length === 0;
    replies.replaceChildren(...rows.map((row) => make("div", { class: "keys" }, ...row.map((key) => {
      const text = typeof key === "string" ? key : key.text;
      return make("button", { type: "button", class: "key", onclick: () => deliver({ text }) }, text);
    }))));
  }

  function drawMessages() {
    const next = new Map();
    const nodes = [];
    let day = null;
    for (const message of messages) {
      const today = dayName(message.date);
      if (today !== day) nodes.push(drawn.get(today)?.node ?? make("div", { class: "day" }, today));
      if (today !== day) next.set(today, { node: nodes.at(-1) });
      day = today;
      // An unchanged message keeps its element, so that a playing video goes on.
      const print = JSON.stringify(message);
      const old = drawn.get(message.message_id);
      const node = old?.print === print ? old.node : bubble(message, actions);
      if (!old && started) node.classList.add("new");
      next.set(message.message_id, { print, node });
      nodes.push(node);
    }
    let place = flow.firstChild;
    for (const node of nodes) {
      if (node === place) place = place.nextSibling;
      else flow.insertBefore(node, place);
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
    drawn = next;
  }

  let running = null;
  let again = false;
  /** Looks at the chat again; calls that come meanwhile are answered by one more look. */
  function refresh() {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await look();
      } while (again);
    })().catch(hooks.failed).finally(() => { running = null; });
    return running;
  }

  async function look() {
    const chat = await api.chat(person.id);
    const follow = isNear();
    const last = messages.at(-1)?.message_id;
    messages = chat.messages;
    drawMessages();
    drawHead(chat);
    drawEmpty();
    drawReplies(chat.reply_keyboard);
    if (follow || !started) toEnd(false);
    down.hidden = isNear();
    down.classList.toggle("news", !down.hidden && messages.at(-1)?.message_id !== last);
    started = true;
  }

  let follows = true;
  flow.addEventListener("scroll", () => { follows = isNear(); down.hidden = follows; }, { passive: true });
  // A taller composer or a turned phone leaves the newest message in sight.
  new ResizeObserver(() => { if (follows) toEnd(false); }).observe(flow);
  // Media that load late must not push the newest message out of sight.
  flow.addEventListener("load", () => { if (flow.scrollHeight - flow.scrollTop - flow.clientHeight < NEAR + 420) toEnd(false); }, true);
  element.addEventListener("dragover", (event) => { event.preventDefault(); element.classList.add("drop"); });
  element.addEventListener("dragleave", (event) => { if (!element.contains(event.relatedTarget)) element.classList.remove("drop"); });
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("drop");
    write.take(event.dataTransfer?.files ?? []);
  });
  drawHead(null);
  setUser(person);
  return { id: user.id, element, refresh, redraw: drawEmpty, focus: write.focus, setUser };
}
