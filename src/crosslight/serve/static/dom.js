/** Elements. Text goes in as text and nothing else: no function of this page reads a string as HTML. */

/** The element of an id. */
export const by = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} name of the tag
 * @param {object} given attributes; `text`, `on` (listeners) and `data` are set as what they are
 * @param {...(Node|string)} children
 */
export function el(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key === "on") for (const [event, does] of Object.entries(value)) made.addEventListener(event, does);
    else if (key === "data") Object.assign(made.dataset, value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A button with a word on it, and an icon before the word if one is named. */
export function button(text, does, { icon: name, ...given } = {}) {
  const made = el("button", { type: "button", class: "quiet", on: { click: does }, ...given });
  if (name) made.append(icon(name));
  if (text) made.append(el("span", { text }));
  return made;
}

/** One of the icons that index.html defines. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Wait until nobody has called for so long (milliseconds), then do it once. */
export function afterQuiet(milliseconds, does) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(does, milliseconds);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
