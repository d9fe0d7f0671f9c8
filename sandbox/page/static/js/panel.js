/** Behind the scenes: the bot's process, what can be made to go wrong, jobs, and calls. */

import { drive, turn } from "./actions.js";
import { callNode, restNode } from "./calls.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { jobNode, jobState } from "./jobs.js";
import { Keyed, reconcile } from "./keyed.js";
import { store } from "./state.js";
import { time } from "./times.js";

const STATES = { starting: "Starting", ready: "Ready", ended: "Not running", never: "Not started" };
const KILLED = -9;

const SWITCHES = {
  slow: ["Slow", "Tasks take much longer"],
  failing: ["Failing", "Tasks end without a picture"],
  refusing: ["Refusing", "Every call is answered 503"],
  lose_callbacks: ["Lose callbacks", "Wiro never calls back"],
  no_balance: ["No balance", "The account has no money left"],
  no_socket: ["No socket", "Wiro's WebSocket is down"],
};

/**
 * Show the panel, now and whenever it changes.
 * @param {HTMLElement} panel
 * @param {() => void} close
 */
export function showPanel(panel, close) {
  const bot = el("div", { class: "bot", "aria-live": "polite" });
  const deeds = el("div", { class: "bot-deeds", role: "group", "aria-label": "The bot's process" });
  const account = el("dl", { class: "account" });
  const switches = el("div", { class: "switches", role: "group", "aria-label": "Make Wiro go wrong" });
  const jobs = list("Jobs", "No job yet. Type /sana in a channel to see one go by.");
  const calls = list("Calls between the bot and Wiro", "No call yet.");
  const rest = list("The bot's calls at Discord", "No call yet.");
  fill(panel,
    el(
      "header",
      { class: "panel-head" },
      el("h2", {}, "Behind the scenes"),
      iconButton("close", "Close the panel", close, { class: "icon-button panel-close" }),
    ),
    el("div", { class: "panel-body" },
      section("The bot", bot, deeds),
      section("Wiro", account, switches),
      fold("Jobs", jobs, true),
      fold("Calls: bot and Wiro", calls, true),
      fold("Calls: bot to Discord", rest, false)));

  store.on(["bot"], () => showBot(bot, deeds));
  store.on(["switches"], () => showSwitches(switches));
  store.on(["account"], () => showAccount(account));
  keep(jobs, ["jobs", "tasks", "world", "channelId"], "jobs", new Keyed(({ id }) => id, jobState, jobNode));
  const callState = (call) => JSON.stringify([call.status, jobOf(call)]);
  keep(
    calls,
    ["calls", "jobs"],
    "calls",
    new Keyed(({ number }) => number, callState, (call) => callNode(call, jobOf(call))),
  );
  keep(rest, ["rest"], "rest", new Keyed(({ number }) => number, ({ status }) => String(status), restNode));
}

function section(title, ...children) {
  return el("section", { class: "panel-section" }, el("h3", {}, title), ...children);
}

function fold(title, { node, count }, open) {
  return el(
    "details",
    { class: "panel-section panel-fold", open },
    el("summary", {}, icon("unfold"), el("h3", {}, title), count),
    node,
  );
}

function list(label, nothing) {
  const empty = el("p", { class: "empty" }, nothing);
  const items = el("ol", { class: "panel-list", "aria-label": label });
  return { node: el("div", {}, empty, items), items, empty, count: el("span", { class: "count" }) };
}

/** Keep a list in step with a part of the store, newest first. */
function keep({ items, empty, count }, keys, part, keyed) {
  store.on(keys, () => {
    const all = [...store.state[part].values()].reverse();
    reconcile(items, keyed.nodes(all));
    empty.hidden = all.length > 0;
    count.textContent = all.length ? String(all.length) : "";
  });
}

function jobOf({ taskid }) {
  return taskid ? ([...store.state.jobs.values()].find((job) => job.taskid === taskid)?.id ?? null) : null;
}

function showBot(shown, deeds) {
  const { bot } = store.state;
  if (!bot) return fill(shown, el("p", { class: "empty" }, "Nothing is known yet."));
  const isRunning = bot.pid !== null;
  const isKilled = bot.exit_code === KILLED;
  const end = bot.state === "ended" && !isKilled ? `exit code ${bot.exit_code}` : "";
  fill(shown,
    el("span", { class: `lamp ${bot.state}` }),
    el("strong", {}, isKilled && bot.state === "ended" ? "Killed" : STATES[bot.state]),
    el("span", { class: "bot-facts" },
      isRunning && `process ${bot.pid} · `,
      end && `${end} · `,
      bot.since && time(new Date(bot.since), "R")));
  const deed = (what, label, drawing, enabled) =>
    el(
      "button",
      {
        type: "button",
        class: "button style-secondary small",
        "aria-disabled": String(!enabled),
        "data-deed": what,
        onclick: () => enabled && drive(what),
      },
      icon(drawing),
      el("span", {}, label),
    );
  const had = deeds.contains(document.activeElement) ? document.activeElement.dataset.deed : null;
  fill(
    deeds,
    deed("kill", "Kill", "kill", isRunning),
    deed("start", "Start", "start", !isRunning),
    deed("restart", "Restart", "restart", isRunning),
  );
  if (had) deeds.querySelector(`[data-deed="${had}"]`).focus();
}

function showAccount(shown) {
  const { account } = store.state;
  if (!account) return;
  const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  fill(shown,
    fact("Balance", `$${account.balance_usd.toFixed(2)}`),
    fact(
      "At once",
      account.limit === null ? "any number" : account.limit === 1 ? "1 task" : `${account.limit} tasks`,
    ),
    fact("Sockets", String(account.sockets)));
}

function showSwitches(shown) {
  const { switches } = store.state;
  if (!switches) return;
  if (!shown.children.length) fill(shown, ...Object.keys(switches).map(switchNode));
  for (const button of shown.children) button.setAttribute("aria-checked", String(switches[button.dataset.switch]));
}

function switchNode(name) {
  const [label, description] = SWITCHES[name] ?? [name, ""];
  const id = `switch-${name}`;
  const turnOver = () => turn(name, !store.state.switches[name]);
  const props = {
    type: "button",
    role: "switch",
    class: "switch",
    "data-switch": name,
    "aria-labelledby": id,
    "aria-describedby": `${id}-does`,
    onclick: turnOver,
  };
  return el("button", props,
    el(
      "span",
      { class: "switch-words" },
      el("span", { class: "switch-label", id }, label),
      el("span", { class: "switch-does", id: `${id}-does` }, description),
    ),
    el("span", { class: "switch-track", "aria-hidden": "true" }, el("span", { class: "switch-thumb" })));
}
