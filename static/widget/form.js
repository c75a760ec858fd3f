// The form before the first message. When nobody is free it asks for an e-mail; `offline` is the word that says why.
import { button, make } from "./make.js";
import { ours, say } from "./words.js";

const TYPES = { email: "email", phone: "tel" };
const COMPLETE = { name: "name", email: "email", phone: "tel" };
let kept = {}; // what was filled in, when the form is drawn anew

export function drawForm({ config, offline, text, submit, keep }) {
  const fields = config.fields.map((field) => ({ ...field }));
  const email = fields.find(({ name }) => name === "email");
  if (offline && email) email.required = true;
  if (offline && !email) fields.push({ name: "email", required: true });
  const form = make("form", { className: "form", noValidate: true });
  if (offline) form.append(make("p", { className: "notice" }, say(offline)));
  for (const { name, required } of fields) form.append(field(name, required, control(name, required, config)));
  const box = make("textarea", { id: "f-text", name: "text", rows: 3, maxLength: 4000, required: true, value: text });
  box.addEventListener("input", () => keep(box.value));
  form.append(field("text", true, box));
  const consent = ours(config.consent);
  if (consent) {
    const tick = make("input", { type: "checkbox", id: "f-consent", name: "consent", required: true, checked: Boolean(kept.consent) });
    form.append(make("div", { className: "field tick" }, tick, make("label", { htmlFor: "f-consent" }, consent), error("consent")));
  }
  form.append(make("p", { className: "error", id: "e-form", role: "alert" }), button(say(offline ? "leave" : "begin"), "main", null));
  form.lastChild.type = "submit";
  form.addEventListener("input", () => {
    for (const { name, value, type, checked } of form.elements) if (name) kept[name] = type === "checkbox" ? checked : value;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = [...form.elements].filter((input) => input.name && !judge(input));
    if (wrong.length) return wrong[0].focus();
    const values = {};
    for (const { name } of fields) if (form.elements[name].value.trim()) values[name] = form.elements[name].value.trim();
    form.lastChild.disabled = true;
    submit(values, box.value.trim());
  });
  return form;
}

function control(name, required, config) {
  const id = `f-${name}`;
  if (name !== "topic") {
    const input = make("input", { id, name, type: TYPES[name] || "text", required, maxLength: 200, autocomplete: COMPLETE[name] || "off" });
    input.value = kept[name] || "";
    return input;
  }
  const options = (config.topics || []).map((topic) => make("option", { value: topic.value }, ours(topic)));
  const select = make("select", { id, name, required }, make("option", { value: "" }, say("choose")), ...options);
  select.value = kept.topic || "";
  return select;
}

function field(name, required, input) {
  const label = make("label", { htmlFor: input.id }, say(name === "text" ? "question" : name));
  if (!required) label.append(make("small", {}, ` ${say("optional")}`));
  input.setAttribute("aria-describedby", `e-${name}`);
  return make("div", { className: "field" }, label, input, error(name));
}

const error = (name) => make("p", { className: "error", id: `e-${name}` });

function judge(input) {
  const empty = input.type === "checkbox" ? !input.checked : !input.value.trim();
  if (input.required && empty) return tell(input, say("missing"));
  if (input.type === "email" && !empty && !input.validity.valid) return tell(input, say("badEmail"));
  tell(input, "");
  return true;
}

function tell(input, text) {
  document.getElementById(`e-${input.name}`).textContent = text;
  input.setAttribute("aria-invalid", String(Boolean(text)));
  return false;
}

// What the server had against it, beside the field that it means.
export function refuseForm(form, { field: name, message }) {
  form.lastChild.disabled = false;
  const input = name && form.elements[name];
  if (input && input.id) {
    tell(input, message);
    input.focus();
  } else {
    form.querySelector("#e-form").textContent = message || say("once");
  }
}
