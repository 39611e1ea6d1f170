// One attention map, large: as a matrix, as lines between words, as a table. The three share one selection
// {row, column}, where null means none; `onSelect` is called when a reader points at something.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function draw(tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

function shorten(label, limit) {
  const letters = [...label];
  return letters.length > limit ? letters.slice(0, limit - 1).join("") + "…" : label;
}

// 0.731; an exact zero stays "0", so that "never" and "hardly" differ.
function number(weight, digits = 3) {
  return weight === 0 ? "0" : weight.toFixed(digits);
}

const arrowSteps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// Calls move(step in rows, step in columns) for arrow keys, move(null) for Escape.
function onArrows(node, move) {
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && !(event.key in arrowSteps)) return;
    event.preventDefault();
    if (event.key === "Escape") move(null);
    else move(...arrowSteps[event.key]);
  });
}

function stepTo(index, step, count) {
  return index === null ? 0 : Math.min(count - 1, Math.max(0, index + step));
}

function matrixView(box, map, onSelect) {
  const { rows, columns, weights, top } = map;
  const room = box.clientWidth - Math.min(130, 24 + 7.5 * Math.max(...rows.map((label) => [...label].length)));
  const cell = Math.min(44, Math.max(18, Math.floor(room / columns.length)));
  const canvas = make("canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Matrix of weights; arrow keys move through its cells");
  canvas.style.width = `${cell * columns.length}px`;
  canvas.style.height = `${cell * rows.length}px`;
  const rowMark = make("div", { className: "mark-row" });
  const columnMark = make("div", { className: "mark-column" });
  const label = (text) => make("span", { textContent: shorten(text, 16), title: text, dir: "auto" });
  const rowLabels = make("div", { className: "row-labels" }, ...rows.map(label));
  const columnLabels = make("div", { className: "column-labels" }, ...columns.map(label));
  const field = make("div", { className: "field" }, canvas, rowMark, columnMark);
  const sheet = make("div", { className: "sheet" }, make("div", { className: "corner" }), columnLabels, rowLabels, field);
  sheet.style.setProperty("--cell", `${cell}px`);
  box.replaceChildren(sheet);
  paintCells(canvas, weights, rows.length, columns.length, cell, top);

  let selected = { row: null, column: null };
  canvas.addEventListener("pointermove", (event) =>
    onSelect(
      Math.min(rows.length - 1, Math.floor(event.offsetY / cell)),
      Math.min(columns.length - 1, Math.floor(event.offsetX / cell)),
    ),
  );
  canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onSelect(null, null));
  onArrows(canvas, (down, right) =>
    down === null
      ? onSelect(null, null)
      : onSelect(stepTo(selected.row, down, rows.length), stepTo(selected.column, right, columns.length)),
  );
  return ({ row, column }) => {
    selected = { row, column };
    rowMark.hidden = row === null;
    columnMark.hidden = column === null;
    rowMark.style.top = `${row * cell}px`;
    columnMark.style.left = `${column * cell}px`;
    [...rowLabels.children].forEach((node, i) => node.classList.toggle("on", i === row));
    [...columnLabels.children].forEach((node, j) => node.classList.toggle("on", j === column));
  };
}

function paintCells(canvas, weights, rows, columns, cell, top) {
  // Browsers refuse very large canvases: long sentences get fewer pixels, never none.
  const scale = Math.min(Math.max(devicePixelRatio, printing ? 2 : 1), 8192 / (cell * Math.max(rows, columns)));
  canvas.width = Math.floor(cell * columns * scale);
  canvas.height = Math.floor(cell * rows * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.font = `${Math.min(12, cell * 0.36)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  weights.forEach((weight, i) => {
    const [x, y] = [(i % columns) * cell, Math.floor(i / columns) * cell];
    const color = colorOf(weight / top);
    context.fillStyle = `rgb(${color})`;
    context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    if (cell < 28 || weight < 0.005) return;
    context.fillStyle = inkOn(color);
    context.fillText(weight.toFixed(2).replace(/^0/, ""), x + cell / 2, y + cell / 2 + 0.5);
  });
}

function linesView(box, map, onSelect) {
  const { rows, columns, weights, top } = map;
  const pitch = Math.max(rows.length, columns.length) > 40 ? 20 : 28;
  const width = Math.max(300, box.clientWidth);
  const side = Math.min(170, width * 0.36);
  const svg = draw("svg", {
    viewBox: `0 0 ${width} ${pitch * Math.max(rows.length, columns.length)}`,
    tabindex: 0,
    role: "application",
    "aria-label": "Lines from queries on the left to keys on the right; up and down choose a query, right and left change the side",
  });
  const paths = [];
  weights.forEach((weight, i) => {
    if (weight < 0.01) return;
    const [row, column] = [Math.floor(i / columns.length), i % columns.length];
    const [y1, y2] = [(row + 0.5) * pitch, (column + 0.5) * pitch];
    const bend = (width - 2 * side) / 2;
    const path = draw("path", {
      d: `M${side},${y1} C${side + bend},${y1} ${width - side - bend},${y2} ${width - side},${y2}`,
      "stroke-width": (0.6 + (6 * weight) / top).toFixed(2),
      "stroke-opacity": Math.min(1, 0.08 + (0.8 * weight) / top).toFixed(3),
    });
    svg.append(path);
    paths.push({ path, row, column });
  });
  const ends = (labels, left, choose) =>
    labels.map((text, i) => lineEnd(svg, text, i, { left, pitch, width, side }, () => choose(i)));
  const rowEnds = ends(rows, true, (i) => onSelect(i, null));
  const columnEnds = ends(columns, false, (j) => onSelect(null, j));
  svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onSelect(null, null));

  let selected = { row: null, column: null };
  onArrows(svg, (down, right) => {
    const onKeys = right === 1 || (right === 0 && selected.row === null && selected.column !== null);
    const place = selected.row ?? selected.column;
    if (down === null) onSelect(null, null);
    else if (onKeys) onSelect(null, stepTo(place, down, columns.length));
    else onSelect(stepTo(place, down, rows.length), null);
  });
  box.replaceChildren(svg);
  return ({ row, column }) => {
    selected = { row, column };
    const at = (i, j) => weights[i * columns.length + j];
    svg.classList.toggle("focused", row !== null || column !== null);
    for (const line of paths) {
      line.path.classList.toggle("on", row !== null ? line.row === row : line.column === column);
    }
    rowEnds.forEach((end, i) => end(i === row, row === null && column !== null ? at(i, column) : null, top));
    columnEnds.forEach((end, j) => end(j === column, row !== null ? at(row, j) : null, top));
  };
}

// A word at one end of the lines; returns show(is selected, its weight or null, top of the scale).
function lineEnd(svg, text, index, { left, pitch, width, side }, choose) {
  const y = index * pitch;
  const middle = y + pitch / 2;
  const group = draw("g", { class: "end" });
  const [edge, inward] = left ? [side - 8, "end"] : [width - side + 8, "start"];
  const area = { x: left ? 0 : width - side + 2, y: y + 1, width: side - 2, height: pitch - 2 };
  const bar = draw("rect", { class: "bar", ...area, rx: 4 });
  const value = draw("text", { class: "value", x: left ? 4 : width - 4, y: middle, "text-anchor": left ? "start" : "end" });
  const word = draw("text", { class: "word", x: edge, y: middle, "text-anchor": inward }, shorten(text, Math.floor((side - 46) / 8)));
  group.append(bar, word, value, draw("title", {}, text));
  group.addEventListener("pointerenter", choose);
  group.addEventListener("pointerdown", choose);
  svg.append(group);
  return (isSelected, weight, top) => {
    group.classList.toggle("on", isSelected);
    bar.setAttribute("fill-opacity", isSelected ? 0.3 : weight === null ? 0 : 0.34 * Math.min(1, weight / top));
    value.textContent = weight === null ? "" : number(weight, 2);
  };
}

function tableView(box, { rows, columns, weights }, caption) {
  const head = (text, scope) => make("th", { textContent: text, scope, dir: "auto" });
  const body = rows.map((label, i) => {
    const shares = weights.subarray(i * columns.length, (i + 1) * columns.length);
    return make("tr", {}, head(label, "row"), ...Array.from(shares, (w) => make("td", { textContent: number(w) })));
  });
  const top = make("tr", {}, make("td"), ...columns.map((label) => head(label, "col")));
  const title = make("caption", { textContent: caption });
  box.replaceChildren(make("table", {}, title, make("thead", {}, top), make("tbody", {}, ...body)));
}
