/** Reactions below a message, and the menu from which others are picked. */

import { toggleReaction } from "./actions.js";
import { el, icon } from "./dom.js";
import { REACTIONS, emojiName, emojiNode } from "./emoji.js";
import { openMenu } from "./menu.js";
import { names, store } from "./state.js";

/**
 * Return the reactions of a message as buttons; null where there are none.
 * @param {object} message
 * @returns {HTMLElement|null}
 */
export function reactions(message) {
  const found = Object.entries(message.reacted ?? {}).filter(([, people]) => people.length);
  if (!found.length) return null;
  const add = el(
    "button",
    {
      type: "button",
      class: "reaction add",
      "aria-label": "Add another reaction",
      title: "Add another reaction",
      "aria-haspopup": "menu",
    },
    icon("smile"),
  );
  add.addEventListener("click", () => pickReaction(message, add));
  return el(
    "div",
    { class: "reactions", role: "group", "aria-label": "Reactions" },
    ...found.map((each) => pill(message, ...each)),
    add,
  );
}

/**
 * Open the menu of reactions.
 * @param {object} message
 * @param {HTMLElement} beside
 */
export function pickReaction(message, beside) {
  const items = [...REACTIONS].map(([emoji, name]) => ({
    label: name,
    before: emojiNode(emoji, { decorative: true }),
    run: () => toggleReaction(message, emoji),
  }));
  openMenu("React with", [{ items }], beside, { class: "menu-emoji" });
}

function pill(message, emoji, people) {
  const isMine = people.includes(store.state.userId);
  const who = people.map(names.user).join(", ");
  const count = people.length === 1 ? "1 reaction" : `${people.length} reactions`;
  return el("button", {
    type: "button",
    class: "reaction",
    "aria-pressed": String(isMine),
    "aria-label": `${emojiName(emoji)}, ${count}`,
    title: `${emojiName(emoji)}: ${who}`,
    "data-emoji": emoji,
    onclick: () => toggleReaction(message, emoji),
  }, emojiNode(emoji, { decorative: true }), el("span", { "aria-hidden": "true" }, String(people.length)));
}
