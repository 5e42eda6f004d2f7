// Where a person writes: text, files by button, drop or paste, and suggestions for commands.

import { fileSize, icon, make, toast } from "./dom.js";

/** What Telegram's apps send to bots as a photo has at most this many pixels on its longer side. */
const PHOTO_SIDE = 2560;
const FILE_BYTES_MAX = 50 * 1024 * 1024;

const KINDS = {
  image: [["photo", "Photo"], ["document", "File"]],
  video: [["video", "Video"], ["video_note", "Round video"], ["document", "File"]],
  audio: [["audio", "Audio"], ["voice", "Voice message"], ["document", "File"]],
  other: [["document", "File"]],
};

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new Error("The file cannot be read.")));
    reader.readAsDataURL(blob);
  });
}

/** Messenger apps turn every photo into a JPEG; small JPEG and PNG go as they are. */
async function asPhoto(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) throw new Error("This picture cannot be read; send it as a file.");
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  if (scale === 1 && ["image/jpeg", "image/png"].includes(file.type)) return file;
  const canvas = make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.9); });
}

async function length(file) {
  if (!/^(video|audio)\//.test(file.type)) return 0;
  const url = URL.createObjectURL(file);
  const player = make(file.type.startsWith("video") ? "video" : "audio", { preload: "metadata" });
  const known = new Promise((resolve) => {
    player.addEventListener("loadedmetadata", () => resolve(Number.isFinite(player.duration) ? Math.ceil(player.duration) : 0));
    player.addEventListener("error", () => resolve(0));
    setTimeout(() => resolve(0), 3000);
  });
  player.src = url;
  const seconds = await known;
  URL.revokeObjectURL(url);
  return seconds;
}

/** `deliver(message)` sends a body of the control API and says whether it went; `commands()` lists `{command, description}`. */
export function composer(deliver, commands) {
  let attached = null;
  let replyTo = null;
  const field = make("textarea", { rows: "1", placeholder: "Message", "aria-label": "Message", autocomplete: "off" });
  const picker = make("input", { type: "file", hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const attach = make("button", { type: "button", class: "icon-button", "aria-label": "Attach a file", title: "Attach a file" }, icon("M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8L10 17a1.8 1.8 0 0 1-2.5-2.5L15 7"));
  const submit = make("button", { type: "submit", class: "send icon-button", "aria-label": "Send", title: "Send" }, icon("M4 12 20 4l-5 16-3-7z"));
  const extra = make("div", { class: "extra", hidden: true });
  const list = make("ul", { class: "suggestions", role: "listbox", "aria-label": "Commands", hidden: true });
  const form = make("form", { class: "composer" }, list, extra, make("div", { class: "compose-row" }, attach, field, submit), picker);

  function drawExtra() {
    const rows = [];
    if (replyTo) rows.push(chip("Reply to", replyTo.text?.slice(0, 80) || "message", null, () => { replyTo = null; drawExtra(); }));
    if (attached) rows.push(chip(null, `${attached.file.name || "Picture"} · ${fileSize(attached.file.size)}`, kindChoice(), () => { attached = null; drawExtra(); }));
    extra.replaceChildren(...rows);
    extra.hidden = rows.length === 0;
    field.placeholder = attached ? "Caption" : "Message";
  }

  function chip(label, text, choice, remove) {
    return make("div", { class: "chip" }, label ? make("span", { class: "dim" }, label) : null, make("span", { class: "chip-text" }, text), choice,
      make("button", { type: "button", class: "icon-button", "aria-label": "Remove", onclick: remove }, icon("M7 7l10 10M17 7 7 17")));
  }

  function kindChoice() {
    const group = attached.file.type.split("/")[0];
    const options = KINDS[group] ?? KINDS.other;
    attached.kind ??= options[0][0];
    const choice = make("select", { "aria-label": "Send as" }, ...options.map(([value, text]) => make("option", { value, selected: value === attached.kind }, text)));
    choice.addEventListener("change", () => { attached.kind = choice.value; });
    return choice;
  }

  function take(file) {
    if (!file) return;
    if (file.size > FILE_BYTES_MAX) {
      toast("Files can have at most 50 MB here.", true);
      return;
    }
    attached = { file, kind: null };
    drawExtra();
    field.focus();
  }

  async function body() {
    const text = field.value.trim();
    const message = replyTo ? { reply_to: replyTo.message_id } : {};
    if (!attached) return text ? { ...message, text } : null;
    const { kind } = attached;
    const file = kind === "photo" ? await asPhoto(attached.file) : attached.file;
    message[kind] = { data: await dataUrl(file), file_name: attached.file.name || "picture.png", mime_type: file.type || "application/octet-stream", duration: await length(file) };
    if (text) message.caption = text;
    return message;
  }

  async function send() {
    submit.disabled = true;
    const before = { attached, replyTo };
    try {
      const message = await body();
      if (message && (await deliver(message))) {
        field.value = "";
        if (attached === before.attached) attached = null;
        if (replyTo === before.replyTo) replyTo = null;
      }
    } catch (error) {
      toast(error.message, true);
    }
    submit.disabled = false;
    drawExtra();
    grow();
    suggest();
    field.focus();
  }

  function grow() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
  }

  let at = 0;
  function suggest() {
    const start = /^\/(\w*)$/.exec(field.value);
    const found = start ? commands().filter((one) => one.command.startsWith(start[1].toLowerCase())) : [];
    at = Math.min(at, Math.max(0, found.length - 1));
    list.hidden = found.length === 0;
    list.replaceChildren(...found.map((one, n) => make("li", { role: "option", "aria-selected": String(n === at), onclick: () => choose(one) },
      make("strong", {}, `/${one.command}`), " ", make("span", { class: "dim" }, one.description))));
  }

  function choose(one) {
    field.value = `/${one.command}`;
    send();
  }

  field.addEventListener("input", () => { at = 0; grow(); suggest(); });
  field.addEventListener("keydown", (event) => {
    const options = list.hidden ? 0 : list.children.length;
    if (options > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : options - 1)) % options;
      suggest();
    } else if (options > 0 && event.key === "Escape") {
      list.hidden = true;
    } else if (options > 0 && event.key === "Tab") {
      event.preventDefault();
      list.children[at].click();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (options > 0) list.children[at].click();
      else form.requestSubmit();
    }
  });
  field.addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  attach.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => { take(picker.files[0]); picker.value = ""; });
  form.addEventListener("submit", (event) => { event.preventDefault(); if (!submit.disabled) send(); });
  return { element: form, take, focus: () => field.focus(), reply: (message) => { replyTo = message; drawExtra(); field.focus(); } };
}
