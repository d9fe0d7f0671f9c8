/** Calls in the panel: between the bot and Wiro with all that went over the wire, at Discord in a line. */

import { el, icon } from "./dom.js";

const OK_BELOW = 400;
const clock = new Intl.DateTimeFormat(
  "en-GB",
  { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 },
);

/**
 * Return the element that shows a call between the bot and Wiro, to be unfolded.
 * @param {object} call
 * @param {number|null} jobId the job that it was for, where that is known
 * @returns {HTMLElement}
 */
export function callNode(call, jobId) {
  const isBot = call.by === "bot";
  const summary = el("summary", {},
    el(
      "span",
      { class: `way ${isBot ? "out" : "in"}`, title: isBot ? "The bot calls Wiro" : "Wiro calls the bot" },
      icon(isBot ? "out" : "in"),
      el("span", { class: "visually-hidden" }, isBot ? "Bot to Wiro:" : "Wiro to bot:"),
    ),
    el("span", { class: "call-name" }, call.call),
    jobId !== null && el("span", { class: "call-job" }, `S-${jobId}`),
    ...outcome(call));
  const cost = call.answer?.totalcost;
  return el("li", { class: "call" }, el("details", {}, summary,
    el("div", { class: "call-inside" },
      el("p", { class: "call-line" }, el("code", {}, `${call.method} ${call.path}`)),
      cost != null && el("p", { class: "call-cost" }, `Cost: $${cost}`),
      part("Headers", headers(call.headers)),
      part("Body", json(call.body, "Body")),
      part("Answer", json(call.answer, "Answer")))));
}

/**
 * Return the element that shows a call of the bot at Discord.
 * @param {object} call
 * @returns {HTMLElement}
 */
export function restNode(call) {
  return el(
    "li",
    { class: "call rest" },
    el("span", { class: "method" }, call.method),
    el("span", { class: "call-name", title: call.route }, call.route),
    ...outcome(call),
  );
}

function outcome({ call, status, milliseconds, at }) {
  const tone = status && status < OK_BELOW ? "good" : "bad";
  const isFrame = call?.startsWith("socket/");
  return [
    !isFrame && el("span", { class: `status tone-${tone}` }, status ? String(status) : "no answer"),
    el(
      "span",
      { class: "call-when", title: milliseconds == null ? "" : `It took ${Math.round(milliseconds)} ms` },
      clock.format(new Date(at)),
    ),
  ];
}

function part(title, content) {
  return content && el("div", { class: "call-part" }, el("h4", {}, title), content);
}

function headers(found) {
  const rows = Object.entries(found ?? {}).map(
    ([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)),
  );
  return rows.length ? el("dl", { class: "headers" }, ...rows) : null;
}

function json(value, title) {
  return value && el(
    "pre",
    { tabindex: "0", role: "group", "aria-label": title },
    el("code", {}, JSON.stringify(value, null, 2)),
  );
}
