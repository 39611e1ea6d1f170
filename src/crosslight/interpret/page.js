// The page as a whole. What is shown is written in the address (#cross/2/5/words), so a click only changes the
// address, the Back button works, and a link leads to the same head. Drawing follows the address.

const ALL_KINDS = {
  encoder: {
    tab: "Encoder",
    lead: "Encoder self-attention: each source word, while it is read, looks at all source words.",
    rows: "reading", columns: "looks at",
  },
  decoder: {
    tab: "Decoder",
    lead: "Decoder self-attention: each target word, while it is written, looks back at the words already written.",
    rows: "writing", columns: "looks back at",
  },
  cross: {
    tab: "Cross",
    lead: "Cross-attention: each target word, while it is written, looks at the source sentence.",
    rows: "writing", columns: "looks at",
  },
};

const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
// Those that the model has: a network without self-attention shows where it looks at the source alone.
const KINDS = Object.fromEntries(Object.entries(ALL_KINDS).filter(([kind]) => kind in data.kinds));
let shown = null; // what the address says: {kind, layer, head, unit}
let selection = { row: null, column: null };
let showSelection = [];

function decode(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

// One map, with `top`: the weight at the strong end of the color scale.
function mapAt({ kind, unit }, layer, head) {
  const view = data.kinds[kind][unit];
  view.decoded ??= { heads: decode(view.weights), mean: decode(view.mean) };
  const { rows, columns } = view;
  const size = rows.length * columns.length;
  const isMean = head === "mean";
  const place = isMean ? layer : layer * view.heads + head;
  const weights = view.decoded[isMean ? "mean" : "heads"].subarray(place * size, (place + 1) * size);
  const entropy = isMean ? view.meanEntropy[layer] : view.entropy[layer][head];
  const largest = weights.reduce((a, b) => Math.max(a, b));
  return { rows, columns, weights, entropy, largest, top: byId("stretch").checked ? largest : 1 };
}

function readAddress() {
  const [kind, layer, head, unit] = decodeURIComponent(location.hash.slice(1)).split("/");
  const known = kind in KINDS ? kind : "cross";
  const view = data.kinds[known].words;
  const index = (text, count, otherwise) => (/^\d+$/.test(text) && Number(text) < count ? Number(text) : otherwise);
  return {
    kind: known,
    layer: index(layer, view.layers, view.layers - 1),
    head: index(head, view.heads, "mean"),
    unit: unit === "pieces" ? "pieces" : "words",
  };
}

function go(change) {
  const { kind, layer, head, unit } = { ...shown, ...change };
  location.hash = `${kind}/${layer}/${head}/${unit}`;
}

function showTabs() {
  for (const tab of byId("tabs").children) {
    const isOn = tab.dataset.kind === shown.kind;
    tab.setAttribute("aria-selected", isOn);
    tab.tabIndex = isOn ? 0 : -1;
    if (isOn) byId("panel").setAttribute("aria-labelledby", tab.id);
  }
  for (const radio of document.getElementsByName("unit")) radio.checked = radio.value === shown.unit;
  byId("lead").textContent = KINDS[shown.kind].lead;
}

function thumbnail(layer, head) {
  const map = mapAt(shown, layer, head);
  const canvas = make("canvas");
  paintPixels(canvas, map.weights, map.rows.length, map.columns.length, map.top);
  const button = make("button", { className: "thumb", type: "button" }, canvas, make("span", { textContent: map.entropy.toFixed(2) }));
  Object.assign(button.dataset, { layer, head });
  const name = head === "mean" ? `layer ${layer + 1}, mean of heads` : `layer ${layer + 1}, head ${head + 1}`;
  button.setAttribute("aria-label", `${name}, entropy ${map.entropy.toFixed(2)} bits`);
  button.title = `${name}: entropy ${map.entropy.toFixed(2)} bits, largest weight ${number(map.largest)}`;
  button.addEventListener("click", () => go({ layer, head }));
  return button;
}

function showOverview() {
  const { layers, heads } = data.kinds[shown.kind][shown.unit];
  const columns = ["mean", ...Array(heads).keys()];
  const name = (text) => make("span", { className: "name", textContent: text });
  const grid = make("div", { className: "overview" }, name(""), name("mean"), ...columns.slice(1).map((h) => name(`head ${h + 1}`)));
  grid.style.setProperty("--columns", columns.length);
  for (let layer = 0; layer < layers; layer += 1) {
    grid.append(name(`layer ${layer + 1}`), ...columns.map((head) => thumbnail(layer, head)));
  }
  onArrows(grid, (down, right) => {
    if (down === null) return;
    const place = columns.indexOf(shown.head);
    go({ layer: stepTo(shown.layer, down, layers), head: columns[stepTo(place, right, columns.length)] });
  });
  byId("overview").replaceChildren(grid);
}

function markThumbnail() {
  const hadFocus = document.activeElement?.classList.contains("thumb");
  for (const button of document.querySelectorAll(".thumb")) {
    const isOn = button.dataset.layer === String(shown.layer) && button.dataset.head === String(shown.head);
    button.setAttribute("aria-pressed", isOn);
    button.tabIndex = isOn ? 0 : -1;
    if (isOn && hadFocus) button.focus();
  }
}

function detailTitle() {
  const head = shown.head === "mean" ? "mean of heads" : `head ${shown.head + 1}`;
  return `${KINDS[shown.kind].tab} · layer ${shown.layer + 1} · ${head}`;
}

function showDetail() {
  const map = mapAt(shown, shown.layer, shown.head);
  const { rows, columns } = KINDS[shown.kind];
  byId("detail-title").textContent = detailTitle();
  document.title = `${detailTitle()} – ${data.source}`;
  byId("legend-high").textContent = map.top === 1 ? "1" : number(map.top);
  byId("matrix-caption").textContent = `rows: ${rows} · columns: ${columns}`;
  byId("lines-caption").textContent = `left: ${rows} · right: ${columns}`;
  showSelection = [matrixView(byId("matrix"), map, select), linesView(byId("lines"), map, select), readoutView(map)];
  if (byId("values").open) showTable();
  select(selection.row, selection.column);
}

function showTable() {
  tableView(byId("values").lastElementChild, mapAt(shown, shown.layer, shown.head), detailTitle());
}

function readoutView({ rows, columns, weights, entropy, largest }) {
  const words = KINDS[shown.kind];
  const quoted = (label) => make("b", { textContent: label, dir: "auto" });
  return ({ row, column }) => {
    const parts = row === null && column === null
      ? [`entropy ${entropy.toFixed(2)} bits · largest weight ${number(largest)}`]
      : [
          `${words.rows} `, row === null ? "…" : quoted(rows[row]),
          ` ${words.columns} `, column === null ? "…" : quoted(columns[column]),
          row === null || column === null ? "" : `: ${number(weights[row * columns.length + column])}`,
        ];
    byId("readout").replaceChildren(...parts);
  };
}

function select(row, column) {
  selection = { row, column };
  for (const show of showSelection) show(selection);
}

function showAll() {
  const before = shown;
  shown = readAddress();
  const sameWords = before && before.kind === shown.kind && before.unit === shown.unit;
  if (!sameWords) {
    selection = { row: null, column: null };
    showTabs();
    showOverview();
  }
  markThumbnail();
  showDetail();
}

function paintLegend() {
  paintPixels(byId("legend"), Float32Array.from({ length: 256 }, (_, i) => i / 255), 1, 256, 1);
}

function repaint() {
  paintLegend();
  showOverview();
  markThumbnail();
  showDetail();
}

function start() {
  for (const name of ["model", "source", "translation"]) byId(name).textContent = data[name];
  byId("score").textContent = data.score.toFixed(3);
  for (const [kind, { tab }] of Object.entries(KINDS)) {
    const button = make("button", { type: "button", textContent: tab, id: `tab-${kind}` });
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", "panel");
    button.dataset.kind = kind;
    button.addEventListener("click", () => go({ kind }));
    byId("tabs").append(button);
  }
  onArrows(byId("tabs"), (_, right) => {
    const kinds = Object.keys(KINDS);
    if (!right) return;
    const kind = kinds[(kinds.indexOf(shown.kind) + right + kinds.length) % kinds.length];
    go({ kind });
    byId(`tab-${kind}`).focus();
  });
  for (const radio of document.getElementsByName("unit")) {
    radio.addEventListener("change", () => go({ unit: radio.value }));
  }
  byId("stretch").addEventListener("change", repaint);
  byId("values").addEventListener("toggle", () => byId("values").open && showTable());
  addEventListener("hashchange", showAll);
  // Phones change the height while scrolling; only a new width needs a new drawing.
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) showDetail();
    width = innerWidth;
  });
  darkScreen.addEventListener("change", repaint);
  for (const [event, isPrinting] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => {
      printing = isPrinting;
      repaint();
    });
  }
  paintLegend();
  showAll();
}

start();
