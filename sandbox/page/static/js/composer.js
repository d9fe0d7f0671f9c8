/** The line at the bottom where messages and commands are typed. */

import { runCommand, say } from "./actions.js";
import { CommandForm } from "./command_form.js";
import { leaves, matching, readLine } from "./commands.js";
import { el, fill, iconButton } from "./dom.js";
import { botName, channel, store } from "./state.js";
import { COMBOBOX, Suggestions } from "./suggestions.js";

const NO_COMMANDS =
  "There are no commands here. The bot registers them when it is ready; in direct messages it has none.";

/**
 * Make the composer work.
 * @param {HTMLFormElement} form
 * @param {() => void} onSent
 */
export function makeComposer(form, onSent) {
  const hint = el("div", { class: "composer-hint", id: "composer-hint" });
  const list = el(
    "div",
    { id: "suggestions", class: "suggestions", role: "listbox", "aria-label": "Commands", hidden: true },
  );
  const popup = el("div", { class: "composer-popup" }, hint, list);
  const replying = el("div", { class: "replying" });
  const row = el("div", { class: "composer-row" });
  const suggestions = new Suggestions(list);
  const input = el("input", { ...COMBOBOX, id: "composer-input", maxlength: "2000" });
  const send = iconButton("send", "Send", () => {}, { type: "submit", class: "icon-button composer-send" });
  /** @type {CommandForm|null} */
  let command = null;

  function write(typed = "") {
    command = null;
    suggestions.close();
    fill(hint);
    input.value = typed;
    fill(row, input, send);
    if (typed) offerCommands();
  }

  function beginCommand(leaf, texts = new Map()) {
    suggestions.close();
    command = new CommandForm(leaf, texts, { hint, suggestions, leave: (typed) => (write(typed), input.focus()) });
    fill(row, command.node, iconButton("close", "Leave the command", () => (write(), input.focus())), send);
    command.focus();
  }

  function offerCommands() {
    const all = leaves(store.state.commands);
    const line = readLine(all, input.value);
    if (line) return beginCommand(line.leaf, line.texts);
    const typed = input.value.startsWith("/") ? input.value.slice(1) : null;
    const items = typed === null ? [] : matching(all, typed).map(
      (leaf) => ({ label: `/${leaf.name}`, description: leaf.description, value: leaf }),
    );
    suggestions.offer(input, items, { label: "Commands", first: true, pick: ({ value }) => beginCommand(value) });
    if (typed === null) fill(hint);
    else if (items.length) fill(hint, el("strong", {}, `Commands of ${botName()}`));
    else fill(hint, all.length ? "No command fits." : NO_COMMANDS);
  }

  input.addEventListener("input", offerCommands);
  input.addEventListener("keydown", (event) => {
    if (suggestions.take(event)) return;
    if (event.key === "Escape") store.set({ replyTo: null });
  });
  form.addEventListener("focusout", ({ relatedTarget }) => {
    if (!form.contains(relatedTarget)) {
      suggestions.close();
      fill(hint);
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!command) return sendText(input, onSent);
    const options = command.read();
    if (!options) return;
    const { name } = command.leaf;
    write();
    input.focus();
    onSent();
    await runCommand(name, options);
  });
  form.append(popup, replying, row);

  let place = "";
  store.on(["channelId", "userId", "world"], () => {
    const { channelId, userId } = store.state;
    const label = channel().isDm ? `Message @${channel().name}` : `Message #${channel().name}`;
    input.placeholder = label;
    input.setAttribute("aria-label", label);
    if (place !== `${channelId} ${userId}`) write();
    place = `${channelId} ${userId}`;
  });
  store.on(["commands"], () => {
    if (!command && input.value.startsWith("/") && document.activeElement === input) offerCommands();
  });
  store.on(["replyTo"], () => {
    const { replyTo } = store.state;
    if (!replyTo) return fill(replying);
    const stop = iconButton("close", "Do not reply", () => store.set({ replyTo: null }));
    fill(replying, el("span", {}, "Replying to ", el("strong", {}, replyTo.author.username)), stop);
  });
}

async function sendText(input, onSent) {
  const content = input.value.trim();
  if (!content || !(await say(content))) return;
  input.value = "";
  onSent();
}
