// Two columns of words and the lines between them: the wider a line, the larger its weight.

import { make, onArrows, percent, shorten, svg, clamp } from "./draw.js";

const [LOOSE, TIGHT, MANY] = [36, 26, 14]; // from word to word; where there are many they move together
const NARROW = 400; // px: no room for the percents beside the words; what is chosen is said above anyway
const FAINTEST = 0.04; // share of the largest weight that still gets a line; the rest would be a grey veil

// map: {rows, columns, values, top}; rows stand on the right (they look), columns on the left.
// Returns {node, mark(row, column)}; choose(row, column) is told what is pointed at: a word, so one of the two.
export function links(width, { rows, columns, values, top }, colors, label, choose) {
  const side = clamp(9 * Math.max(...[...rows, ...columns].map((text) => [...text].length)) + 54, 96, width * 0.36);
  const pitch = Math.max(rows.length, columns.length) > MANY ? TIGHT : LOOSE;
  const height = pitch * Math.max(rows.length, columns.length) + 4;
  const offset = (count) => (height - pitch * count) / 2;
  const middle = (index, count) => offset(count) + pitch * (index + 0.5);
  const id = `in-gradient-${colors.join("-")}`;
  const gradient = svg(
    "linearGradient", { id, gradientUnits: "userSpaceOnUse", x1: side, x2: width - side, y1: 0, y2: 0 },
    svg("stop", { offset: "0", class: `in-stop-${colors[0]}` }), svg("stop", { offset: "1", class: `in-stop-${colors[1]}` }),
  );
  const picture = svg(
    "svg", { class: "in-links", viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "application", "aria-label": label },
    svg("defs", {}, gradient),
  );
  const lines = [];
  values.forEach((weight, i) => {
    const [row, column] = [Math.floor(i / columns.length), i % columns.length];
    if (weight < FAINTEST * top) return;
    const [y1, y2, bend] = [middle(column, columns.length), middle(row, rows.length), (width - 2 * side) * 0.45];
    const share = Math.min(1, weight / top);
    const path = svg("path", {
      d: `M${side} ${y1}C${side + bend} ${y1} ${width - side - bend} ${y2} ${width - side} ${y2}`,
      stroke: `url(#${id})`, "stroke-width": (1 + 7 * share).toFixed(2), "stroke-opacity": (0.12 + 0.78 * share).toFixed(3),
    });
    lines.push({ path, row, column });
  });
  lines.sort((a, b) => a.path.getAttribute("stroke-width") - b.path.getAttribute("stroke-width"));
  picture.append(...lines.map((line) => line.path));

  const end = (text, y, isLeft, color, select) => {
    const x = isLeft ? side - 8 : width - side + 8;
    const value = svg("text", { class: `in-link-value${width < NARROW ? " none" : ""}`, x: isLeft ? 2 : width - 2, y, "text-anchor": isLeft ? "start" : "end" });
    const word = svg("text", { class: `in-link-word in-${color}`, x, y, "text-anchor": isLeft ? "end" : "start", text: shorten(text, Math.floor((side - (width < NARROW ? 10 : 50)) / 7.6)) });
    const area = svg("rect", { class: "in-link-area", x: isLeft ? 0 : width - side, y: y - pitch / 2 + 1, width: side, height: pitch - 2, rx: 6 });
    const group = svg("g", { class: "in-link-end" }, svg("title", { text }), area, word, value);
    group.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && select());
    group.addEventListener("click", select);
    picture.append(group);
    return (isOn, weight) => {
      group.classList.toggle("on", isOn);
      value.textContent = weight === null ? "" : percent(weight);
      group.classList.toggle("dim", !isOn && weight !== null && weight < FAINTEST * top);
    };
  };
  const left = columns.map((text, j) => end(text, middle(j, columns.length), true, colors[0], () => choose(null, j)));
  const right = rows.map((text, i) => end(text, middle(i, rows.length), false, colors[1], () => choose(i, null)));

  let at = { row: null, column: null };
  onArrows(picture, (down, across) => {
    if (down === null) return choose(null, null);
    const isLeft = across ? across < 0 : at.row === null && at.column !== null;
    const count = isLeft ? columns.length : rows.length;
    const place = at.row ?? at.column;
    const next = place === null ? 0 : clamp(place + down, 0, count - 1);
    return isLeft ? choose(null, next) : choose(next, null);
  });
  function mark(row, column) {
    at = { row, column };
    const nothing = row === null && column === null;
    picture.classList.toggle("focused", !nothing);
    for (const line of lines) line.path.classList.toggle("on", row !== null ? line.row === row : line.column === column);
    const weight = (i, j) => values[i * columns.length + j];
    left.forEach((tell, j) => tell(j === column, row === null ? null : weight(row, j)));
    right.forEach((tell, i) => tell(i === row, row !== null || column === null ? null : weight(i, column)));
  }
  return { node: make("div", { class: "in-links-box" }, picture), mark };
}
