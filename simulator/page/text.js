// Text with entities, as Telegram counts them: in UTF-16 code units, as JavaScript does.

import { make } from "./dom.js";

const BLOCKS = ["pre", "blockquote", "expandable_blockquote"];
const SAFE = /^(https?:|mailto:|tel:|tg:)/i;

function link(url, content) {
  if (!SAFE.test(url)) return make("span", {}, ...content);
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...content);
}

function wrap(entity, content, plain, onCommand) {
  switch (entity.type) {
    case "bold": return make("strong", {}, ...content);
    case "italic": return make("em", {}, ...content);
    case "underline": return make("u", {}, ...content);
    case "strikethrough": return make("s", {}, ...content);
    case "code": return make("code", {}, ...content);
    case "pre": return make("pre", {}, make("code", {}, ...content));
    case "blockquote":
    case "expandable_blockquote": return make("blockquote", {}, ...content);
    case "spoiler": {
      const spoiler = make("span", { class: "spoiler", tabindex: "0", role: "button", "aria-label": "Hidden text" }, ...content);
      spoiler.addEventListener("click", () => {
        spoiler.classList.add("open");
        spoiler.removeAttribute("aria-label");
      });
      return spoiler;
    }
    case "text_link": return link(entity.url ?? "", content);
    case "url": return link(/^[a-z]+:/i.test(plain) ? plain : `https://${plain}`, content);
    case "email": return link(`mailto:${plain}`, content);
    case "phone_number": return link(`tel:${plain}`, content);
    case "bot_command":
      return make("button", { type: "button", class: "command", onclick: () => onCommand(plain) }, ...content);
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag": return make("span", { class: "accent" }, ...content);
    default: return make("span", {}, ...content);
  }
}

/** Nodes for `text`; `onCommand` is called with a pressed command. */
export function rich(text, entities, onCommand) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  const nodes = (from, to, inside) => {
    const out = [];
    let at = from;
    for (let i = 0; i < inside.length; i += 1) {
      const entity = inside[i];
      if (entity.offset < at) continue;
      const end = Math.min(entity.offset + entity.length, to);
      const within = inside.slice(i + 1).filter((other) => other.offset >= entity.offset && other.offset + other.length <= end);
      if (entity.offset > at) out.push(text.slice(at, entity.offset));
      out.push(wrap(entity, nodes(entity.offset, end, within), text.slice(entity.offset, end), onCommand));
      at = end;
      // A block ends its own line.
      if (BLOCKS.includes(entity.type) && text[at] === "\n" && at < to) at += 1;
    }
    if (at < to) out.push(text.slice(at, to));
    return out;
  };
  return nodes(0, text.length, sorted);
}
