/** The list of messages: kept in step with what the page knows, without losing the place or the focus. */

import { dismissWaiting } from "./actions.js";
import { avatar, el, fill, icon } from "./dom.js";
import { Keyed, reconcile } from "./keyed.js";
import { messageHead, messageNode, onlyYou, openMessageMenu, usedNode } from "./message.js";
import { botName, channel, member, store } from "./state.js";

const GROUPED_MILLISECONDS = 7 * 60 * 1_000;
const NEAR_END_PIXELS = 120;

const shown = new Keyed(
  ({ key }) => key,
  stateOf,
  drawn,
);
let shownFor = "";
let isAtEnd = true;
let place = 0;

const inner = el("div", { class: "message-list" });
const jump = el(
  "button",
  { type: "button", class: "jump", hidden: true },
  "Go to the newest message",
  icon("unfold"),
);

/**
 * Show the messages of the channel that is looked at, now and whenever they change.
 * @param {HTMLElement} list with the role `log`; a button that leads to its end goes behind it
 */
export function showMessages(list) {
  jump.addEventListener("click", () => {
    showNewest(list);
    list.focus();
  });
  list.after(jump);
  list.append(inner);
  store.on(
    ["messages", "channelId", "userId", "world", "isLoading", "waiting", "clicks", "dismissed"],
    () => update(list),
  );
  list.addEventListener("contextmenu", (event) => {
    const article = event.target.closest("article[data-id]");
    const message = article && known(article.dataset.id);
    if (!message || event.target.closest("a")) return;
    event.preventDefault();
    const byKey = event.clientX === 0 && event.clientY === 0;
    openMessageMenu(message, byKey ? article : { x: event.clientX, y: event.clientY });
  });
  list.addEventListener("keydown", (event) => walk(list, event));
  const growth = new ResizeObserver(() => stickToEnd(list));
  growth.observe(list);
  growth.observe(inner);
  list.addEventListener("scroll", () => notePlace(list));
}

/**
 * Go to the end of the messages, and stay there.
 * @param {HTMLElement} list
 */
export function showNewest(list) {
  isAtEnd = true;
  stickToEnd(list);
}

function update(list) {
  const { userId, channelId, isLoading } = store.state;
  const view = `${userId} ${channelId}`;
  if (view !== shownFor) {
    shown.clear();
    isAtEnd = true;
    shownFor = view;
  } else notePlace(list);
  list.setAttribute("aria-busy", String(isLoading));
  list.setAttribute("aria-label", channel().isDm ? `Messages with ${botName()}` : `Messages in ${channel().name}`);
  if (isLoading) return fill(inner, skeleton());
  const focus = rememberFocus(list);
  reconcile(inner, [beginning(), ...shown.nodes(entries())]);
  restoreFocus(list, focus);
  stickToEnd(list);
}

/** Return what is shown, oldest first: the messages, and the commands that were typed here and are not answered. */
function entries() {
  const { channelId, userId, dismissed, waiting } = store.state;
  const messages = [...(store.state.messages.get(channelId)?.values() ?? [])].filter(({ id }) => !dismissed.has(id));
  const commands = waiting.filter((each) => each.userId === userId && each.channelId === channelId);
  const all = [
    ...messages.map((message) => ({ key: message.id, at: new Date(message.timestamp), message })),
    ...commands.map((command) => ({ key: `command ${command.key}`, at: command.at, command })),
  ].sort((a, b) => a.at - b.at);
  return all.map((entry, index) => ({ ...entry, grouped: isGrouped(entry.message, all[index - 1]?.message) }));
}

/** Return what is shown of an entry; where a message fails, its place says so, and the others are shown. */
function drawn({ message, grouped, command }) {
  if (command) return waitingNode(command);
  try {
    return messageNode(message, grouped);
  } catch (error) {
    console.error(error);
    const words = el("p", { class: "failed" }, icon("warning"), "This message cannot be shown here.");
    return el(
      "article",
      { class: "message", "data-id": message.id, tabindex: "-1" },
      el("div", { class: "message-avatar" }),
      el("div", { class: "message-main" }, words),
    );
  }
}

function stateOf({ message, grouped, command }) {
  if (command) return command.state;
  return JSON.stringify(
    [
      message.revision,
      message.reacted,
      message.edited_timestamp,
      grouped,
      Boolean(message.referenced_message),
      clicksOf(message),
    ],
  );
}

function isGrouped(message, before) {
  if (!message || !before || message.message_reference || message.interaction_metadata) return false;
  if (message.ephemeral || before.ephemeral || before.author.id !== message.author.id) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUPED_MILLISECONDS;
}

function clicksOf({ id }) {
  return [...store.state.clicks].filter(([key]) => key.startsWith(`${id} `));
}

function waitingNode({ key, name, state, userId, at }) {
  const bot = { username: botName(), bot: true };
  const failed = () => el("p", { class: "failed" }, icon("warning"), "The application did not respond");
  return el("div", { class: "message waiting", "data-waiting": state },
    usedNode({ username: member(userId)?.name ?? "?" }, name),
    el("div", { class: "message-avatar" }, avatar(bot)),
    el("div", { class: "message-main" },
      messageHead(bot, at),
      state === "failed" ? failed() : el("p", { class: "thinking" }, "Sending the command…"),
      state === "failed" && onlyYou(() => dismissWaiting(key))));
}

function beginning() {
  const { name, isDm } = channel();
  const title = isDm ? name : `Welcome to #${name}`;
  const words = isDm
    ? `This is the beginning of your direct messages with ${name}. React with the envelope to get a picture here.`
    : "This is the beginning of the channel. Type / to see what the bot can do.";
  return el(
    "div",
    { class: "beginning" },
    el("div", { class: "beginning-mark" }, icon(isDm ? "app" : "hash")),
    el("h2", {}, title),
    el("p", {}, words),
  );
}

function skeleton() {
  const rows = [0, 1, 2].map(() => el(
    "div",
    { class: "skeleton-row" },
    el("span", { class: "skeleton-avatar" }),
    el("span", { class: "skeleton-lines" }, el("span"), el("span")),
  ));
  return el("div", { class: "skeleton" }, el("p", { class: "visually-hidden" }, "Messages are coming."), ...rows);
}

function rememberFocus(list) {
  const active = document.activeElement;
  const article = list.contains(active) ? active.closest("article[data-id]") : null;
  if (!article) return null;
  const focusable = [article, ...article.querySelectorAll("button, a")];
  const { customId, emoji } = active.dataset;
  return { id: article.dataset.id, index: focusable.indexOf(active), active, customId, emoji };
}

function restoreFocus(list, focus) {
  if (!focus || focus.active.isConnected) return;
  const article = list.querySelector(`article[data-id="${focus.id}"]`);
  if (!article) return list.focus();
  const named = [...article.querySelectorAll("button")].find(({ dataset }) =>
    (focus.customId && dataset.customId === focus.customId) || (focus.emoji && dataset.emoji === focus.emoji));
  const same = [article, ...article.querySelectorAll("button, a")][focus.index];
  (named ?? same ?? article).focus({ preventScroll: true });
}

/** Go from message to message with the arrow keys; the list itself is one stop of the Tab key. */
function walk(list, event) {
  const articles = [...list.querySelectorAll("article[data-id]")];
  const here = event.target === list ? articles.length : articles.indexOf(event.target.closest("article, pre"));
  if (here < 0 || !articles.length) return;
  const to = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: articles.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const target = articles[Math.max(0, Math.min(to, articles.length - 1))];
  target.focus();
  target.scrollIntoView({ block: "nearest" });
}

/** Whoever has scrolled up does not want to be taken to what is new. */
function notePlace(list) {
  if (list.scrollTop === place) return; // what grew by itself says nothing of what is wanted
  place = list.scrollTop;
  isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END_PIXELS;
  jump.hidden = isAtEnd;
}

function stickToEnd(list) {
  if (!isAtEnd) return;
  list.scrollTop = list.scrollHeight;
  place = list.scrollTop;
  jump.hidden = true;
}

function known(id) {
  return store.state.messages.get(store.state.channelId)?.get(id);
}
