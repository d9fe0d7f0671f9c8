/** One message: who wrote it and when, what it shows, and what can be done with it. */

import { dismiss, press, remove, runOnMessage } from "./actions.js";
import { attachment, components, embed } from "./components.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { markdown } from "./markdown.js";
import { openMenu } from "./menu.js";
import { pickReaction, reactions } from "./reactions.js";
import { moderates, names, store } from "./state.js";
import { messageTime, time } from "./times.js";

const MESSAGE_COMMAND = 3;
const LOADING = 1 << 7;
const REPLY_LENGTH = 120;

/** Pictures whose covers were taken away, as long as the page is open. */
const shown = new Set();

/**
 * Return what is shown of a message.
 * @param {object} message
 * @param {boolean} isGrouped whether it follows another of the same author closely
 * @returns {HTMLElement}
 */
export function messageNode(message, isGrouped) {
  const { author } = message;
  const headId = `head-${message.id}`;
  const pinged = message.mentions?.some(({ id }) => id === store.state.userId);
  const head = messageHead(author, new Date(message.timestamp), headId);
  const kinds = ["message", isGrouped && "grouped", message.ephemeral && "ephemeral", pinged && "pinged"];
  const shape = kinds.filter(Boolean).join(" ");
  const props = { class: shape, "aria-labelledby": headId, "data-id": message.id, tabindex: "-1" };
  const main = el(
    "div",
    { class: "message-main" },
    head,
    ...content(message),
    failure(message),
    message.ephemeral && onlyYou(() => dismiss(message.id)),
    reactions(message),
  );
  const side = el("div", { class: "message-avatar" }, isGrouped ? null : avatar(author));
  return el("article", props, context(message), side, main, toolbar(message));
}

/**
 * Return who wrote a message, and when.
 * @param {{username: string, bot?: boolean}} author
 * @param {Date} moment
 * @param {string} [id]
 * @returns {HTMLElement}
 */
export function messageHead({ username, bot }, moment, id) {
  return el("header", { class: "message-head", id },
    el("span", { class: "author" }, username),
    bot && el("span", { class: "badge" }, "App"),
    el("span", { class: "when" }, messageTime(moment)));
}

/**
 * Open what can be done with a message as a menu.
 * @param {object} message
 * @param {HTMLElement|{x: number, y: number}} at
 */
export function openMessageMenu(message, at) {
  const { commands, userId } = store.state;
  const entries = commands.filter(({ type }) => type === MESSAGE_COMMAND);
  const mayDelete = !message.ephemeral && (message.author.id === userId || moderates());
  const own = [
    !message.ephemeral && { label: "Reply", drawing: "reply", run: () => reply(message) },
    { label: "Copy message ID", drawing: "copy", run: () => navigator.clipboard?.writeText(message.id) },
    mayDelete && {
      label: "Delete message",
      drawing: "trash",
      danger: true,
      run: () => remove(message.id),
    },
  ].filter(Boolean);
  const apps = entries.map(
    (entry) => ({ label: entry.name, drawing: "app", run: () => runOnMessage(entry, message.id) }),
  );
  const groups = [...(apps.length && !message.ephemeral ? [{ heading: "Apps", items: apps }] : []), { items: own }];
  openMenu("Message", groups, at, { back: document.querySelector(`[data-id="${message.id}"]`) });
}

function content(message) {
  const around = {
    names,
    shown,
    click: (customId) => press(message.id, customId),
    isPending: (customId) => store.state.clicks.get(`${message.id} ${customId}`) === "pending",
  };
  if (message.flags & LOADING) return [el("p", { class: "thinking" }, `${message.author.username} is thinking…`)];
  const media = new Set(shownFiles(message.components));
  const text = message.content && markdown(message.content, names);
  const parts = [
    text,
    ...message.attachments.filter(({ url }) => !media.has(url)).map((each) => attachment(each, around)),
    ...message.embeds.map((each) => embed(each, around)),
    ...components(message.components, around),
  ];
  if (message.edited_timestamp) {
    const edited = el("span", { class: "edited" }, "(edited)");
    edited.title = `Edited ${time(new Date(message.edited_timestamp), "F").textContent}`;
    if (text && parts.filter(Boolean).length === 1) text.lastElementChild?.append(" ", edited);
    else parts.push(edited);
  }
  return parts;
}

function* shownFiles(list) {
  for (const each of list ?? []) {
    for (const { media } of [each, ...(each.items ?? [])]) if (media) yield media.url;
    if (each.file) yield each.file.url;
    yield* shownFiles(each.components);
    if (each.accessory) yield* shownFiles([each.accessory]);
  }
}

/** What stands above a message: the command that it answers, or the message that it replies to. */
function context(message) {
  const { interaction_metadata: used, referenced_message: replied, message_reference: reference } = message;
  if (reference) {
    const words = replied ? summary(replied) : "The message was deleted.";
    return el("button", {
      type: "button",
      class: "context reply",
      disabled: !replied,
      onclick: () => jumpTo(replied.id),
    },
      icon("spine"),
      replied && el("span", { class: "context-author" }, `@${replied.author.username}`),
      el("span", { class: "context-text" }, words));
  }
  if (!used?.name) return null;
  const name = used.command_type === 1 ? `/${used.name}` : used.name;
  return usedNode(used.user, name);
}

/**
 * Return the line above the answer to a command.
 * @param {{username: string}} user
 * @param {string} name of the command
 * @returns {HTMLElement}
 */
export function usedNode(user, name) {
  const who = el("span", { class: "context-author" }, user.username);
  return el(
    "div",
    { class: "context" },
    icon("spine"),
    avatar(user),
    who,
    el("span", {}, "used"),
    el("span", { class: "mention" }, name),
  );
}

/**
 * Return the line that marks what one person alone sees.
 * @param {() => void} onclick puts it away
 * @returns {HTMLElement}
 */
export function onlyYou(onclick) {
  const put = el("button", { type: "button", class: "link-button", onclick }, "Dismiss message");
  const point = el("span", { "aria-hidden": "true" }, "·");
  return el("p", { class: "only-you" }, icon("eye"), "Only you can see this", point, put);
}

function summary(message) {
  const texts = [message.content, ...textsOf(message.components)].filter(Boolean);
  const line = texts.flatMap((each) => each.split("\n")).map((each) => markdown(each, names).textContent).join(" ");
  return line.slice(0, REPLY_LENGTH) || "Click to see the attachment";
}

function* textsOf(list) {
  for (const each of list ?? []) {
    if (each.content) yield each.content;
    yield* textsOf(each.components);
  }
}

function jumpTo(id) {
  const target = document.querySelector(`[data-id="${id}"]`);
  target?.scrollIntoView({ block: "center" });
  target?.focus();
}

function failure(message) {
  const failed = [...store.state.clicks].some(([key, how]) => how === "failed" && key.startsWith(`${message.id} `));
  return failed && el(
    "p",
    { class: "failed", role: "alert" },
    icon("warning"),
    "This interaction failed: the application did not respond.",
  );
}

function reply(message) {
  store.set({ replyTo: message });
  document.getElementById("composer-input")?.focus();
}

function toolbar(message) {
  const more = iconButton("more", "More", () => openMessageMenu(message, more), { "aria-haspopup": "menu" });
  const react = iconButton(
    "smile",
    "Add a reaction",
    () => pickReaction(message, react),
    { "aria-haspopup": "menu" },
  );
  const buttons = message.ephemeral ? [more] : [react, iconButton("reply", "Reply", () => reply(message)), more];
  return el("div", { class: "message-tools", role: "toolbar", "aria-label": "Message actions" }, ...buttons);
}
