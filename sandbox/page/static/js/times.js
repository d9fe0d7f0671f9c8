/** Times as Discord writes them, in the reader's own zone; relative ones are kept true while they are shown. */

import { el } from "./dom.js";

const LOCALE = "en-GB";
const FORMATS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "always" });
const REFRESH_MILLISECONDS = 1_000;

/**
 * Make a time in one of the styles of Discord's `<t:…>`.
 * @param {Date} moment
 * @param {string} style t, T, d, D, f, F or R
 * @returns {HTMLElement}
 */
export function time(moment, style) {
  const whole = format(moment, "F");
  const shown = el("time", { datetime: moment.toISOString(), title: whole }, format(moment, style));
  if (style === "R") shown.dataset.relative = String(moment.getTime());
  return shown;
}

/**
 * Write a moment as the head of a message does: the time alone where it was today.
 * @param {Date} moment
 * @returns {HTMLElement}
 */
export function messageTime(moment) {
  const isToday = moment.toDateString() === new Date().toDateString();
  return time(moment, isToday ? "t" : "f");
}

/** Begin to keep relative times true. */
export function keepTimesTrue() {
  setInterval(() => {
    for (const shown of document.querySelectorAll("time[data-relative]")) {
      const text = distance(Number(shown.dataset.relative));
      if (shown.textContent !== text) shown.textContent = text;
    }
  }, REFRESH_MILLISECONDS);
}

/**
 * Write a length of time: "40 ms", "1.4 s", "12 s", "2 min 5 s".
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1_000))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function format(moment, style) {
  if (style === "R") return distance(moment.getTime());
  return new Intl.DateTimeFormat(LOCALE, FORMATS[style] ?? FORMATS.f).format(moment);
}

function distance(milliseconds) {
  const seconds = Math.round((milliseconds - Date.now()) / 1_000);
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return relative.format(Math.round(seconds / length), unit);
}
