/** What a person does, and what becomes of it. */

import * as api from "./api.js";
import { openModal } from "./modal.js";
import { store } from "./state.js";
import { complain } from "./toasts.js";

const QUICK_MILLISECONDS = 400;

let lastKey = 0;

/** Return who acts where. */
function place() {
  const { userId, channelId } = store.state;
  return { user_id: userId, channel_id: channelId };
}

/**
 * Type a slash command.
 * @param {string} name with its subcommands after spaces
 * @param {Object<string, unknown>} options
 */
export function runCommand(name, options) {
  return command(`/${name}`, { name, options });
}

/**
 * Use an entry of a message's menu.
 * @param {object} entry the command as it is registered
 * @param {string} messageId
 */
export function runOnMessage(entry, messageId) {
  return command(entry.name, { name: entry.name, type: entry.type, target_id: messageId });
}

/**
 * Ask the bot what an option could be.
 * @param {string} name of the command
 * @param {Object<string, unknown>} options as far as they are typed
 * @param {string} focused
 * @returns {Promise<Array<{name: string, value: unknown}>>}
 */
export async function complete(name, options, focused) {
  const { choices } = await api.type({ ...place(), name, options, focused });
  return choices ?? [];
}

/**
 * Press a button of a message.
 * @param {string} messageId
 * @param {string} customId
 */
export async function press(messageId, customId) {
  const mark = (/** @type {"pending"|"failed"|null} */ how) => {
    const clicks = new Map(store.state.clicks);
    for (const key of clicks.keys()) if (key.startsWith(`${messageId} `)) clicks.delete(key);
    if (how) clicks.set(`${messageId} ${customId}`, how);
    store.set({ clicks });
  };
  mark("pending");
  try {
    const answered = await api.click({ ...place(), message_id: messageId, custom_id: customId });
    mark(answered.state === "failed" ? "failed" : null);
    if (answered.state !== "failed") forgetFailures();
    if (answered.modal) openModal(answered);
  } catch (error) {
    mark(null);
    complain(error.message);
  }
}

/**
 * Add a reaction, or take one's own away.
 * @param {object} message
 * @param {string} emoji
 */
export function toggleReaction(message, emoji) {
  const isMine = message.reacted[emoji]?.includes(store.state.userId) ?? false;
  return attempt(() => api.react({ ...place(), message_id: message.id, emoji, remove: isMine }));
}

/**
 * Write a message.
 * @param {string} content
 * @returns {Promise<boolean>} whether it was taken
 */
export async function say(content) {
  const reply = store.state.replyTo;
  const taken = await attempt(() => api.write(place(), content, reply?.id ?? null));
  if (taken) store.set({ replyTo: null });
  return taken;
}

/**
 * Delete a message.
 * @param {string} messageId
 */
export function remove(messageId) {
  return attempt(() => api.remove(place(), messageId));
}

/**
 * Put an ephemeral message away: nobody else saw it, and nobody sees it again.
 * @param {string} messageId
 */
export function dismiss(messageId) {
  store.set({ dismissed: new Set(store.state.dismissed).add(messageId) });
}

/**
 * Put away the notice that a command was not answered.
 * @param {number} key
 */
export function dismissWaiting(key) {
  store.set({ waiting: store.state.waiting.filter((each) => each.key !== key) });
}

/**
 * Kill, start, stop or restart the bot.
 * @param {"kill"|"start"|"stop"|"restart"} what
 */
export function drive(what) {
  return attempt(() => api.drive(what));
}

/**
 * Turn a switch.
 * @param {string} name
 * @param {boolean} isOn
 */
export function turn(name, isOn) {
  return attempt(async () => store.set({ switches: await api.turn({ [name]: isOn }) }));
}

async function command(shown, typed) {
  const key = (lastKey += 1);
  const at = place();
  const note = { key, name: shown, userId: at.user_id, channelId: at.channel_id, at: new Date() };
  const tell = (state) => {
    const others = store.state.waiting.filter((each) => each.key !== key);
    store.set({ waiting: [...others, { ...note, state }] });
  };
  const timer = setTimeout(() => tell("pending"), QUICK_MILLISECONDS);
  try {
    const answered = await api.type({ ...at, ...typed });
    if (answered.modal) openModal(answered);
    if (answered.state === "failed") return tell("failed");
    dismissWaiting(key);
    forgetFailures();
  } catch (error) {
    dismissWaiting(key);
    complain(error.message);
  } finally {
    clearTimeout(timer);
  }
}

/** The bot answers: that a button got no answer before is no longer worth telling. */
function forgetFailures() {
  store.set({ clicks: new Map([...store.state.clicks].filter(([, how]) => how !== "failed")) });
}

async function attempt(deed) {
  try {
    await deed();
    return true;
  } catch (error) {
    complain(error.message);
    return false;
  }
}
