/** The left side: servers, channels, and whom the page acts as. */

import { avatar, el, fill, icon } from "./dom.js";
import { openMenu } from "./menu.js";
import { become, go } from "./places.js";
import { botName, channel, guild, home, member, store } from "./state.js";

const MOST_PEOPLE = 12;

/**
 * Show the left side, now and whenever it changes.
 * @param {{rail: HTMLElement, channels: HTMLElement, person: HTMLElement}} parts
 * @param {import("./live.js").Live} live
 * @param {() => void} leave called once something was chosen
 */
export function showSidebar({ rail, channels, person }, live, leave) {
  const choose = (channelId) => {
    go(live, { channelId });
    leave();
  };
  store.on(["world", "userId", "channelId", "dmId", "unread"], () => {
    if (!store.state.world || !store.state.userId) return;
    keepingFocus(rail, () => fill(rail, ...servers(choose)));
    keepingFocus(channels, () => fill(channels, ...(channel().isDm ? directMessages() : channelList(choose))));
    keepingFocus(person, () => fill(person, switcher(live)));
  });
}

function servers(choose) {
  const { world, userId, dmId, channelId, unread } = store.state;
  const isDm = channel().isDm;
  const props = {
    type: "button",
    class: "server",
    "aria-label": "Direct messages",
    title: "Direct messages",
    "aria-current": isDm && "true",
    disabled: !dmId,
    "data-key": "dm",
    onclick: () => choose(dmId),
  };
  const dm = el("button", props, icon("app"), unread.has(dmId) && dot());
  const theirs = world.guilds.filter(({ members }) => members.some(({ id }) => id === userId));
  return [dm, el("span", { class: "rail-line" }), ...theirs.map((each) => {
    const isHere = each.channels.some(({ id }) => id === channelId);
    const first = each.channels.find(({ name }) => name === "pictures") ?? each.channels[0];
    const name = { "aria-label": each.name, title: each.name, "data-key": each.id };
    const initials = each.name.split(" ").map((word) => word[0]).join("");
    const chosen = { "aria-current": isHere && "true", onclick: () => choose(first.id) };
    return el("button", { type: "button", class: "server", ...name, ...chosen }, initials);
  })];
}

function channelList(choose) {
  const here = guild();
  if (!here) return [];
  const top = here.channels.filter(({ parent_id: parent }) => !parent);
  const ordered = top.flatMap(
    (each) => [each, ...here.channels.filter(({ parent_id: parent }) => parent === each.id)],
  );
  const items = ordered.map((each) => {
    const isHere = each.id === store.state.channelId;
    const props = {
      class: "channel",
      "aria-current": isHere && "page",
      "data-key": each.id,
      onclick: () => choose(each.id),
    };
    const button = el("button", { type: "button", ...props },
      icon(each.parent_id ? "thread" : "hash"),
      el("span", { class: "channel-name" }, each.name),
      store.state.unread.has(each.id) && dot());
    return el("li", { class: each.parent_id ? "thread" : null }, button);
  });
  return [
    el("div", { class: "server-name" }, here.name),
    el("h2", { class: "channels-heading" }, "Text channels"),
    el("ul", { class: "channel-list" }, ...items),
  ];
}

function directMessages() {
  const entry = el(
    "button",
    { type: "button", class: "channel", "aria-current": "page" },
    avatar({ username: botName(), bot: true }),
    el("span", { class: "channel-name" }, botName()),
  );
  return [
    el("div", { class: "server-name" }, "Direct messages"),
    el("ul", { class: "channel-list" }, el("li", {}, entry)),
  ];
}

function switcher(live) {
  const { userId } = store.state;
  const name = member(userId)?.name ?? "";
  const words = el(
    "span",
    { class: "person-words" },
    el("span", { class: "person-name" }, name),
    el("span", { class: "person-role" }, rolesOf(userId, home()) || "No roles"),
  );
  const props = {
    type: "button",
    class: "person-button",
    "aria-haspopup": "menu",
    "data-key": "person",
    "aria-label": `You act as ${name}. Act as somebody else`,
  };
  const button = el("button", props, avatar({ username: name }), words, icon("unfold"));
  button.addEventListener("click", () => openMenu("Act as", groups(live), button, { class: "menu-people" }));
  return button;
}

function groups(live) {
  return store.state.world.guilds.map((each) => ({
    heading: `Act as, in ${each.name}`,
    items: each.members.filter(({ bot }) => !bot).slice(0, MOST_PEOPLE).map(({ id, name }) => ({
      label: name,
      description: rolesOf(id, each),
      before: avatar({ username: name }),
      checked: id === store.state.userId,
      run: () => become(live, id),
    })),
  }));
}

function rolesOf(userId, where) {
  if (!where) return "";
  if (where.owner_id === userId) return "Owner";
  const held = where.members.find(({ id }) => id === userId)?.role_ids ?? [];
  return where.roles.filter(({ id }) => held.includes(id)).map(({ name }) => name).join(", ");
}

function dot() {
  return el("span", { class: "unread" }, el("span", { class: "visually-hidden" }, "unread"));
}

function keepingFocus(part, draw) {
  const key = part.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  draw();
  if (key) part.querySelector(`[data-key="${key}"]`)?.focus();
}
