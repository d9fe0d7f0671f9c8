/** Who the page acts as, and where it looks: chosen here, remembered in the address. */

import { member, store } from "./state.js";

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
 * Go on where the page was, if that is still there: after a restart of the sandbox nothing is.
 * @param {import("./live.js").Live} live
 */
export function resume(live) {
  if (store.state.userId) go(live, {});
  else begin(live);
}

/** Go to where the address says, or to where everything begins. */
function begin(live) {
  const { guilds } = store.state.world;
  const [name, wanted] = decodeURIComponent(location.hash.slice(1)).split("/");
  const people = guilds.flatMap(
    ({ members, channels }) => members.filter(({ bot }) => !bot).map((each) => ({ ...each, channels })),
  );
  const { id: userId, channels } = people.find((each) => each.name === (name || FIRST_PERSON)) ?? people[0];
  const channel = channels.find(({ id }) => id === wanted) ?? channels.find(
    (each) => each.name === FIRST_CHANNEL,
  ) ?? channels[0];
  go(live, { userId, channelId: channel.id });
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
  return encodeURIComponent(member(userId)?.name ?? "");
}
