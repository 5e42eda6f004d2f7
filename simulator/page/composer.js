// Where a person writes: text, files by button, drop or paste, and suggestions for commands.

import { fileSize, icon, make, toast } from "./dom.js";

/** What Telegram's apps send to bots as a photo has at most this many pixels on its longer side. */
const PHOTO_SIDE = 2560;
const FILE_BYTES_MAX = 50 * 1024 * 1024;
const FILES_MAX = 10;

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
  /** `{file, kind}`; each becomes a message of its own. */
  let attached = [];
  let replyTo = null;
  const field = make("textarea", { rows: "1", placeholder: "Message", "aria-label": "Message", autocomplete: "off" });
  const picker = make("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  const attach = make("button", { type: "button", class: "icon-button", "aria-label": "Attach a file", title: "Attach a file" }, icon("M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8L10 17a1.8 1.8 0 0 1-2.5-2.5L15 7"));
  const submit = make("button", { type: "submit", class: "send icon-button", "aria-label": "Send", title: "Send" }, icon("M4 12 20 4l-5 16-3-7z"));
  const extra = make("div", { class: "extra", hidden: true });
  const list = make("ul", { class: "suggestions", role: "listbox", "aria-label": "Commands", hidden: true });
  const form = make("form", { class: "composer" }, list, extra, make("div", { class: "compose-row" }, attach, field, submit), picker);

  function drawExtra() {
    const rows = [];
    if (replyTo) rows.push(chip("Reply to", replyTo.text?.slice(0, 80) || "message", null, () => { replyTo = null; drawExtra(); }));
    for (const one of attached) {
      rows.push(chip(null, `${one.file.name || "Picture"} · ${fileSize(one.file.size)}`, kindChoice(one), () => { attached = attached.filter((other) => other !== one); drawExtra(); }));
    }
    extra.replaceChildren(...rows);
    extra.hidden = rows.length === 0;
    field.placeholder = attached.length > 0 ? "Caption" : "Message";
  }

  function chip(label, text, choice, remove) {
    return make("div", { class: "chip" }, label ? make("span", { class: "dim" }, label) : null, make("span", { class: "chip-text" }, text), choice,
      make("button", { type: "button", class: "icon-button", "aria-label": "Remove", onclick: remove }, icon("M7 7l10 10M17 7 7 17")));
  }

  function kindChoice(one) {
    const options = kinds(one.file);
    const choice = make("select", { "aria-label": "Send as" }, ...options.map(([value, text]) => make("option", { value, selected: value === one.kind }, text)));
    choice.addEventListener("change", () => { one.kind = choice.value; });
    return choice;
  }

  function kinds(file) {
    return KINDS[file.type.split("/")[0]] ?? KINDS.other;
  }

  function take(files) {
    const all = [...files];
    if (all.length === 0) return;
    const fitting = all.filter((file) => file.size <= FILE_BYTES_MAX);
    if (fitting.length < all.length) toast("Files can have at most 50 MB here.", true);
    const room = FILES_MAX - attached.length;
    if (fitting.length > room) toast(`At most ${FILES_MAX} files at once.`, true);
    attached = [...attached, ...fitting.slice(0, room).map((file) => ({ file, kind: kinds(file)[0][0] }))];
    drawExtra();
    field.focus();
  }

  async function media({ file: chosen, kind }) {
    const file = kind === "photo" ? await asPhoto(chosen) : chosen;
    return { [kind]: { data: await dataUrl(file), file_name: chosen.name || "picture.png", mime_type: file.type || "application/octet-stream", duration: await length(file) } };
  }

  /** Sends what is there, one message after the other; what did not go stays. */
  async function sendAll() {
    const text = field.value.trim();
    const start = replyTo ? { reply_to: replyTo.message_id } : {};
    if (attached.length === 0) {
      if (!text || !(await deliver({ ...start, text }))) return;
    }
    let isFirst = true;
    for (const one of attached) {
      const words = isFirst && text ? { caption: text } : {};
      if (!(await deliver({ ...(isFirst ? start : {}), ...(await media(one)), ...words }))) return;
      attached = attached.filter((other) => other !== one);
      if (isFirst) field.value = "";
      isFirst = false;
    }
    field.value = "";
    replyTo = null;
  }

  async function send() {
    submit.disabled = true;
    try {
      await sendAll();
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
    // The height that is set includes the border, the one that is read does not.
    const border = field.offsetHeight - field.clientHeight;
    field.style.height = `${Math.min(field.scrollHeight + border, 160)}px`;
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
    const files = event.clipboardData?.files ?? [];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
  attach.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => { take(picker.files); picker.value = ""; });
  form.addEventListener("submit", (event) => { event.preventDefault(); if (!submit.disabled) send(); });
  return { element: form, take, focus: () => field.focus(), reply: (message) => { replyTo = message; drawExtra(); field.focus(); } };
}
