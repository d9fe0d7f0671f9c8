/** Short notices at the edge of the page, told to screen readers too. */

import { el, iconButton } from "./dom.js";

const SHOWN_MILLISECONDS = 8_000;

/**
 * Say that something did not work.
 * @param {string} message a whole sentence
 */
export function complain(message) {
  const toast = el("div", { class: "toast" }, el("span", {}, message));
  const put = () => toast.remove();
  toast.append(iconButton("close", "Put away", put));
  document.getElementById("toasts").append(toast);
  setTimeout(put, SHOWN_MILLISECONDS);
}
