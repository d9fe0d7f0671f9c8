/** Menus that open over the page: of a message, and of reactions to choose from. */

import { el, icon } from "./dom.js";

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {() => void} run
 * @property {string} [drawing] of `icons.svg`
 * @property {Node} [before] shown in front of the label
 * @property {string} [description]
 * @property {boolean} [danger]
 * @property {boolean} [checked] where one of several is the present one
 */

const GAP = 4;

/**
 * Open a menu at a place or beside an element.
 * @param {string} label its name
 * @param {Array<{heading?: string, items: Item[]}>} groups
 * @param {HTMLElement|{x: number, y: number}} at
 * @param {{class?: string, back?: HTMLElement}} [how] `back` gets the focus afterwards
 */
export function openMenu(label, groups, at, { class: kind = "", back } = {}) {
  closeMenu?.();
  const returnTo = back ?? (at instanceof HTMLElement ? at : document.activeElement);
  const menu = el(
    "div",
    { class: `menu ${kind}`, role: "menu", "aria-label": label, popover: "manual" },
    ...groups.map(group),
  );
  const items = [...menu.querySelectorAll("[role^=menuitem]")];

  function close({ refocus }) {
    if (closeMenu !== dismiss) return;
    closeMenu = null;
    document.removeEventListener("pointerdown", onOutside, true);
    menu.remove();
    if (refocus && returnTo instanceof HTMLElement && returnTo.isConnected) returnTo.focus();
  }
  const dismiss = () => close({ refocus: false });
  const onOutside = (event) => {
    if (!menu.contains(event.target)) dismiss();
  };
  menu.addEventListener("keydown", (event) => {
    const now = items.indexOf(document.activeElement);
    const to = {
      ArrowDown: now + 1,
      ArrowRight: now + 1,
      ArrowUp: now - 1,
      ArrowLeft: now - 1,
      Home: 0,
      End: -1,
    }[event.key];
    if (to !== undefined) items.at(to % items.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") close({ refocus: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  menu.addEventListener("click", (event) => {
    const item = event.target.closest("[role^=menuitem]");
    if (!item) return;
    close({ refocus: true });
    groups.flatMap((each) => each.items)[items.indexOf(item)].run();
  });

  closeMenu = dismiss;
  document.body.append(menu);
  menu.showPopover();
  place(menu, at);
  document.addEventListener("pointerdown", onOutside, true);
  (items.find((item) => item.ariaChecked === "true") ?? items[0])?.focus();
}

/** @type {(() => void) | null} Closes the menu that is open: there is one at most. */
let closeMenu = null;

function group({ heading, items }) {
  const title = heading && el("div", { class: "menu-heading", "aria-hidden": "true" }, heading);
  return el("div", { class: "menu-group", role: "group", "aria-label": heading }, title, ...items.map(itemNode));
}

function itemNode({ label, description, before, drawing, danger, checked }) {
  const role = checked === undefined ? "menuitem" : "menuitemradio";
  const props = {
    role,
    "aria-checked": checked === undefined ? null : String(checked),
    "aria-label": label,
    title: label,
  };
  return el("button", { type: "button", tabindex: "-1", class: danger ? "menu-item danger" : "menu-item", ...props },
    before, el(
      "span",
      { class: "menu-label" },
      label,
      description && el("span", { class: "menu-description" }, description),
    ),
    checked ? icon("check") : drawing && icon(drawing));
}

function place(menu, at) {
  const beside = at instanceof HTMLElement ? at.getBoundingClientRect() : {
    left: at.x,
    right: at.x,
    top: at.y,
    bottom: at.y,
  };
  const { width, height } = menu.getBoundingClientRect();
  const fitsBelow = beside.bottom + GAP + height <= innerHeight;
  const left = Math.min(
    Math.max(GAP, at instanceof HTMLElement ? beside.right - width : beside.left),
    innerWidth - width - GAP,
  );
  const top = fitsBelow ? beside.bottom + GAP : Math.max(GAP, beside.top - height - GAP);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}
