// Beside attention: what happens without a word, and what the weights bring. Attention is not explanation.

import { block, bar, disclosure, decimal, make, numbers, part, percent, picker, row, segmented, signed, status, table } from "./draw.js";
import { formula } from "./formula.js";
import { legend, matrix } from "./matrix.js";

const LIKELY = 5; // words of a list
const WIDE = 12; // columns of a matrix that needs the whole width

export async function drawBeside(box, context) {
  const { t, frame } = context;
  const sees = frame.views?.includes("attention") ?? true; // a model without attention has occlusion alone
  const [seen, found] = await Promise.all([sees ? context.ask("attention") : null, context.ask("beside")]);
  const raw = seen?.kinds.cross.words;
  const weighted = found.value_weighted.cross?.words;
  const nLayers = raw?.layers ?? 1;
  const chosen = context.remembered("beside", { layer: nLayers - 1, how: "removed", word: longest(frame.tgt.texts) });
  chosen.layer = Math.min(chosen.layer, nLayers - 1);
  const body = make("div");
  const set = (name) => (value) => {
    chosen[name] = value;
    draw();
  };
  const layers = Array.from({ length: nLayers }, (_, i) => [i, t("inside.layer", { n: i + 1 })]);
  const choices = row(
    segmented(t("inside.beside.how"), ["removed", "unknown"].map((how) => [how, t(`inside.beside.how.${how}`)]), chosen.how, set("how")),
    layers.length > 1 ? picker(t("inside.stack.cross"), layers, chosen.layer, set("layer")) : null,
  );

  function draw() {
    const { rows, columns } = found.occlusion;
    const changes = numbers(found.occlusion[chosen.how]);
    const maps = [
      raw && ["attention", raw, part(numbers(raw.mean), [raw.layers, raw.rows.length, raw.columns.length], chosen.layer), "share"],
      weighted && ["weighted", weighted, part(numbers(weighted.together), weighted.together.shape, chosen.layer), "share"],
      ["occlusion", { rows, columns }, changes, "change"],
    ].filter(Boolean).map(([name, labels, values, scale]) => ({ name, rows: labels.rows, columns: labels.columns, values, scale, top: values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9) }));
    const said = status();
    const lists = make("div", { class: "in-thirds" });
    const rooms = maps.map(() => make("div", { class: "in-third" }));
    body.replaceChildren(
      block(t("inside.beside.matrices"), t("inside.beside.matrices.lead"), said, make("div", { class: columns.length > WIDE ? "in-stacked" : "in-thirds" }, ...rooms),
        disclosure(t("inside.numbers"), () => make("div", {}, ...maps.map((map) => numbersOf(map, t))))),
      block(t("inside.beside.word"), t("inside.beside.word.lead"), picker(t("inside.translation"), found.occlusion.rows.map((text, i) => [i, `${i + 1} · ${text}`]), chosen.word, (word) => mark(word, null)), lists),
    );
    const pictures = maps.map((map, i) => {
      const picture = matrix(rooms[i].clientWidth, map, t("inside.beside.label", { name: t(`inside.beside.${map.name}`) }), (word, column) => mark(word ?? chosen.word, column, map));
      const ends = map.scale === "change" ? [signed(-map.top, 1), signed(map.top, 1)] : ["0", map.name === "attention" ? percent(map.top) : decimal(map.top, 1)];
      rooms[i].append(
        make("h4", { text: t(`inside.beside.${map.name}`) }), make("p", { class: "in-hint", text: t(`inside.beside.${map.name}.lead`) }),
        picture.node, legend(...ends, map.scale), map.name === "weighted" ? formula("norms") : "",
      );
      return picture;
    });
    function mark(word, column, from) {
      chosen.word = word;
      pictures.forEach((picture) => picture.mark(word, column));
      lists.replaceChildren(...maps.map((map) => wordList(map, word, t)));
      const select = body.querySelector("select");
      if (select) select.selectedIndex = word;
      said.textContent = from && column !== null ? t("inside.beside.cell", { name: t(`inside.beside.${from.name}`), from: from.rows[word], to: from.columns[column], value: spelled(from, at(from, word, column)) }) : t("inside.attention.point");
    }
    mark(Math.min(chosen.word, rows.length - 1), null);
  }

  box.replaceChildren(
    make(
      "section", { class: "in-block in-warning", "aria-label": t("inside.note.title") }, make("h3", { text: t("inside.note.title") }), make("p", { text: t("inside.note.text") }),
      make("ul", {}, ...found.note.sources.map((source) => make("li", { lang: "en", text: source }))),
    ),
    choices, body,
  );
  draw();
}

function longest(texts) {
  const lengths = texts.slice(0, -1).map((text) => text.length);
  return Math.max(0, lengths.indexOf(Math.max(...lengths)));
}

function at({ columns, values }, i, j) {
  return values[i * columns.length + j];
}

function spelled({ name }, value) {
  if (name === "attention") return percent(value);
  return name === "weighted" ? decimal(value, 2) : signed(value);
}

// The source words that count most for a word, by one of the three measures: for occlusion the largest losses.
function wordList(map, word, t) {
  const sign = map.scale === "change" ? -1 : 1;
  const best = map.columns.map((text, j) => [text, at(map, word, j)]).sort((a, b) => sign * (b[1] - a[1])).slice(0, LIKELY);
  const top = Math.max(1e-9, ...map.columns.map((_, j) => sign * at(map, word, j)));
  const bars = best.map(([text, value]) => bar(text, (sign * value) / top, spelled(map, value), { class: `in-bar${sign < 0 ? " less" : ""}` }));
  return make("div", { class: "in-third" }, make("h4", { text: t(`inside.beside.${map.name}`) }), make("ol", { class: "in-bars" }, ...bars));
}

function numbersOf(map, t) {
  const rows = map.rows.map((text, i) => [text, ...map.columns.map((_, j) => decimal(at(map, i, j)))]);
  return table(t(`inside.beside.${map.name}`), ["", ...map.columns], rows);
}
