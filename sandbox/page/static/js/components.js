/** What a message is made of: components of both kinds, embeds and files. Source: Discord's reference, Components. */

import { el, icon } from "./dom.js";
import { emojiNode } from "./emoji.js";
import { gallery, thumbnail } from "./gallery.js";
import { markdown } from "./markdown.js";

/**
 * @typedef {object} Surroundings of a component
 * @property {import("./markdown.js").Names} names
 * @property {{has: (url: string) => boolean, add: (url: string) => unknown}} shown whose covers were taken away
 * @property {(customId: string) => void} click
 * @property {(customId: string) => boolean} isPending whether a click is being answered
 */

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const KIBIBYTE = 1024;

/** @type {Object<number, (component: object, around: Surroundings) => Node>} */
const MAKERS = {
  1: (row, around) => el("div", { class: "action-row" }, ...components(row.components, around)),
  2: button,
  9: (section, around) => el(
    "div",
    { class: "section" },
    el("div", { class: "section-text" }, ...components(section.components, around)),
    component(section.accessory, around),
  ),
  10: ({ content }, { names }) => markdown(content, names),
  11: (shown, around) => thumbnail(picture(shown), around.shown),
  12: ({ items }, around) => gallery(items.map((item) => picture(item)), around.shown),
  13: ({ file, name, size }) => fileCard({ url: file.url, filename: name, size }),
  14: ({ divider, spacing }) => el("hr", { class: `separator spacing-${spacing}${divider ? "" : " invisible"}` }),
  17: container,
};

/**
 * Return the elements that show a list of components.
 * @param {object[]} list
 * @param {Surroundings} around
 * @returns {Node[]}
 */
export function components(list, around) {
  return list.map((each) => component(each, around));
}

/**
 * Return the element that shows an embed.
 * @param {object} shown
 * @param {Surroundings} around
 * @returns {HTMLElement}
 */
export function embed(shown, around) {
  const { names } = around;
  const titled = shown.title && el("div", { class: "embed-title" }, ...inlineOf(shown.title, names));
  const fields = (shown.fields ?? []).map(({ name, value, inline }) =>
    el("div", { class: inline ? "embed-field inline" : "embed-field" },
      el("div", { class: "embed-field-name" }, ...inlineOf(name, names)),
      markdown(value, names)));
  const made = el("div", { class: "embed" },
    shown.author && el("div", { class: "embed-author" }, shown.author.name),
    shown.url ? el("a", { href: webAddress(shown.url), target: "_blank", rel: "noopener noreferrer" }, titled) : titled,
    shown.description && markdown(shown.description, names),
    fields.length > 0 && el("div", { class: "embed-fields" }, ...fields),
    shown.image && gallery([{ url: shown.image.url, description: shown.title }], around.shown),
    shown.footer && el("div", { class: "embed-footer" }, shown.footer.text));
  return tinted(made, shown.color);
}

/**
 * Return the element that shows a file of a message: a picture, or something to download.
 * @param {object} file
 * @param {Surroundings} around
 * @returns {HTMLElement}
 */
export function attachment(file, around) {
  if (!file.content_type?.startsWith("image/")) return fileCard(file);
  const { url, description, width, height, filename } = file;
  return gallery([{ url, description, width, height, spoiler: filename.startsWith("SPOILER_") }], around.shown);
}

function component(found, around) {
  const make = MAKERS[found.type];
  if (make) return make(found, around);
  return el("p", { class: "unknown-component" }, `The page cannot show components of type ${found.type}.`);
}

function container(found, around) {
  return tinted(el("div", { class: "container" }, ...components(found.components, around)), found.accent_color);
}

/** Return an address of the web; null for any other, such as one that would run something. */
function webAddress(url) {
  return /^https?:\/\//i.test(url) ? url : null;
}

function tinted(made, colour) {
  if (typeof colour === "number") made.style.setProperty("--accent", `#${colour.toString(16).padStart(6, "0")}`);
  return made;
}

function button(found, around) {
  const content = [
    found.emoji && emojiNode(found.emoji.name, { decorative: Boolean(found.label) }),
    found.label && el("span", {}, found.label),
  ];
  const kind = `button style-${STYLES[found.style] ?? "secondary"}`;
  if (found.url) {
    return el(
      "a",
      { class: kind, href: webAddress(found.url), target: "_blank", rel: "noopener noreferrer" },
      ...content,
      icon("open"),
    );
  }
  const isPending = around.isPending(found.custom_id);
  const made = el(
    "button",
    {
      type: "button",
      class: kind,
      disabled: found.disabled,
      "data-custom-id": found.custom_id,
      "aria-busy": isPending && "true",
    },
    ...content,
  );
  made.addEventListener("click", () => {
    if (!around.isPending(found.custom_id)) around.click(found.custom_id);
  });
  return made;
}

function picture({ media, description, spoiler }) {
  return { url: media.url, description, spoiler, width: media.width, height: media.height };
}

function fileCard({ url, filename, size }) {
  return el("div", { class: "file-card" }, icon("file"),
    el("div", {},
      el("a", { href: url, download: filename }, filename),
      el("div", { class: "file-size" }, sizeInWords(size))));
}

function sizeInWords(bytes) {
  if (bytes < KIBIBYTE) return `${bytes} bytes`;
  if (bytes < KIBIBYTE * KIBIBYTE) return `${(bytes / KIBIBYTE).toFixed(1)} KiB`;
  return `${(bytes / KIBIBYTE / KIBIBYTE).toFixed(1)} MiB`;
}

function inlineOf(text, names) {
  return [...markdown(text, names).childNodes];
}
