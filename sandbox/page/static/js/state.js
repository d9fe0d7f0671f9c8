/** What the page keeps, and what follows from it. */

import { Store } from "./store.js";

const MODERATOR = "Moderator";
const KEPT = { jobs: 50, tasks: 50, calls: 200, rest: 200 };

/**
 * @typedef {object} State
 * @property {"connecting"|"open"|"lost"} connection
 * @property {object|null} world as the server tells it
 * @property {string|null} userId whom the page acts as
 * @property {string|null} channelId which channel it looks at
 * @property {string|null} dmId that person's direct messages with the bot
 * @property {boolean} isLoading whether the messages of the channel are yet to come
 * @property {Map<string, Map<string, object>>} messages of the channels looked at, by their ids
 * @property {object[]} commands that can be used there
 * @property {object[]} waiting interactions typed here that the bot has not answered, or failed to
 * @property {Map<string, "pending"|"failed">} clicks by message and custom_id
 * @property {object|null} replyTo the message that is replied to
 * @property {ReadonlySet<string>} dismissed ephemeral messages that were put away
 * @property {object|null} bot
 * @property {Object<string, boolean>|null} switches
 * @property {object|null} account
 * @property {Map<number, object>} jobs
 * @property {Map<string, object>} tasks
 * @property {Map<number, object>} calls
 * @property {Map<number, object>} rest
 * @property {ReadonlySet<string>} unread channels with news
 */

/** @type {Store<State>} */
export const store = new Store({
  connection: "connecting",
  world: null,
  userId: null,
  channelId: null,
  dmId: null,
  isLoading: true,
  messages: new Map(),
  commands: [],
  waiting: [],
  clicks: new Map(),
  replyTo: null,
  dismissed: new Set(),
  bot: null,
  switches: null,
  account: null,
  jobs: new Map(),
  tasks: new Map(),
  calls: new Map(),
  rest: new Map(),
  unread: new Set(),
});

/**
 * Take over what the server told.
 * @param {object} news one frame of `/live`
 */
export function apply(news) {
  switch (news.type) {
    case "world":
      return takeWorld(news.world);
    case "bot":
    case "switches":
    case "account":
      return store.set({ [news.type]: news.type === "bot" ? news : (news[news.type] ?? news) });
    case "looking":
      return store.set({ dmId: news.dm_id });
    case "commands":
      return news.channel_id === store.state.channelId && store.set({ commands: news.commands });
    case "messages":
      return takeMessages(news);
    case "jobs":
      return store.set({ jobs: merged("jobs", news.jobs, "id") });
    case "tasks":
      return store.set({ tasks: merged("tasks", news.tasks, "taskid") });
    case "calls":
    case "rest":
      return store.set({ [news.type]: merged(news.type, news.calls, "number") });
  }
}

/** Forget what happened behind the scenes: a new connection tells it all again. */
export function forgetBehind() {
  store.set({ jobs: new Map(), tasks: new Map(), calls: new Map(), rest: new Map() });
}

/** Return the server that the channel belongs to; null in direct messages. */
export function guild() {
  const { world, channelId } = store.state;
  return world?.guilds.find((each) => each.channels.some(({ id }) => id === channelId)) ?? null;
}

/** Return the server whose members and names matter: in direct messages, one that the person is in. */
export function home() {
  const { world, userId } = store.state;
  return guild() ?? world?.guilds.find((each) => each.members.some(({ id }) => id === userId)) ?? null;
}

/** Return the channel looked at: `{id, name, isDm}`. */
export function channel() {
  const { channelId, dmId } = store.state;
  if (channelId && channelId === dmId) return { id: channelId, name: botName(), isDm: true };
  const found = guild()?.channels.find(({ id }) => id === channelId);
  return { id: channelId, name: found?.name ?? "", isDm: false };
}

/** Return the bot's name. */
export function botName() {
  const { world } = store.state;
  return member(world?.bot_user_id)?.name ?? "the bot";
}

/**
 * Return a member by identifier, wherever they are.
 * @param {string|undefined|null} id
 */
export function member(id) {
  for (const { members } of store.state.world?.guilds ?? []) {
    const found = members.find((each) => each.id === id);
    if (found) return found;
  }
  return null;
}

/** Tell whether the person acted as may delete what others wrote here: the owner, and who has the role for it. */
export function moderates() {
  const { userId } = store.state;
  const here = guild();
  const role = here?.roles.find(({ name }) => name === MODERATOR);
  const held = here?.members.find(({ id }) => id === userId)?.role_ids ?? [];
  return here?.owner_id === userId || held.includes(role?.id);
}

/** @type {import("./markdown.js").Names} */
export const names = {
  user: (id) => member(id)?.name ?? "unknown-user",
  role: (id) => home()?.roles.find((each) => each.id === id)?.name ?? "deleted-role",
  channel: (id) => home()?.channels.find((each) => each.id === id)?.name ?? "unknown",
};

/** Whoever the page acts as may have left, or never have been in a sandbox that was started anew. */
function takeWorld(world) {
  const isThere = world.guilds.some(({ members }) => members.some(({ id }) => id === store.state.userId));
  store.set(isThere ? { world } : { world, userId: null, channelId: null, dmId: null, messages: new Map() });
}

function takeMessages({ channel_id: channelId, snapshot, messages, deleted }) {
  const known = snapshot ? new Map() : new Map(store.state.messages.get(channelId));
  for (const each of messages) known.set(each.id, each);
  for (const id of deleted ?? []) known.delete(id);
  const all = new Map(store.state.messages).set(channelId, inOrder(known));
  const isHere = channelId === store.state.channelId;
  const unread = new Set(store.state.unread);
  if (!isHere && !snapshot && messages.length) unread.add(channelId);
  store.set({ messages: all, unread, isLoading: isHere ? false : store.state.isLoading });
}

function inOrder(messages) {
  return new Map([...messages].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)));
}

function merged(name, news, key) {
  const all = new Map(store.state[name]);
  for (const each of news) all.set(each[key], each);
  return new Map([...all].slice(-KEPT[name]));
}
