/** Who the page acts as, and where it looks: chosen here, remembered in the address. */

import { store } from "./state.js";

const FIRST_PERSON = "member";
const FIRST_CHANNEL = "pictures";

/**
 * Look at a channel as somebody.
 * @param {import("./live.js").Live} live
 * @param {{userId?: string, channelId?: string}} to what is not given stays
 */
export function go(live, { userId = store.state.userId, channelId = store.state.channelId }) {
  const isOther = userId !== store.state.userId;
  const messages = isOther ? new Map() : store.state.messages;
  const unread = new Set(isOther ? [] : store.state.unread);
  unread.delete(channelId);
  store.set({
    userId, channelId, messages, unread,
    commands: [],
    replyTo: null,
    isLoading: !messages.has(channelId),
    dmId: isOther ? null : store.state.dmId,
  });
  live.look(userId, channelId);
  history.replaceState(null, "", `#${nameOf(userId)}/${channelId}`);
}

/**
 * Go to where the address says, or to where everything begins.
 * @param {import("./live.js").Live} live
 */
export function begin(live) {
  const { guilds } = store.state.world;
  const [name, wanted] = decodeURIComponent(location.hash.slice(1)).split("/");
  const all = guilds.flatMap((each) => each.members.map((member) => ({ guild: each, member })));
  const { guild, member } = all.find(({ member: { name: each, bot } }) => each === (name || FIRST_PERSON) && !bot) ?? all.find(({ member: { bot } }) => !bot);
  const channels = guild.channels;
  const channel = channels.find(({ id }) => id === wanted) ?? channels.find((each) => each.name === FIRST_CHANNEL) ?? channels[0];
  go(live, { userId: member.id, channelId: channel.id });
}

/**
 * Act as somebody else, in the same channel if they are there too.
 * @param {import("./live.js").Live} live
 * @param {string} userId
 */
export function become(live, userId) {
  const { world, channelId } = store.state;
  const theirs = world.guilds.filter(({ members }) => members.some(({ id }) => id === userId));
  const channels = theirs.flatMap((each) => each.channels);
  const same = channels.find(({ id }) => id === channelId);
  const first = channels.find(({ name }) => name === FIRST_CHANNEL) ?? channels[0];
  go(live, { userId, channelId: (same ?? first).id });
}

function nameOf(userId) {
  const members = store.state.world.guilds.flatMap((each) => each.members);
  return encodeURIComponent(members.find(({ id }) => id === userId)?.name ?? "");
}
