/** Discord's Markdown, as far as the bot and its members write it, made into elements; never into markup. */

import { el } from "./dom.js";
import { DRAWN, emojiNode } from "./emoji.js";
import { time } from "./times.js";

/**
 * @typedef {object} Names who and what is mentioned
 * @property {(id: string) => string} user
 * @property {(id: string) => string} role
 * @property {(id: string) => string} channel
 */

const FENCE = /```(?:[\w+-]*\n)?([\s\S]+?)\n?```/g;
const BODY = String.raw`((?:\\[\s\S]|(?!\1)[\s\S])+?)`;

/** @type {Array<[RegExp, (found: RegExpExecArray, names: Names) => Node]>} The first that fits is taken. */
const INLINE = [
  [/^\\([^\p{L}\p{N}\s])/u, ([, character]) => text(character)],
  [/^(`+)([\s\S]*?[^`])\1(?!`)/, ([, , code]) => el("code", {}, code.replace(/^ (.*) $/s, "$1"))],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, ([source, seconds, style]) => moment(source, seconds, style ?? "f")],
  [/^<@!?(\d+)>/, ([, id], names) => mention(`@${names.user(id)}`)],
  [/^<@&(\d+)>/, ([, id], names) => mention(`@${names.role(id)}`)],
  [/^<#(\d+)>/, ([, id], names) => mention(`#${names.channel(id)}`)],
  [/^<\/([^:>]+):\d+>/, ([, name]) => mention(`/${name}`)],
  [/^\[((?:\\.|[^\]\\])+)\]\((https?:\/\/[^\s)]+)\)/, ([, label, url], names) => link(url, inline(label, names))],
  [/^<(https?:\/\/[^\s>]+)>/, ([, url]) => link(url, [text(url)])],
  [/^https?:\/\/[^\s<>()[\]\\"]*[^\s<>()[\]\\".,;:!?]/, ([url]) => link(url, [text(url)])],
  [new RegExp(String.raw`^(\*\*)${BODY}\*\*(?!\*)`), wrapped("strong")],
  [new RegExp(String.raw`^(__)${BODY}__(?!_)`), wrapped("u")],
  [new RegExp(String.raw`^(~~)${BODY}~~`), wrapped("s")],
  [new RegExp(String.raw`^(\|\|)${BODY}\|\|`), ([, , inner], names) => spoiler(inline(inner, names))],
  [/^(\*)(?=\**[^\s*])((?:\\[\s\S]|\*\*|[^*\\])+?)(?<!\s)\*(?!\*)/, wrapped("em")],
  [/^(_)(?=_*[^\s_])((?:\\[\s\S]|__|[^_\\])+?)(?<!\s)_(?![\p{L}\p{N}_])/u, wrapped("em")],
  [/^\p{Lu}-\d+/u, ([reference]) => el("span", { class: "whole" }, reference)],
  [DRAWN, ([emoji]) => emojiNode(emoji)],
];

/** @type {Array<[RegExp, (found: RegExpExecArray, names: Names) => Node]>} What makes a whole line something else. */
const LINES = [
  [/^-# (.+)$/, ([, inner], names) => el("div", { class: "subtext" }, ...inline(inner, names))],
  [/^(#{1,3}) (.+)$/, ([, marks, inner], names) => heading(marks.length, inline(inner, names))],
  [/^> (.*)$/, ([, inner], names) => el("blockquote", {}, ...inline(inner, names))],
  [/^\s*[-*] (.+)$/, ([, inner], names) => listItem(inline(inner, names))],
];

/**
 * Return the elements that show a text.
 * @param {string} source
 * @param {Names} names
 * @returns {HTMLElement}
 */
export function markdown(source, names) {
  const shown = el("div", { class: "markdown" });
  let end = 0;
  for (const fence of source.matchAll(FENCE)) {
    shown.append(...lines(source.slice(end, fence.index).replace(/\n$/, ""), names));
    shown.append(el("pre", { tabindex: "0" }, el("code", {}, fence[1])));
    end = fence.index + fence[0].length;
  }
  shown.append(...lines(source.slice(end).replace(end ? /^\n/ : /^$/, ""), names));
  return shown;
}

function lines(source, names) {
  if (!source) return [];
  const found = [];
  let run = [];
  const endRun = () => {
    if (run.length) found.push(el("div", { class: "text" }, ...inline(run.join("\n"), names)));
    run = [];
  };
  for (const line of source.split("\n")) {
    const special = first(LINES, line, names);
    if (special) {
      endRun();
      found.push(special.node);
    } else run.push(line);
  }
  endRun();
  return found;
}

function inline(source, names) {
  const nodes = [];
  let plain = "";
  let rest = source;
  let before = "";
  while (rest) {
    const found = isInsideWord(before, rest) ? null : first(INLINE, rest, names);
    if (found) {
      if (plain) nodes.push(text(plain));
      plain = "";
      nodes.push(found.node);
    } else plain += firstCharacter(rest);
    const taken = found ? found.length : firstCharacter(rest).length;
    before = rest.slice(taken - 1, taken);
    rest = rest.slice(taken);
  }
  return plain ? [...nodes, text(plain)] : nodes;
}

/** An underscore inside a word begins nothing: file_name_here. */
function isInsideWord(before, rest) {
  return rest[0] === "_" && /[\p{L}\p{N}]/u.test(before);
}

function first(rules, source, names) {
  for (const [pattern, make] of rules) {
    const found = pattern.exec(source);
    if (found) return { node: make(found, names), length: found[0].length };
  }
  return null;
}

function firstCharacter(source) {
  return String.fromCodePoint(source.codePointAt(0));
}

function wrapped(tag) {
  return ([, , inner], names) => el(tag, {}, ...inline(inner, names));
}

function text(content) {
  return document.createTextNode(content);
}

/** Return a time; as it was written, where no calendar has it. */
function moment(source, seconds, style) {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? text(source) : time(date, style);
}

function mention(content) {
  return el("span", { class: "mention" }, content);
}

function heading(level, nodes) {
  return el("div", { class: `heading-${level}`, role: "heading", "aria-level": String(level + 3) }, ...nodes);
}

function listItem(nodes) {
  const bullet = el("span", { class: "bullet", "aria-hidden": "true" }, "•");
  return el("div", { class: "list-item" }, bullet, el("span", {}, ...nodes));
}

function link(url, nodes) {
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...nodes);
}

function spoiler(nodes) {
  const inner = el("span", { class: "spoiler-text" }, ...nodes);
  const cover = el("button", { type: "button", class: "spoiler-cover", "aria-label": "Spoiler: show it" });
  cover.addEventListener("click", () => cover.replaceWith(inner));
  return cover;
}
