/** One option of a command while it is filled in. */

import { KINDS, problemOf, readTyped } from "./commands.js";
import { avatar, el, icon } from "./dom.js";
import { home } from "./state.js";
import { COMBOBOX } from "./suggestions.js";

const MOST_SHOWN = 25;

/** A text field with its name, and what may be chosen for it. */
export class OptionField {
  /** @type {unknown} */
  #chosen;

  /**
   * @param {object} option as it is registered
   * @param {string} typed what stands in it to begin with
   */
  constructor(option, typed = "") {
    this.option = option;
    const id = `option-${option.name}`;
    this.input = /** @type {HTMLInputElement} */ (
      el("input", {
        ...COMBOBOX,
        id,
        spellcheck: "false",
        "aria-describedby": "composer-hint",
        "aria-required": String(Boolean(option.required)),
      })
    );
    this.input.value = typed;
    this.node = el(
      "span",
      { class: "option-field", "data-option": option.name },
      el("label", { for: id }, option.name),
      this.input,
    );
    this.input.addEventListener("input", () => {
      this.#dropName();
      this.mark("");
    });
  }

  /** Return what is chosen or typed; undefined where it is nothing of the option's kind. */
  get value() {
    const typed = this.input.value;
    if (this.#chosen !== undefined && this.#chosen.label === typed) return this.#chosen.value;
    if (!this.takesAnything) return this.listed("").find(
      ({ label }) => label.toLowerCase() === typed.trim().toLowerCase(),
    )?.value;
    return readTyped(this.option, typed);
  }

  /** Return what is wrong with it; "" where nothing is. */
  get problem() {
    return problemOf(this.option, this.value, this.input.value);
  }

  /** Tell whether it takes more than what a list offers. */
  get takesAnything() {
    return !this.option.choices && ["text", "integer", "number"].includes(KINDS[this.option.type]);
  }

  /**
   * Put a text into it.
   * @param {string} text
   * @returns {OptionField}
   */
  write(text) {
    this.input.value = text;
    this.mark("");
    return this;
  }

  /**
   * Take what was picked from the list.
   * @param {import("./suggestions.js").Suggestion} item
   */
  choose(item) {
    this.#chosen = item;
    this.write(item.label);
  }

  /**
   * Show that something is wrong, or with "" that nothing is.
   * @param {string} problem
   */
  mark(problem) {
    this.node.classList.toggle("wrong", Boolean(problem));
    if (problem) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  /**
   * Return what can be chosen without asking the bot.
   * @param {string} typed
   * @returns {import("./suggestions.js").Suggestion[]}
   */
  listed(typed) {
    const wanted = typed.trim().toLowerCase().replace(/^[@#]/, "");
    const isChosen = this.#chosen?.label === typed;
    return this.#all().filter(({ label }) => isChosen || label.toLowerCase().includes(wanted)).slice(0, MOST_SHOWN);
  }

  /** Its own name in front of what is typed, as in a line that is pasted, is no part of the value. */
  #dropName() {
    const typed = this.input.value;
    const text = typed.replace(new RegExp(`^${this.option.name}:`), "");
    if (text !== typed || !text.trim()) this.input.value = text.trim();
  }

  #all() {
    const { choices, type } = this.option;
    if (choices) return choices.map(({ name, value }) => ({ label: name, value }));
    const here = home();
    const people = () => here.members.map(
      ({ id, name, bot }) => ({ label: `@${name}`, value: id, before: avatar({ username: name, bot }) }),
    );
    const roles = () => here.roles.map(
      ({ id, name }) => ({
        label: `@${name.replace(/^@/, "")}`,
        value: id,
        description: "Role",
        before: icon("role"),
      }),
    );
    switch (KINDS[type]) {
      case "boolean":
        return [{ label: "True", value: true }, { label: "False", value: false }];
      case "user":
        return people();
      case "role":
        return roles();
      case "mentionable":
        return [...people(), ...roles()];
      case "channel":
        return here.channels.map(({ id, name }) => ({ label: `#${name}`, value: id }));
      default:
        return [];
    }
  }
}
