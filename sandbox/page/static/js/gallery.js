/** Pictures of a message: as a grid, behind a cover where they are spoilers, and large in a dialog. */

import { el, iconButton } from "./dom.js";
import { openDialog } from "./dialog.js";

/**
 * @typedef {object} Picture
 * @property {string} url
 * @property {string} [description] what is told to those who do not see it
 * @property {boolean} [spoiler]
 * @property {number} [width]
 * @property {number} [height]
 */

/**
 * Return a grid of pictures, each of which opens large.
 * @param {Picture[]} pictures
 * @param {{has: (url: string) => boolean, add: (url: string) => unknown}} shown whose covers were taken away
 * @returns {HTMLElement}
 */
export function gallery(pictures, shown) {
  const open = (picture) => {
    const uncovered = pictures.filter(({ spoiler, url }) => !spoiler || shown.has(url));
    openLightbox(uncovered, uncovered.indexOf(picture));
  };
  const cells = pictures.map((picture) => cell(picture, () => open(picture), shown));
  return el("div", { class: `gallery count-${Math.min(pictures.length, 5)}` }, ...cells);
}

/**
 * Return one small picture, as it stands beside a section or in an embed.
 * @param {Picture} picture
 * @param {{has: (url: string) => boolean, add: (url: string) => unknown}} shown
 * @returns {HTMLElement}
 */
export function thumbnail(picture, shown) {
  const made = cell(picture, () => openLightbox([picture], 0), shown);
  made.classList.add("thumbnail");
  return made;
}

function cell(picture, open, shown) {
  const image = el(
    "img",
    {
      src: picture.url,
      alt: picture.description || "Picture without a description",
      decoding: "async",
      width: picture.width,
      height: picture.height,
    },
  );
  const holder = el(
    "div",
    { class: "picture" },
    el("button", { type: "button", class: "picture-open", title: "Show it large", onclick: open }, image),
  );
  if (picture.width && picture.height) {
    holder.classList.add("sized");
    holder.style.setProperty("--ratio", String(picture.width / picture.height));
    holder.style.setProperty("--most", `${picture.height}px`);
  }
  image.addEventListener("error", () => holder.classList.add("broken"));
  return picture.spoiler && !shown.has(picture.url) ? covered(picture, holder, shown) : holder;
}

function covered(picture, holder, shown) {
  const inner = holder.firstElementChild;
  const cover = el(
    "button",
    { type: "button", class: "picture-cover", "aria-label": "Spoiler: show the picture" },
    el("span", {}, "Spoiler"),
  );
  inner.inert = true;
  holder.classList.add("covered");
  cover.addEventListener("click", () => {
    shown.add(picture.url);
    holder.classList.remove("covered");
    inner.inert = false;
    cover.remove();
    inner.focus();
  });
  holder.append(cover);
  return holder;
}

function openLightbox(pictures, start) {
  let index = start;
  const image = el("img", { class: "lightbox-image", alt: "" });
  const caption = el("p", { class: "lightbox-caption" });
  const original = el(
    "a",
    { class: "lightbox-link", target: "_blank", rel: "noopener noreferrer" },
    "Open in a tab of its own",
  );
  const place = el("p", { class: "lightbox-place", "aria-live": "polite" });
  const show = (to) => {
    index = (to + pictures.length) % pictures.length;
    const { url, description } = pictures[index];
    image.src = url;
    image.alt = description || "Picture without a description";
    caption.textContent = description ?? "";
    original.href = url;
    place.textContent = `${index + 1} of ${pictures.length}`;
  };
  const several = pictures.length > 1;
  const step = (by) => iconButton(
    by < 0 ? "previous" : "next",
    by < 0 ? "Previous picture" : "Next picture",
    () => show(index + by),
    { class: `icon-button lightbox-step step-${by < 0 ? "back" : "on"}` },
  );
  const { dialog, close } = openDialog({ label: "Picture", class: "lightbox" },
    iconButton("close", "Close", () => close(), { class: "icon-button lightbox-close" }),
    several && step(-1),
    el("figure", {}, image, el("figcaption", {}, several && place, caption, original)),
    several && step(1),
  );
  dialog.addEventListener("keydown", ({ key }) => {
    if (several && key === "ArrowLeft") show(index - 1);
    if (several && key === "ArrowRight") show(index + 1);
  });
  show(start);
}
