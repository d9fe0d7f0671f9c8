/** The few emoji that the page offers and the bot uses, drawn by the page: they look the same everywhere. */

import { el, icon } from "./dom.js";

/** What can be picked as a reaction, with the name that is told of it. */
export const REACTIONS = new Map([
  ["🔁", "repeat"],
  ["❌", "cross"],
  ["✉️", "envelope"],
  ["👍", "thumbs up"],
  ["❤️", "heart"],
  ["⭐", "star"],
]);

/** What the bot writes besides. */
const MARKS = new Map([
  ["✅", "check mark"],
  ["⚠️", "warning"],
]);

const VARIATION = /\uFE0F/g;
const DRAWINGS = new Map(
  [...REACTIONS, ...MARKS].map(
    ([emoji, name]) => [plain(emoji), { name, drawing: `emoji-${name.replace(" ", "-")}` }],
  ),
);

/** Finds the emoji that are drawn. */
export const DRAWN = new RegExp(`^(?:${[...DRAWINGS.keys()].join("|")})\\uFE0F?`, "u");

/**
 * Show an emoji.
 * @param {string} emoji
 * @param {{decorative?: boolean}} [how] decorative: what is beside it says the same
 * @returns {Node}
 */
export function emojiNode(emoji, { decorative = false } = {}) {
  const known = DRAWINGS.get(plain(emoji));
  const role = decorative ? { "aria-hidden": "true" } : { role: "img", "aria-label": emojiName(emoji) };
  return el("span", { class: "emoji", ...role }, known ? icon(known.drawing) : emoji);
}

/**
 * Name an emoji in words.
 * @param {string} emoji
 * @returns {string}
 */
export function emojiName(emoji) {
  return DRAWINGS.get(plain(emoji))?.name ?? emoji;
}

function plain(emoji) {
  return emoji.replace(VARIATION, "");
}
