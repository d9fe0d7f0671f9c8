/** A slash command while its options are filled in: a field for each, and one to add those that are optional. */

import { complete } from "./actions.js";
import { limitsOf, splitAtNames } from "./commands.js";
import { el, fill } from "./dom.js";
import { OptionField } from "./option_field.js";
import { COMBOBOX } from "./suggestions.js";
import { complain } from "./toasts.js";

const PAUSE_BEFORE_ASKING_MILLISECONDS = 250;

/** The fields of one command in the composer. */
export class CommandForm {
  /** @type {OptionField[]} */
  #fields = [];
  #timer = 0;
  #asked = 0;

  /**
   * @param {import("./commands.js").Leaf} leaf
   * @param {Map<string, string>} texts what stands in the fields to begin with
   * @param {{hint: HTMLElement, suggestions: import("./suggestions.js").Suggestions,
   *   leave: (typed: string) => void}} around
   */
  constructor(leaf, texts, around) {
    this.leaf = leaf;
    this.around = around;
    this.adder = el("input", {
      ...COMBOBOX,
      id: "composer-input",
      class: "option-adder",
      "aria-describedby": "composer-hint",
      "aria-label": "Add an option",
    });
    this.adder.addEventListener("focus", () => this.#offerOptions());
    this.adder.addEventListener("input", () => this.#takeNames(this.adder) || this.#offerOptions());
    this.adder.addEventListener("keydown", (event) => this.#onAdderKey(event));
    this.node = el("div", { class: "command-form", role: "group", "aria-label": `/${leaf.name}` });
    for (const option of leaf.options) {
      if (option.required || texts.has(option.name)) this.#add(option, texts.get(option.name));
    }
    this.#draw();
  }

  /** Put the focus where something is missing, or at the end. */
  focus() {
    (this.#fields.find(({ input }) => !input.value)?.input ?? this.adder).focus();
  }

  /** Return the options as they are sent; null, with the first problem shown, where something is wrong. */
  read() {
    const wrong = this.#fields.filter((field) => field.problem);
    for (const field of wrong) field.mark(field.problem);
    if (wrong.length) {
      wrong[0].input.focus();
      this.#hint(wrong[0], wrong[0].problem);
      return null;
    }
    return this.#values();
  }

  #values() {
    return Object.fromEntries(
      this.#fields.filter(({ input }) => input.value).map((field) => [field.option.name, field.value]),
    );
  }

  #add(option, typed) {
    const field = new OptionField(option, typed);
    field.input.addEventListener("focus", () => this.#offer(field));
    field.input.addEventListener("input", () => this.#takeNames(field.input) || this.#offer(field));
    field.input.addEventListener("blur", () => field.mark(field.input.value ? field.problem : ""));
    field.input.addEventListener("keydown", (event) => this.#onFieldKey(field, event));
    this.#fields.push(field);
    return field;
  }

  /**
   * Take the names of empty options that are typed or pasted into a field, `a fox steps: 20`, to fields of their own.
   * @param {HTMLInputElement} input
   * @returns {boolean} whether there were any
   */
  #takeNames(input) {
    const filled = new Set(this.#fields.filter((each) => each.input.value).map(({ option }) => option.name));
    const empty = this.leaf.options.filter(({ name }) => !filled.has(name));
    const { before, texts } = splitAtNames(empty, input.value);
    if (!texts.size) return false;
    input.value = before;
    const fields = [...texts].map(([name, text]) => this.#fieldOf(name).write(text));
    this.#draw();
    fields.at(-1).input.focus();
    return true;
  }

  /** Return the field of an option; it is added where it is not there. */
  #fieldOf(name) {
    const isIt = ({ option }) => option.name === name;
    return this.#fields.find(isIt) ?? this.#add(this.leaf.options.find((each) => each.name === name));
  }

  #draw() {
    const rest = this.#rest();
    this.adder.placeholder = rest.length ? `+ ${rest.length} optional` : "";
    this.adder.classList.toggle("nothing-left", !rest.length);
    fill(
      this.node,
      el("span", { class: "command-name" }, `/${this.leaf.name}`),
      ...this.#fields.map(({ node }) => node),
      this.adder,
    );
  }

  #rest() {
    const there = new Set(this.#fields.map(({ option }) => option.name));
    return this.leaf.options.filter(({ name }) => !there.has(name));
  }

  #offer(field) {
    const { suggestions } = this.around;
    this.#hint(field, field.node.classList.contains("wrong") ? field.problem : "");
    if (field.option.autocomplete) return this.#ask(field);
    const items = field.listed(field.input.value);
    suggestions.offer(
      field.input,
      items,
      { label: field.option.name, first: true, pick: (item) => this.#choose(field, item) },
    );
  }

  /** Ask the bot what the option could be, once the typing pauses. */
  #ask(field) {
    clearTimeout(this.#timer);
    const number = (this.#asked += 1);
    this.#timer = setTimeout(async () => {
      try {
        const options = { ...this.#values(), [field.option.name]: field.input.value };
        const choices = await complete(this.leaf.name, options, field.option.name);
        if (number !== this.#asked || document.activeElement !== field.input) return;
        const items = choices.map(({ name, value }) => ({ label: name, value }));
        this.around.suggestions.offer(
          field.input,
          items,
          { label: field.option.name, first: false, pick: (item) => this.#choose(field, item) },
        );
      } catch (error) {
        complain(error.message);
      }
    }, PAUSE_BEFORE_ASKING_MILLISECONDS);
  }

  #choose(field, item) {
    field.choose(item);
    this.around.suggestions.close();
    this.focus();
  }

  #offerOptions() {
    const { suggestions, hint } = this.around;
    const wanted = this.adder.value.trim().toLowerCase();
    const items = this.#rest().filter(({ name }) => name.startsWith(wanted))
      .map((option) => ({ label: option.name, value: option, description: option.description }));
    fill(hint, el("strong", {}, `/${this.leaf.name}`), ` ${this.leaf.description}`);
    suggestions.offer(
      this.adder,
      items,
      { label: "Options", first: Boolean(wanted), pick: ({ value }) => this.#pickOption(value) },
    );
  }

  #pickOption(option) {
    this.adder.value = "";
    const field = this.#add(option);
    this.#draw();
    field.input.focus();
  }

  #remove(field) {
    this.#fields = this.#fields.filter((each) => each !== field);
    this.#draw();
    this.adder.focus();
  }

  #onFieldKey(field, event) {
    if (this.around.suggestions.take(event)) return;
    if (event.key === "Escape") return this.around.leave("");
    if (event.key !== "Backspace" || field.input.value) return;
    event.preventDefault();
    if (field.option.required) this.around.leave(`/${this.leaf.name}`);
    else this.#remove(field);
  }

  #onAdderKey(event) {
    if (this.around.suggestions.take(event)) return;
    if (event.key === "Escape") return this.around.leave("");
    if (event.key !== "Backspace" || this.adder.value) return;
    event.preventDefault();
    const last = this.#fields.at(-1);
    if (last) last.input.focus();
    else this.around.leave(`/${this.leaf.name}`);
  }

  #hint({ option }, problem) {
    fill(this.around.hint, el("strong", {}, option.name), ` ${option.description}`, el(
      "span",
      { class: "limits" },
      limitsOf(option),
    ),
      problem && el("span", { class: "problem", role: "alert" }, problem));
  }
}
