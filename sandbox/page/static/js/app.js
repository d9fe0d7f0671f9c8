/** Puts the page together. */

import { makeComposer } from "./composer.js";
import { el, fill, icon, iconButton, loadDrawings } from "./dom.js";
import { Drawers } from "./drawers.js";
import { keepLinksHere } from "./links.js";
import { Live } from "./live.js";
import { showMessages, showNewest } from "./messages.js";
import { showPanel } from "./panel.js";
import { resume } from "./places.js";
import { showSidebar } from "./sidebar.js";
import { apply, channel, forgetBehind, store } from "./state.js";
import { onSystemTheme, restoreTheme, theme, toggleTheme } from "./theme.js";
import { keepTimesTrue } from "./times.js";
import { complain } from "./toasts.js";

const ROOM_FOR_SIDEBAR = "(min-width: 760px)";
const ROOM_FOR_PANEL = "(min-width: 1120px)";

const part = (id) => document.getElementById(id);

restoreTheme();
loadDrawings();

let isNew = true; // the connection: nobody looks at anything yet
const live = new Live({
  onNews: (news) => {
    apply(news);
    if (news.type === "refused") complain(news.message);
    if (news.type === "world" && (isNew || !store.state.userId)) {
      isNew = false;
      resume(live);
    }
  },
  onConnection: (connection) => {
    isNew = true;
    if (connection === "open") forgetBehind();
    store.set({ connection });
  },
});
const drawers = new Drawers(part("scrim"));

showHead(part("chat-head"));
const sides = { rail: part("rail"), channels: part("channels"), person: part("person") };
showSidebar(sides, live, () => drawers.closeOverlays());
showMessages(part("messages"));
makeComposer(part("composer"), () => showNewest(part("messages")));
showPanel(part("panel"), () => drawers.toggle("panel", document.querySelector("[data-opens=panel]")));
drawers.add("sidebar", part("sidebar"), ROOM_FOR_SIDEBAR);
drawers.add("panel", part("panel"), ROOM_FOR_PANEL);
showBanner(part("banner"));
keepTimesTrue();
keepLinksHere(live);
live.connect();

function showHead(head) {
  const opener = (name, drawing, label) => {
    const button = iconButton(
      drawing,
      label,
      () => drawers.toggle(name, button),
      { "data-opens": name, "aria-controls": name, class: `icon-button opens-${name}` },
    );
    return button;
  };
  const title = el("h1", {});
  const lamp = iconButton("sun", "", () => {
    toggleTheme();
    showLamp();
  });
  const showLamp = () => {
    const other = theme() === "dark" ? "light" : "dark";
    const label = `Make the page ${other}`;
    lamp.setAttribute("aria-label", label);
    lamp.title = label;
    fill(lamp, icon(other === "light" ? "sun" : "moon"));
  };
  showLamp();
  onSystemTheme(showLamp);
  fill(head, opener("sidebar", "channels", "Channels"), title, lamp, opener("panel", "panel", "Behind the scenes"));
  store.on(["world", "channelId", "dmId"], () => {
    const { name, isDm } = channel();
    fill(title, icon(isDm ? "app" : "hash"), el("span", {}, name));
    document.title = name ? `${isDm ? "@" : "#"}${name} · Sandbox` : "Sandbox";
  });
}

function showBanner(banner) {
  store.on(["connection"], () => {
    const isLost = store.state.connection === "lost";
    banner.hidden = !isLost;
    if (!isLost) return fill(banner);
    const again = el("button", { type: "button", class: "banner-button", onclick: () => live.connect() }, "Try now");
    fill(banner, "The connection to the sandbox is lost. What you see may be old; the page keeps trying. ", again);
  });
}
