// A labelled matrix of numbers as colours: the pointer and the arrow keys choose a cell.

import { colorOf, inkOn, paintPixels, repainted } from "./colors.js";
import { clamp, make, onArrows, shorten } from "./draw.js";

const [SMALLEST, LARGEST] = [15, 38];
const ROOM_FOR_NUMBERS = 30;
const MOST_PIXELS = 8192; // of a canvas; browsers refuse larger ones

// map: {rows, columns, values, top, scale}; choose(row, column) is told what is pointed at, nulls for nothing.
// Returns {node, mark(row, column)}.
export function matrix(width, map, label, choose) {
  const { rows, columns } = map;
  const longest = Math.min(14, Math.max(...rows.map((text) => [...text].length)));
  const cell = clamp(Math.floor((width - 16 - 7.8 * longest) / columns.length), SMALLEST, LARGEST);
  const canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": label });
  canvas.style.width = `${cell * columns.length}px`;
  canvas.style.height = `${cell * rows.length}px`;
  repainted(canvas, () => paintCells(canvas, map, cell));

  const name = (text) => make("span", { text: shorten(text, 14), title: text, dir: "auto" });
  const rowNames = make("div", { class: "in-row-names", "aria-hidden": "true" }, ...rows.map(name));
  const columnNames = make("div", { class: "in-column-names", "aria-hidden": "true" }, ...columns.map(name));
  const rowMark = make("div", { class: "in-mark-row", hidden: true });
  const columnMark = make("div", { class: "in-mark-column", hidden: true });
  const field = make("div", { class: "in-field" }, canvas, rowMark, columnMark);
  const sheet = make("div", { class: "in-sheet" }, make("div", { class: "in-corner" }), columnNames, rowNames, field);
  sheet.style.setProperty("--cell", `${cell}px`);
  const node = make("div", { class: "in-scroll in-matrix" }, sheet);

  let at = { row: null, column: null };
  const point = (event) =>
    choose(
      clamp(Math.floor(event.offsetY / cell), 0, rows.length - 1),
      clamp(Math.floor(event.offsetX / cell), 0, columns.length - 1),
    );
  canvas.addEventListener("pointermove", (event) => event.pointerType === "mouse" && point(event));
  canvas.addEventListener("click", point);
  onArrows(canvas, (down, right) => {
    if (down === null) choose(null, null);
    else choose(stepped(at.row, down, rows.length), stepped(at.column, right, columns.length));
  });
  function mark(row, column) {
    at = { row, column };
    rowMark.hidden = row === null;
    columnMark.hidden = column === null;
    rowMark.style.top = `${row * cell}px`;
    columnMark.style.left = `${column * cell}px`;
    [...rowNames.children].forEach((child, i) => child.classList.toggle("on", i === row));
    [...columnNames.children].forEach((child, j) => child.classList.toggle("on", j === column));
  }
  return { node, mark };
}

function stepped(index, step, count) {
  return index === null ? 0 : clamp(index + step, 0, count - 1);
}

function paintCells(canvas, { rows, columns, values, top, scale = "share" }, cell) {
  const sharp = Math.min(Math.max(devicePixelRatio, 1), MOST_PIXELS / (cell * Math.max(rows.length, columns.length)));
  canvas.width = Math.floor(cell * columns.length * sharp);
  canvas.height = Math.floor(cell * rows.length * sharp);
  const context = canvas.getContext("2d");
  context.scale(sharp, sharp);
  context.font = `${Math.min(12, cell * 0.34)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  values.forEach((value, i) => {
    const [x, y] = [(i % columns.length) * cell, Math.floor(i / columns.length) * cell];
    const color = colorOf(value, top, scale);
    context.fillStyle = `rgb(${color})`;
    context.fillRect(x, y, cell - 1, cell - 1);
    const least = scale === "change" ? 0.05 : 0.005 * top;
    if (cell < ROOM_FOR_NUMBERS || Math.abs(value) < least) return;
    context.fillStyle = inkOn(color);
    context.fillText(cellText(value, scale), x + cell / 2, y + cell / 2);
  });
}

// .73 for shares, −1.2 for changes: as short as a cell is small.
function cellText(value, scale) {
  if (scale === "change") return `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;
  return value >= 0.995 ? value.toFixed(1) : value.toFixed(2).slice(1);
}

// A matrix so small that only its pattern is seen.
export function thumbnail(values, nColumns, top, scale) {
  const canvas = make("canvas", { class: "in-thumbnail", "aria-hidden": "true" });
  paintPixels(canvas, values, nColumns, top, scale);
  return canvas;
}

// What the colours mean.
export function legend(low, high, scale = "share") {
  const canvas = make("canvas", { class: "in-legend-ramp", "aria-hidden": "true" });
  const steps = Float32Array.from({ length: 128 }, (_, i) => (scale === "share" ? i / 127 : i / 63.5 - 1));
  paintPixels(canvas, steps, 128, 1, scale);
  return make("p", { class: "in-legend" }, make("span", { text: low }), canvas, make("span", { text: high }));
}
