// One message as a bubble.

import { byId, clockTime, fileSize, icon, make } from "./dom.js";
import { rich } from "./text.js";

/** Widest and tallest picture in a bubble, in pixels. */
const WIDE = 360;
const TALL = 400;

/** Reserves the place of a picture, so that nothing jumps when it comes. */
function reserve(element, media) {
  if (!media.width || !media.height) return;
  const scale = Math.min(WIDE / media.width, TALL / media.height, 1);
  element.style.aspectRatio = `${media.width} / ${media.height}`;
  element.style.width = `${Math.max(140, Math.round(media.width * scale))}px`;
}

function view(media) {
  const viewer = byId("viewer");
  const picture = make("img", { src: media.url, alt: media.file_name ?? "Picture" });
  const close = make("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => viewer.close() }, icon("M6 6l12 12M18 6L6 18"));
  const save = make("a", { class: "icon-button", href: media.url, download: media.file_name ?? "picture", "aria-label": "Download" }, icon("M12 4v11m-5-5 5 5 5-5M5 20h14"));
  viewer.replaceChildren(picture, make("div", { class: "viewer-tools" }, save, close));
  viewer.onclick = (event) => event.target === viewer && viewer.close();
  viewer.showModal();
}

function file(media) {
  const name = media.file_name ?? "File";
  const isImage = media.mime_type?.startsWith("image/");
  const badge = isImage
    ? make("img", { src: media.url, alt: "", loading: "lazy" })
    : icon("M7 3h7l5 5v13H7zM14 3v5h5");
  const about = make("span", { class: "file-about" },
    make("span", { class: "file-name" }, name),
    make("span", { class: "dim" }, [fileSize(media.file_size), media.mime_type].filter(Boolean).join(" · ")));
  const link = make("a", { class: "file", href: media.url, download: name, "aria-label": `Download ${name}` },
    make("span", { class: isImage ? "file-badge picture" : "file-badge" }, badge), about);
  return link;
}

function media(message) {
  const found = message.media;
  if (!found) return null;
  switch (found.kind) {
    case "photo": {
      const picture = make("img", { src: found.url, alt: message.text ? "" : "Photo" });
      const frame = make("button", { type: "button", class: "photo", "aria-label": "Show the picture", onclick: () => view(found) }, picture);
      reserve(frame, found);
      return frame;
    }
    case "video":
    case "video_note":
    case "animation": {
      const loops = found.kind === "animation";
      const player = make("video", { class: `video ${found.kind}`, src: found.url, controls: !loops, playsinline: true, preload: "metadata", autoplay: loops, loop: loops });
      player.muted = loops;
      reserve(player, found);
      return player;
    }
    case "audio":
    case "voice": {
      const title = found.kind === "voice" ? "Voice message" : found.file_name ?? "Audio";
      return make("div", { class: "audio" }, make("span", { class: "dim" }, title),
        make("audio", { src: found.url, controls: true, preload: "metadata", "aria-label": title }));
    }
    default: return file(found);
  }
}

/** An invoice, or what became of one. */
function money(message) {
  const { invoice, successful_payment: paid, refunded_payment: refunded } = message;
  if (invoice) {
    return make("div", { class: "invoice" }, make("strong", {}, invoice.title),
      make("span", {}, invoice.description), make("span", { class: "dim" }, `⭐️ ${invoice.total_amount}`));
  }
  if (paid) return make("div", { class: "dim" }, `You paid ⭐️ ${paid.total_amount}`);
  if (refunded) return make("div", { class: "dim" }, `You got ⭐️ ${refunded.total_amount} back`);
  return null;
}

function keyboard(message, actions) {
  const rows = message.buttons ?? [];
  if (rows.length === 0) return null;
  return make("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows.map((row, r) =>
    make("div", { class: "keys" }, ...row.map((button, c) => {
      const key = make("button", { type: "button", class: button.url ? "key link" : "key" }, make("span", {}, button.text));
      key.addEventListener("click", () => actions.press(message, r, c, key));
      return key;
    }))));
}

function reply(message, actions) {
  const target = message.reply_to ? actions.find(message.reply_to) : null;
  if (!target) return null;
  const quote = target.text || `[${target.media?.kind ?? "message"}]`;
  return make("div", { class: "reply-quote" }, make("span", {}, quote.slice(0, 120)));
}

/** `actions`: press(message, row, column, element), command(text), find(id), reply(message). */
export function bubble(message, actions) {
  const own = message.sender === "user";
  const shown = media(message);
  const stamp = make("span", { class: "stamp" },
    message.edit_date ? make("span", { class: "edited" }, "edited") : null,
    make("time", { datetime: new Date(message.date * 1000).toISOString() }, clockTime(message.date)));
  const text = message.text
    ? make("div", { class: "text", dir: "auto" }, ...rich(message.text, message.entities, actions.command))
    : null;
  const visual = ["photo", "video", "animation", "video_note"].includes(message.media?.kind);
  const box = make("div", { class: `bubble${visual ? " visual" : ""}${text ? "" : " bare"}` }, reply(message, actions), shown, money(message), text, stamp);
  const answer = make("button", { type: "button", class: "answer icon-button", "aria-label": "Reply", title: "Reply", onclick: () => actions.reply(message) }, icon("M10 7 5 12l5 5M5 12h9a5 5 0 0 1 5 5v2"));
  return make("article", { class: own ? "message own" : "message", "aria-label": own ? "You" : "Bot", "data-id": message.message_id },
    make("div", { class: "beside" }, box, answer), keyboard(message, actions));
}
