// What looks at what: every head of every layer small, one of them large, as lines and as a matrix.

import { block, disclosure, make, numbers, part, percent, row, segmented, status, table, decimal } from "./draw.js";
import { legend, matrix, thumbnail } from "./matrix.js";
import { links } from "./links.js";

const KINDS = ["cross", "encoder", "decoder"];
export const COLORS = { cross: ["src", "tgt"], encoder: ["src", "src"], decoder: ["tgt", "tgt"] };

export async function drawAttention(box, context) {
  const { t } = context;
  const kinds = (await context.ask("attention")).kinds; // those that the model has: cross at least
  const chosen = context.remembered("attention", { kind: "cross", unit: "words", layer: null, head: null });
  if (!(chosen.kind in kinds)) Object.assign(chosen, { kind: "cross", layer: null, head: null });
  const body = make("div");
  const change = (name) => (value) => {
    chosen[name] = value;
    if (name === "kind") chosen.layer = chosen.head = null;
    drawKind();
  };
  const choices = row(
    segmented(t("inside.attention.kind"), KINDS.filter((kind) => kind in kinds).map((kind) => [kind, t(`inside.stack.${kind}`)]), chosen.kind, change("kind")),
    segmented(t("inside.unit"), [["words", t("inside.words")], ["pieces", t("inside.pieces")]], chosen.unit, change("unit")),
  );

  function drawKind() {
    const view = kinds[chosen.kind][chosen.unit];
    chosen.layer = Math.min(chosen.layer ?? view.layers - 1, view.layers - 1);
    if (chosen.head >= view.heads) chosen.head = null;
    const shape = [view.layers, view.heads, view.rows.length, view.columns.length];
    const [weights, mean] = [numbers(view.weights), numbers(view.mean)];
    const of = (layer, head) =>
      head === null ? part(mean, [shape[0], shape[2], shape[3]], layer) : part(weights, shape, layer, head);
    const detail = make("div");
    const show = () => drawMap(detail, { ...view, values: of(chosen.layer, chosen.head) });
    const heads = headGrid(t, view, of, chosen, show);
    body.replaceChildren(block(t("inside.attention.heads"), t(`inside.attention.lead.${chosen.kind}`), heads), detail);
    show();
  }

  function drawMap(detail, { rows, columns, values, entropy, meanEntropy }) {
    const name = mapName(t, chosen.layer, chosen.head);
    const bits = chosen.head === null ? meanEntropy[chosen.layer] : entropy[chosen.layer][chosen.head];
    const map = { rows, columns, values, top: values.reduce((a, b) => Math.max(a, b), 1e-9) };
    const said = status();
    const views = [];
    const choose = (i, j) => {
      views.forEach((view) => view.mark(i, j));
      said.textContent = sentenceFor(t, map, i, j) || t("inside.attention.point");
    };
    const [first, second] = [make("div", { class: "in-half" }), make("div", { class: "in-half" })];
    const halves = make("div", { class: "in-halves" }, first, second);
    const entropyText = t("inside.attention.entropy", { bits: decimal(bits, 2) });
    detail.replaceChildren(
      block(
        `${t(`inside.stack.${chosen.kind}`)} · ${name}`, entropyText, said, halves,
        disclosure(t("inside.numbers"), () =>
          table(name, ["", ...columns], rows.map((text, i) => [text, ...Array.from(part(values, [rows.length, columns.length], i), (w) => decimal(w))])),
        ),
        noteOn(context),
      ),
    );
    views.push(links(first.clientWidth, map, COLORS[chosen.kind], t("inside.attention.lines.label", { name }), choose));
    views.push(matrix(second.clientWidth, map, t("inside.attention.matrix.label", { name }), choose));
    first.append(heading(t, chosen.kind), views[0].node);
    second.append(views[1].node, legend("0", percent(map.top)));
    choose(null, null);
  }

  box.replaceChildren(choices, body);
  drawKind();
}

// The sentence that stands beside every picture of attention.
export function noteOn({ t, go }) {
  const more = make("button", { type: "button", class: "in-link", text: t("inside.note.more"), on: { click: () => go("beside") } });
  return make("p", { class: "in-note" }, make("span", { text: `${t("inside.note.short")} ` }), more);
}

function mapName(t, layer, head) {
  const which = head === null ? t("inside.mean") : t("inside.head", { n: head + 1 });
  return `${t("inside.layer", { n: layer + 1 })} · ${which}`;
}

function heading(t, kind) {
  const [left, right] = COLORS[kind];
  return make(
    "p", { class: "in-links-head" },
    make("span", { class: `in-${left}`, text: t(`inside.attention.left.${kind}`) }),
    make("span", { class: `in-${right}`, text: t(`inside.attention.right.${kind}`) }),
  );
}

// What is pointed at, in words: for a cell its weight, for a word where most of it goes.
function sentenceFor(t, { rows, columns, values }, i, j) {
  const at = (row, column) => values[row * columns.length + column];
  if (i !== null && j !== null) return t("inside.attention.cell", { from: rows[i], to: columns[j], share: percent(at(i, j)) });
  if (i === null && j === null) return "";
  const others = i !== null ? columns.map((text, k) => [text, at(i, k)]) : rows.map((text, k) => [text, at(k, j)]);
  const best = others.sort((a, b) => b[1] - a[1]).slice(0, 3).map(([text, weight]) => `${text} ${percent(weight)}`).join(", ");
  return t(i !== null ? "inside.attention.looks" : "inside.attention.seen", { word: i !== null ? rows[i] : columns[j], best });
}

// A button a head, a row a layer; the last column is the mean. Arrow keys walk through them.
function headGrid(t, { layers, heads, columns }, of, chosen, show) {
  const grid = make("div", { class: "in-heads" });
  grid.style.setProperty("--columns", heads + 1);
  const places = [...Array(heads).keys(), null];
  grid.append(make("span"), ...places.map((head) => make("span", { class: "in-heads-name", text: head === null ? t("inside.mean") : t("inside.head", { n: head + 1 }) })));
  const buttons = [];
  for (let layer = 0; layer < layers; layer += 1) {
    grid.append(make("span", { class: "in-heads-name", text: t("inside.layer", { n: layer + 1 }) }));
    for (const head of places) {
      const values = of(layer, head);
      const press = () => {
        [chosen.layer, chosen.head] = [layer, head];
        mark();
        show();
      };
      const shape = thumbnail(values, columns.length, values.reduce((a, b) => Math.max(a, b), 1e-9));
      const one = make("button", { type: "button", class: "in-head", "aria-label": mapName(t, layer, head), on: { click: press } }, shape);
      buttons.push({ one, layer, head });
      grid.append(one);
    }
  }
  grid.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -places.length, ArrowDown: places.length }[event.key];
    const next = buttons[buttons.findIndex(({ one }) => one === document.activeElement) + step];
    if (!step || !next) return;
    event.preventDefault();
    next.one.focus();
    next.one.click();
  });
  function mark() {
    for (const { one, layer, head } of buttons) {
      const isOn = layer === chosen.layer && head === chosen.head;
      one.setAttribute("aria-pressed", isOn);
      one.tabIndex = isOn ? 0 : -1;
    }
  }
  mark();
  return make("div", { class: "in-scroll" }, grid);
}
