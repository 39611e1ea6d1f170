// What all views are drawn with: elements, numbers, and the few controls. Text becomes text, never HTML.

const SVG = "http://www.w3.org/2000/svg";

// An element. `text` and `on` (listeners by event) are not attributes; false and null leave an attribute out.
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, { text, on, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  for (const [event, listener] of Object.entries(on ?? {})) node.addEventListener(event, listener);
  if (text !== undefined) node.textContent = text;
  node.append(...children.filter((child) => child !== null));
  return node;
}

// The numbers of an Array of docs/inside.md, or of base64 alone.
export function numbers(array) {
  const bytes = Uint8Array.from(atob(array.float32 ?? array), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// The part of row-by-row numbers that belongs to the first indices, as numpy's a[i, j].
export function part(values, shape, ...indices) {
  const size = shape.slice(indices.length).reduce((a, b) => a * b, 1);
  const place = indices.reduce((sum, index, axis) => sum * shape[axis] + index, 0);
  return values.subarray(place * size, (place + 1) * size);
}

// A probability for people: 93 %, 4.1 %, 0.02 %; so small that nothing is left is not zero.
export function percent(p) {
  const share = 100 * p;
  if (share === 0) return "0\u00a0%";
  if (share < 0.01) return "<\u00a00.01\u00a0%";
  return `${share >= 9.95 ? share.toFixed(0) : share.toPrecision(2)}\u00a0%`;
}

// A number with its sign, the true minus.
export function signed(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  return Number(text) === 0 ? text : `${x < 0 ? "−" : "+"}${text}`;
}

export function decimal(x, digits = 3) {
  return `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(digits)}`;
}

// A very small or large number: 2.8 × 10⁻⁸.
export function scientific(x) {
  const [mantissa, exponent] = x.toExponential(1).split("e");
  if (Math.abs(Number(exponent)) < 3) return x.toPrecision(3);
  const raised = [...exponent.replace("+", "")].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])).join("");
  return `${mantissa} × 10${raised}`;
}

// A piece for people: one that begins a word is the word's beginning, one that goes on has a dot before it.
export function shown(piece) {
  if (piece === "▁") return "▁";
  if (/^<.*>$/.test(piece)) return piece;
  return piece.startsWith("▁") ? piece.slice(1) : `·${piece}`;
}

export function shorten(label, limit) {
  const letters = [...label];
  return letters.length > limit ? `${letters.slice(0, limit - 1).join("")}…` : label;
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// Calls move(step down, step right) for arrow keys, move(null) for Escape.
export function onArrows(node, move) {
  node.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key !== "Escape" && !(event.key in STEPS)) return;
    event.preventDefault();
    if (event.key === "Escape") move(null);
    else move(...STEPS[event.key]);
  });
}

export function clamp(x, low, high) {
  return Math.min(high, Math.max(low, x));
}

let nControls = 0;

// One of a few, all of them visible: options are [value, text].
export function segmented(label, options, chosen, choose) {
  const name = `in-choice-${(nControls += 1)}`;
  const choices = options.map(([value, text]) => {
    const input = make("input", { type: "radio", name, value, on: { change: () => choose(value) } });
    input.checked = value === chosen;
    return make("label", {}, input, make("span", { text }));
  });
  return make("fieldset", { class: "in-segmented" }, make("legend", { text: label }), ...choices);
}

// One of many; options are [value, text].
export function picker(label, options, chosen, choose) {
  const select = make("select", { on: { change: () => choose(options[select.selectedIndex][0]) } });
  for (const [value, text] of options) select.append(make("option", { value: String(value), text }));
  select.selectedIndex = Math.max(0, options.findIndex(([value]) => value === chosen));
  return labelled("in-picker", label, select);
}

export function slider(label, { low, high, value, spell = String }, choose) {
  const shownValue = make("output", { text: spell(value) });
  const input = make("input", { type: "range", min: low, max: high, step: 1 });
  input.value = value;
  input.addEventListener("input", () => {
    shownValue.textContent = spell(Number(input.value));
    choose(Number(input.value));
  });
  return labelled("in-slider", label, input, shownValue);
}

// A control beside its label, not inside it: else what it holds would be read as part of its name.
function labelled(kind, text, control, ...more) {
  control.id = `in-control-${(nControls += 1)}`;
  return make("div", { class: kind }, make("label", { for: control.id, text }), control, ...more);
}

export function button(text, press, attributes = {}) {
  return make("button", { type: "button", class: "in-button", text, on: { click: press }, ...attributes });
}

// Numbers behind a picture, made only when somebody opens them.
export function disclosure(summary, build) {
  const details = make("details", { class: "in-numbers" }, make("summary", { text: summary }));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(build());
  });
  return details;
}

// A table whose first column heads its rows; it scrolls by itself, and so must take the focus.
export function table(caption, head, rows) {
  const body = rows.map(([first, ...cells]) =>
    make("tr", {}, make("th", { scope: "row", dir: "auto", text: first }), ...cells.map((text) => make("td", { text }))),
  );
  const [corner, ...columns] = head;
  const top = columns.map((text) => make("th", { scope: "col", dir: "auto", text }));
  const first = corner ? make("th", { scope: "col", text: corner }) : make("td");
  const whole = make(
    "table", {}, make("caption", { text: caption }),
    make("thead", {}, make("tr", {}, first, ...top)), make("tbody", {}, ...body),
  );
  return make("div", { class: "in-scroll", tabindex: 0, role: "region", "aria-label": caption }, whole);
}

// A block with its heading; `lead` is the sentence that says what is to be seen.
export function block(title, lead, ...children) {
  return make(
    "section", { class: "in-block" }, make("h3", { text: title }),
    lead ? make("p", { class: "in-lead", text: lead }) : null, ...children,
  );
}

export function row(...children) {
  return make("div", { class: "in-row" }, ...children);
}

export function status() {
  return make("p", { class: "in-status", role: "status" });
}

// A bar from 0 to 1, with its name and its number.
export function bar(name, share, value, attributes = {}) {
  const fill = make("span", { class: "in-bar-fill" });
  fill.style.setProperty("--share", clamp(share, 0, 1));
  return make(
    "li", { class: "in-bar", ...attributes },
    make("span", { class: "in-bar-name", dir: "auto", text: name }),
    make("span", { class: "in-bar-room" }, fill), make("span", { class: "in-bar-value", text: value }),
  );
}
