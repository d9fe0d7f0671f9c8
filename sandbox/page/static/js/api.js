/** What the page asks of its server. Every function rejects with an Error whose message can be shown. */

/**
 * @typedef {object} Interaction
 * @property {string} id
 * @property {"sent"|"answered"|"deferred"|"failed"} state
 * @property {object|null} modal
 * @property {Array<{name: string, value: unknown}>|null} choices
 */

/** Somebody in a channel. @typedef {{user_id: string, channel_id: string}} Place */

/**
 * Type a command, open a context menu (`type`, `target_id`), or complete the option `focused`.
 * @param {Place & {name: string, options?: object, type?: number, target_id?: string, focused?: string}} typed
 * @returns {Promise<Interaction>}
 */
export function type(typed) {
  return call("POST", "/discord/commands", typed);
}

/**
 * Press a button.
 * @param {Place & {message_id: string, custom_id: string}} pressed
 * @returns {Promise<Interaction>}
 */
export function click(pressed) {
  return call("POST", "/discord/clicks", pressed);
}

/**
 * Submit a modal.
 * @param {{user_id: string, interaction_id: string, values: Object<string, string|string[]>}} filled
 * @returns {Promise<Interaction>}
 */
export function submit(filled) {
  return call("POST", "/discord/modals", filled);
}

/**
 * Add a reaction, or with `remove` take one's own away.
 * @param {Place & {message_id: string, emoji: string, remove: boolean}} reaction
 */
export function react(reaction) {
  return call("POST", "/discord/reactions", reaction);
}

/**
 * Write a message, perhaps in reply to another.
 * @param {Place} place
 * @param {string} content
 * @param {string|null} replyTo
 */
export function write({ user_id, channel_id }, content, replyTo) {
  const reference = replyTo && { message_reference: { message_id: replyTo } };
  return call("POST", `/discord/channels/${channel_id}/messages`, { user_id, content, ...reference });
}

/**
 * Delete a message.
 * @param {Place} place
 * @param {string} messageId
 */
export function remove({ user_id, channel_id }, messageId) {
  return call("DELETE", `/discord/channels/${channel_id}/messages/${messageId}?user_id=${user_id}`);
}

/**
 * Kill, start, stop or restart the bot.
 * @param {"kill"|"start"|"stop"|"restart"} what
 */
export function drive(what) {
  return call("POST", "/bot", { do: what });
}

/**
 * Turn some of the switches.
 * @param {Object<string, boolean>} switches
 */
export function turn(switches) {
  return call("POST", "/switches", switches);
}

async function call(method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Error("The sandbox does not answer. Is it still running?");
  }
  const text = await answer.text();
  const found = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new Error(found?.message ?? found?.error ?? `The sandbox answered ${answer.status}.`);
  return found;
}
