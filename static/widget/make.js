// Elements by script: text only ever as text, icons from the frame's own page.
export const at = (id) => document.getElementById(id);

export function make(tag, values = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) {
    if (name === "on") for (const event of Object.keys(value)) element.addEventListener(event, value[event]);
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export const button = (text, className, act) => make("button", { type: "button", className, on: { click: act } }, text);

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  picture.append(use);
  return picture;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
