/** Dialogs over the page. The browser's own element keeps the focus inside and closes on Escape. */

import { el } from "./dom.js";

/**
 * Open a dialog; what had the focus has it again afterwards, if it is still there.
 * @param {{label?: string, labelledby?: string, class?: string, onclose?: () => void}} how
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {{dialog: HTMLDialogElement, close: () => void}}
 */
export function openDialog({ label, labelledby, class: kind, onclose }, ...children) {
  const before = document.activeElement;
  const dialog = /** @type {HTMLDialogElement} */ (
    el("dialog", { class: kind, "aria-label": label, "aria-labelledby": labelledby }, ...children)
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    onclose?.();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && isOutside(dialog, event)) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, close: () => dialog.close() };
}

function isOutside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
