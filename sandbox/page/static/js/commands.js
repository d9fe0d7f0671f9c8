/**
 * Slash commands as data: found by what is typed, their options checked.
 * Source: Discord's reference, Application Commands.
 */

const SLASH = 1;
const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;
const MOST_CHARACTERS = 6000;
const LARGEST = 2 ** 53;

/** What an option takes, by the number of its type. */
export const KINDS = {
  3: "text",
  4: "integer",
  5: "boolean",
  6: "user",
  7: "channel",
  8: "role",
  9: "mentionable",
  10: "number",
};

/**
 * @typedef {object} Leaf a command that can be sent
 * @property {string} name with its subcommands, after spaces
 * @property {string} description
 * @property {object[]} options
 */

/**
 * Return all commands that can be sent, subcommands among them.
 * @param {object[]} commands as they are registered
 * @returns {Leaf[]}
 */
export function leaves(commands) {
  const slash = commands.filter(({ type }) => type === SLASH);
  return slash.flatMap((each) => below(each, each.name)).sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Return the commands that fit what is typed after the slash: those that begin with it come first.
 * @param {Leaf[]} all
 * @param {string} typed
 * @returns {Leaf[]}
 */
export function matching(all, typed) {
  const wanted = typed.trim().toLowerCase();
  const begin = all.filter(({ name }) => name.startsWith(wanted));
  return [...begin, ...all.filter((each) => !begin.includes(each) && each.name.includes(wanted))];
}

/**
 * Read a line that was typed or pasted: `/sana prompt: a fox steps: 20`. Words that name no option are the first that
 * is required.
 * @param {Leaf[]} all
 * @param {string} line
 * @returns {{leaf: Leaf, texts: Map<string, string>}|null} null where it is no command yet, or none at all
 */
export function readLine(all, line) {
  const byLength = [...all].sort((a, b) => b.name.length - a.name.length);
  const leaf = byLength.find(({ name }) => line.startsWith(`/${name} `));
  if (!leaf) return null;
  const { before, texts } = splitAtNames(leaf.options, line.slice(leaf.name.length + 2));
  if (!before) return { leaf, texts };
  const needed = leaf.options.find(({ name, required }) => required && !texts.has(name));
  return needed ? { leaf, texts: texts.set(needed.name, before) } : null;
}

/**
 * Split a text at the names of options in it: `a fox steps: 20`.
 * @param {object[]} options
 * @param {string} text
 * @returns {{before: string, texts: Map<string, string>}} what stands before the first name, and after each
 */
export function splitAtNames(options, text) {
  const known = options.map(({ name }) => name).join("|");
  const marks = known ? [...text.matchAll(new RegExp(`(?:^|\\s)(${known}):`, "g"))] : [];
  const texts = new Map(
    marks.map((mark, index) => [mark[1], text.slice(mark.index + mark[0].length, marks[index + 1]?.index).trim()]),
  );
  return { before: text.slice(0, marks[0]?.index).trim(), texts };
}

/**
 * Say what is wrong with the value of an option; "" where nothing is.
 * @param {object} option
 * @param {unknown} value undefined where nothing of its kind was given
 * @param {string} typed
 * @returns {string}
 */
export function problemOf(option, value, typed) {
  if (!typed) return option.required ? "This option is required. Specify a value." : "";
  const kind = KINDS[option.type];
  if (option.choices) return value === undefined ? "Choose one of the list." : "";
  if (kind === "text") {
    return outside(typed.length, option.min_length ?? 0, option.max_length ?? MOST_CHARACTERS, "characters");
  }
  if (kind === "integer" || kind === "number") {
    if (value === undefined) return kind === "integer" ? "Type a whole number." : "Type a number.";
    return outside(value, option.min_value ?? -LARGEST, option.max_value ?? LARGEST, "");
  }
  return value === undefined ? `Choose a ${kind === "boolean" ? "value" : kind} of the list.` : "";
}

/**
 * Read what was typed as the value of an option that is not chosen from a list.
 * @param {object} option
 * @param {string} typed
 * @returns {string|number|undefined}
 */
export function readTyped(option, typed) {
  const kind = KINDS[option.type];
  if (kind === "text") return typed;
  const number = Number(typed);
  if (!typed.trim() || !Number.isFinite(number)) return undefined;
  return kind === "integer" && !Number.isSafeInteger(number) ? undefined : number;
}

/**
 * Say what an option takes, beside its description.
 * @param {object} option
 * @returns {string}
 */
export function limitsOf(option) {
  const { type, min_value: low, max_value: high, max_length: longest } = option;
  const parts = [option.required ? "required" : "optional"];
  if (low !== undefined && high !== undefined) parts.push(`${format(low)} to ${format(high)}`);
  const isText = KINDS[type] === "text" && !option.choices;
  if (isText && longest !== undefined) parts.push(`up to ${format(longest)} characters`);
  return parts.join(" · ");
}

function below(command, name) {
  const inner = command.options?.filter(({ type }) => type === SUBCOMMAND || type === SUBCOMMAND_GROUP) ?? [];
  if (inner.length) return inner.flatMap((each) => below(each, `${name} ${each.name}`));
  return [{ name, description: command.description, options: command.options ?? [] }];
}

function outside(measure, low, high, unit) {
  if (measure >= low && measure <= high) return "";
  const bounds = [low > -LARGEST && `at least ${format(low)}`, high < LARGEST && `at most ${format(high)}`];
  const range = bounds.every(Boolean) ? `${format(low)} to ${format(high)}` : bounds.find(Boolean);
  return `This takes ${range}${unit && ` ${unit}`}, not ${format(measure)}.`;
}

function format(number) {
  return number.toLocaleString("en-GB");
}
