/** The forms that the bot opens. Source: Discord's reference, Component Reference, Label and Text Input. */

import * as api from "./api.js";
import { openDialog } from "./dialog.js";
import { el, iconButton } from "./dom.js";
import { markdown } from "./markdown.js";
import { botName, names, store } from "./state.js";

const LABEL = 18;
const ACTION_ROW = 1;
const STRING_SELECT = 3;
const TEXT_INPUT = 4;
const PARAGRAPH = 2;
const MOST_CHARACTERS = 4000;
const PROBLEM_ID = "modal-problem";

/**
 * Show the modal of an interaction, and submit what is filled in.
 * @param {{id: string, modal: {title: string, components: object[]}}} interaction
 */
export function openModal({ id, modal }) {
  const fields = modal.components.map(field);
  const problem = el("p", { class: "modal-problem", id: PROBLEM_ID, role: "alert" });
  const send = el("button", { type: "submit", class: "button style-primary" }, "Submit");
  const form = el("form", { class: "modal-form", novalidate: true, "aria-describedby": PROBLEM_ID },
    el(
      "header",
      { class: "modal-head" },
      el("h2", { id: "modal-title" }, modal.title),
      iconButton("close", "Close", () => close()),
    ),
    el("p", { class: "modal-note" }, `This form goes to ${botName()}. Nothing is sent before you submit it.`),
    el("div", { class: "modal-fields" }, ...fields.map(({ node }) => node)),
    problem,
    el(
      "footer",
      { class: "modal-foot" },
      el("button", { type: "button", class: "button style-secondary", onclick: () => close() }, "Cancel"),
      send,
    ),
  );
  const { close } = openDialog({ labelledby: "modal-title", class: "modal" }, form);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = fields.filter(({ check }) => check && !check());
    if (wrong.length) return wrong[0].control.focus();
    send.setAttribute("aria-busy", "true");
    problem.textContent = "";
    try {
      const values = Object.fromEntries(fields.filter(({ read }) => read).map(({ name, read }) => [name, read()]));
      const answered = await api.submit({ user_id: store.state.userId, interaction_id: id, values });
      if (answered.state !== "failed") return close();
      problem.textContent = "Something went wrong: the bot did not answer. Try again.";
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      send.removeAttribute("aria-busy");
    }
  });
  fields.find(({ control }) => control)?.control.focus();
}

/** Make one field: its node, and, where something can be filled in, how it is checked and read. */
function field(component) {
  if (component.type === LABEL) return labelled(component.component, component.label, component.description);
  if (component.type === ACTION_ROW) return labelled(component.components[0], component.components[0].label);
  return { node: markdown(component.content ?? "", names) };
}

function labelled(component, label, description) {
  const id = `modal-${component.custom_id}`;
  const needed = component.required ?? true;
  const wrong = el("span", { class: "field-problem", id: `${id}-problem` });
  const control = makeControl(
    component,
    { id, required: needed, "aria-describedby": `${description ? `${id}-description ` : ""}${id}-problem` },
  );
  const check = () => {
    wrong.textContent = problemOf(component, control.value, needed);
    control.setAttribute("aria-invalid", String(Boolean(wrong.textContent)));
    return !wrong.textContent;
  };
  control.addEventListener("input", () => wrong.textContent && check());
  const node = el("div", { class: "field" },
    el("label", { for: id }, label, needed && el("span", { class: "needed", "aria-hidden": "true" }, " *")),
    description && el("p", { class: "field-description", id: `${id}-description` }, description),
    control, wrong);
  const read = () => (component.type === STRING_SELECT ? [control.value].filter(Boolean) : control.value);
  return { node, control, name: component.custom_id, check, read };
}

function makeControl(component, props) {
  if (component.type === STRING_SELECT) return menu(component, props);
  if (component.type !== TEXT_INPUT) throw new TypeError(`The page cannot show inputs of type ${component.type}.`);
  const shared = { ...props, placeholder: component.placeholder, autocomplete: "off" };
  const control = component.style === PARAGRAPH ? el("textarea", { ...shared, rows: 3 }) : el(
    "input",
    { ...shared, type: "text" },
  );
  control.value = component.value ?? "";
  return control;
}

function menu({ options, placeholder }, props) {
  const offered = options.map(({ label, value, description, default: chosen }) =>
    el("option", { value, selected: chosen }, description ? `${label} · ${description}` : label));
  const none = options.some((each) => each.default) ? [] : [el("option", { value: "" }, placeholder ?? "Choose one")];
  return el("select", props, ...none, ...offered);
}

function problemOf({ min_length: least = 0, max_length: most = MOST_CHARACTERS }, value, needed) {
  if (!value) return needed ? "This is needed." : "";
  if (value.length < least) return `At least ${least} characters, now ${value.length}.`;
  return value.length > most ? `At most ${most} characters, now ${value.length}.` : "";
}
