/** Elements made by code: text goes in as text, so nothing that a member or the bot wrote can become markup. */

const SVG = "http://www.w3.org/2000/svg";
const HUES = 5;
const DRAWINGS = new URL("../icons.svg", import.meta.url);

/**
 * Make an element.
 * @param {string} tag
 * @param {Object<string, unknown>} [props] attributes; `on…` functions listen; `true` is an empty attribute;
 *   `false`, null and undefined are left out.
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

/**
 * Return the children that are there.
 * @param {Array<Node|string|null|undefined|false>} children
 * @returns {Array<Node|string>}
 */
export function present(children) {
  return children.filter((each) => each !== null && each !== undefined && each !== false && each !== "");
}

/**
 * Put children in the place of those that an element has.
 * @param {Element} parent
 * @param {...(Node|string|null|undefined|false)} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...present(children));
}

/** Bring the drawings of `icons.svg` into the page, once: they are then there without the server, too. */
export async function loadDrawings() {
  const text = await (await fetch(DRAWINGS)).text();
  const sprite = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  sprite.setAttribute("class", "drawings");
  sprite.setAttribute("aria-hidden", "true");
  document.body.append(sprite);
}

/**
 * Make one of the drawings of `icons.svg`; screen readers pass over it.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/**
 * Make a button that shows a drawing alone; its name is told to screen readers and on hovering.
 * @param {string} name of the drawing
 * @param {string} label
 * @param {(event: Event) => void} onclick
 * @param {Object<string, unknown>} [props]
 * @returns {HTMLElement}
 */
export function iconButton(name, label, onclick, props = {}) {
  return el(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props },
    icon(name),
  );
}

/**
 * Make the round picture of an account: a person's first letter on a colour of its own, and one drawing for bots.
 * @param {{username: string, bot?: boolean}} user
 * @returns {HTMLElement}
 */
export function avatar({ username, bot = false }) {
  if (bot) return el("span", { class: "avatar of-bot", "aria-hidden": "true" }, icon("picture"));
  const hue = [...username].reduce((sum, each) => sum + each.codePointAt(0), 0) % HUES;
  return el("span", { class: `avatar hue-${hue}`, "aria-hidden": "true" }, username[0].toUpperCase());
}
