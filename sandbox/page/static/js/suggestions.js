/** The list above the composer from which a text field takes what it offers: one list for all fields. */

import { el, fill } from "./dom.js";

/**
 * @typedef {object} Suggestion
 * @property {string} label
 * @property {unknown} value
 * @property {string} [description]
 * @property {Node} [before]
 */

/** What makes a text field one that takes from the list. */
export const COMBOBOX = {
  type: "text",
  role: "combobox",
  autocomplete: "off",
  "aria-autocomplete": "list",
  "aria-expanded": "false",
  "aria-controls": "suggestions",
};

/** A listbox that the field with the focus controls. */
export class Suggestions {
  #items = [];
  #active = -1;
  #pick = (_) => {};
  /** @type {HTMLInputElement|null} */
  #field = null;

  /** @param {HTMLElement} list with the role `listbox` */
  constructor(list) {
    this.list = list;
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#pick(this.#items[[...this.list.children].indexOf(option)]);
    });
  }

  /** Tell whether something is offered. */
  get isOpen() {
    return this.#items.length > 0;
  }

  /** Return what would be taken by Enter. */
  get active() {
    return this.#items[this.#active] ?? null;
  }

  /**
   * Offer something to a field.
   * @param {HTMLInputElement} field
   * @param {Suggestion[]} items
   * @param {{pick: (item: Suggestion) => void, label: string, first: boolean}} how
   *   `first`: the first is active at once
   */
  offer(field, items, { pick, label, first }) {
    this.close();
    this.#field = field;
    this.#items = items;
    this.#pick = pick;
    this.list.setAttribute("aria-label", label);
    fill(this.list, ...items.map(optionNode));
    this.list.hidden = !items.length;
    field.setAttribute("aria-expanded", String(items.length > 0));
    this.#activate(first && items.length ? 0 : -1);
  }

  /** Offer nothing. */
  close() {
    this.#items = [];
    this.#active = -1;
    this.#field?.setAttribute("aria-expanded", "false");
    this.#field?.removeAttribute("aria-activedescendant");
    this.list.hidden = true;
    this.list.replaceChildren();
  }

  /**
   * Do what a key means to the list.
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it meant something
   */
  take(event) {
    if (!this.isOpen) return false;
    const count = this.#items.length;
    if (event.key === "ArrowDown") this.#activate((this.#active + 1) % count);
    else if (event.key === "ArrowUp") this.#activate((this.#active <= 0 ? count : this.#active) - 1);
    else if (event.key === "Escape") this.close();
    else if (this.active && isPick(event)) this.#pick(this.active);
    else return false;
    event.preventDefault();
    return true;
  }

  #activate(index) {
    this.#active = index;
    [...this.list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === index)));
    const node = this.list.children[index];
    if (node) this.#field.setAttribute("aria-activedescendant", node.id);
    else this.#field?.removeAttribute("aria-activedescendant");
    node?.scrollIntoView({ block: "nearest" });
  }
}

function isPick({ key, shiftKey }) {
  return key === "Enter" || (key === "Tab" && !shiftKey);
}

function optionNode({ label, description, before }, index) {
  return el("div", { role: "option", id: `suggestion-${index}`, class: "suggestion", "aria-selected": "false" },
    before,
    el("span", { class: "suggestion-label" }, label),
    description && el("span", { class: "suggestion-description" }, description));
}
