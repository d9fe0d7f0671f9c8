/** Ways to a message of the sandbox: links that would else lead to Discord itself. */

import { go } from "./places.js";
import { store } from "./state.js";

const TO_MESSAGE = /^https:\/\/discord\.com\/channels\/\d+\/(\d+)\/(\d+)$/;
const PATIENCE_MILLISECONDS = 5_000;

/**
 * Bring a message of the channel that is looked at, or is about to be, into view.
 * @param {string} id
 */
export function showMessage(id) {
  const found = () => document.querySelector(`article[data-id="${id}"]`);
  const show = () => {
    found().scrollIntoView({ block: "center" });
    found().focus();
  };
  if (found()) {
    show();
    return;
  }
  const waiting = new MutationObserver(() => {
    if (!found()) return;
    waiting.disconnect();
    show();
  });
  waiting.observe(document.getElementById("messages"), { childList: true, subtree: true });
  setTimeout(() => waiting.disconnect(), PATIENCE_MILLISECONDS);
}

/**
 * Let links to messages lead there within the page.
 * @param {import("./live.js").Live} live
 */
export function keepLinksHere(live) {
  document.addEventListener("click", (event) => {
    const [, channelId, messageId] = TO_MESSAGE.exec(event.target.closest("a")?.href ?? "") ?? [];
    if (!messageId) return;
    event.preventDefault();
    if (channelId !== store.state.channelId) go(live, { channelId });
    showMessage(messageId);
  });
}
