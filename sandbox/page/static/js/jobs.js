/** A job in the panel: what it is, what became of it, and how long each state took. */

import { el, icon } from "./dom.js";
import { showMessage } from "./links.js";
import { names, store } from "./state.js";
import { duration, messageTime } from "./times.js";

/** The colours of states, by what they mean to a member. */
const TONES = {
  queued: "waiting",
  submitting: "running",
  running: "running",
  finished: "running",
  delivered: "good",
  cancelled: "ended",
};

/** The jobs that somebody unfolded (true) or folded; of the others, the newest alone is unfolded. */
const folds = new Map();

/**
 * Return what the shown job depends on.
 * @param {object} job
 * @returns {string}
 */
export function jobState(job) {
  return JSON.stringify([job, store.state.tasks.get(job.taskid), isShown(job), isUnfolded(job)]);
}

/**
 * Return the element that shows a job.
 * @param {object} job
 * @returns {HTMLElement}
 */
export function jobNode(job) {
  const task = store.state.tasks.get(job.taskid);
  const head = el("summary", { class: "job-head" }, icon("unfold"),
    el("span", { class: "job-reference" }, `S-${job.id}`),
    el("span", { class: `state tone-${toneOf(job.state)}` }, job.state),
    el("span", { class: "job-who" }, names.user(String(job.member_id))));
  const inside = el("div", { class: "job-inside" },
    el("p", { class: "job-prompt", title: job.prompt }, job.prompt),
    timeline(job.steps.map(({ state, at }) => ({ name: state, at, tone: TONES[state] ?? "bad" }))),
    facts(job),
    ending(job),
    isShown(job) && el(
      "button",
      { type: "button", class: "link-button job-go", onclick: () => showMessage(job.message_id) },
      "Show its message",
    ),
    task && taskNode(task));
  const fold = el("details", { open: isUnfolded(job), "data-own-fold": true }, head, inside);
  head.addEventListener("click", () => folds.set(job.id, !fold.open));
  return el("li", { class: "job", "data-job": job.id }, fold);
}

function toneOf(state) {
  return TONES[state] ?? "bad";
}

function isUnfolded({ id }) {
  return folds.get(id) ?? id === [...store.state.jobs.keys()].at(-1);
}

function timeline(steps) {
  return el("ol", { class: "timeline" }, ...steps.map(({ name, at, tone }, index) => {
    const before = steps[index - 1];
    const moment = new Date(at);
    const after = before ? `after ${duration((moment - new Date(before.at)) / 1_000)}` : messageTime(moment);
    return el(
      "li",
      { class: `step tone-${tone}` },
      el("span", { class: "step-name" }, name),
      el("span", { class: "step-after" }, after),
    );
  }));
}

function facts(job) {
  const parts = [
    job.credits !== null && `${counted(job.credits, "credit")}${job.refunded ? ", given back" : ""}`,
    job.cost_usd !== null && `$${Number(job.cost_usd).toFixed(4)} to the owner`,
    job.seconds !== null && `${duration(job.seconds)} of work`,
    job.pictures && counted(job.pictures, "picture"),
    job.parent_id !== null && `from S-${job.parent_id}`,
    job.reason,
  ].filter(Boolean);
  return el("p", { class: "job-facts" }, parts.join(" · "));
}

/** Say what an operator reads of the end: a warning, unless somebody wanted it so. */
function ending({ state, detail }) {
  if (!detail) return null;
  if (toneOf(state) !== "bad") return el("p", { class: "job-detail" }, detail);
  return el("p", { class: "job-detail trouble" }, icon("warning"), " ", detail);
}

function counted(number, noun) {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

function taskNode(task) {
  const steps = task.steps.map(({ status, at }) => ({ name: status, at, tone: "waiting" }));
  return el(
    "details",
    { class: "job-task" },
    el("summary", {}, icon("unfold"), `Task ${task.taskid} at Wiro`),
    timeline(steps),
  );
}

function isShown({ message_id: id, channel_id: channelId }) {
  return Boolean(id) && String(channelId) === store.state.channelId;
}
