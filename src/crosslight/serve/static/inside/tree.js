// The beam search as a tree, from left to right: what was kept, cut and finished at each step.

import { block, clamp, decimal, disclosure, make, onArrows, percent, row, segmented, shorten, shown, slider, status, svg, table } from "./draw.js";

const [WIDE, PITCH, TALL, GAP] = [104, 34, 26, 34]; // of a node: width, from one to the next, height, room for edges
const MARKS = { finished: "✓", cut: "✕", open: "…", kept: "" };

export async function drawTree(box, context) {
  const { t, frame } = context;
  const chosen = context.remembered("search", { beam: null });
  const body = make("div");
  const beams = context.beams(frame.search.beam);
  const choices = segmented(
    t("inside.search.beam"), beams.map((beam) => [String(beam), String(beam)]), String(chosen.beam ?? frame.search.beam),
    (value) => {
      chosen.beam = Number(value);
      load();
    },
  );
  async function load() {
    const wish = chosen.beam === null || chosen.beam === frame.search.beam ? {} : { beam: chosen.beam };
    const search = await context.ask("search", wish);
    drawSearch(body, search, t);
  }
  box.replaceChildren(beams.length > 1 ? row(choices, make("p", { class: "in-hint", text: t("inside.search.hint", { beam: frame.search.beam }) })) : "", body);
  await load();
}

function drawSearch(body, search, t) {
  const { nodes, steps, results } = search;
  const best = pathOf(nodes, results[0].node);
  const said = make("div", { class: "in-tree-said", role: "status" });
  const picture = treePicture(search, new Set(best), t, (id) => describe(said, nodes, id, t));
  const last = steps.length;
  const through = slider(t("inside.search.upto"), { low: 1, high: last, value: last, spell: (n) => `${n} / ${last}` }, (step) => picture.upTo(step));
  const sum = t(`inside.search.stopped.${search.stopped}`, {
    steps: last, seen: nodes.length - 1, kept: nodes.filter((node) => node.state === "kept").length,
  });
  body.replaceChildren(
    block(
      t("inside.search.tree"), t("inside.search.lead"), row(through, states(t)), picture.node, said,
      make("p", { class: "in-hint", text: sum }),
      disclosure(t("inside.numbers"), () => stepTable(search, t)),
    ),
    block(t("inside.search.results"), t("inside.search.results.lead", { alpha: search.alpha }), resultTable(results, t)),
  );
  picture.choose(results[0].node, false);
}

// 97%, 1.2%, <0.1%: as short as a node is small.
function brief(p) {
  if (p < 0.001) return "<0.1%";
  return `${(100 * p).toFixed(p < 0.0995 ? 1 : 0)}%`;
}

function pathOf(nodes, id) {
  const path = [];
  for (let at = id; at !== null; at = nodes[at].parent) path.unshift(at);
  return path;
}

function states(t) {
  return make("ul", { class: "in-states" }, ...["kept", "finished", "cut", "open"].map((state) =>
    make("li", {}, make("span", { class: `in-state in-state-${state}`, "aria-hidden": "true", text: MARKS[state] || " " }), make("span", { text: t(`inside.state.${state}`) })),
  ));
}

// Steps are columns, ranks are rows. Returns {node, choose(id), upTo(step)}.
function treePicture({ nodes, steps }, best, t, tell) {
  const x = (node) => node.step * (WIDE + GAP) + 2;
  const y = (node) => (node.step ? node.rank : 0) * PITCH + 4;
  const nRows = Math.max(...nodes.map((node) => node.rank)) + 1;
  const [width, height] = [(steps.length + 1) * (WIDE + GAP), nRows * PITCH + 6];
  const picture = svg("svg", { class: "in-tree", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const kind = (node) => `in-${node.state}${best.has(node.id) ? " best" : ""}`;
  const edges = nodes.map((node) => {
    const from = nodes[node.parent ?? 0];
    const [x1, y1, x2, y2] = [x(from) + WIDE, y(from) + TALL / 2, x(node), y(node) + TALL / 2];
    const d = node.parent === null ? "" : `M${x1} ${y1}C${x1 + GAP / 2} ${y1} ${x2 - GAP / 2} ${y2} ${x2} ${y2}`;
    return svg("path", { class: `in-edge ${kind(node)}`, d, "stroke-width": (1 + 4 * node.p).toFixed(2) });
  });
  const drawn = nodes.map((node) => {
    const middle = y(node) + TALL / 2 + 1;
    const p = node.step ? brief(node.p) : "";
    const group = svg(
      "g", { class: `in-node ${kind(node)}` },
      svg("rect", { x: x(node), y: y(node), width: WIDE, height: TALL, rx: 7 }),
      svg("text", { class: "in-node-piece", x: x(node) + 7, y: middle, text: shorten(shown(node.piece), 8) }),
      svg("text", { class: "in-node-p", x: x(node) + WIDE - 6, y: middle, "text-anchor": "end", text: p }),
      svg("title", { text: `${node.piece} ${percent(node.p)}` }),
    );
    group.addEventListener("click", () => choose(node.id));
    return group;
  });
  // Edges lie below all nodes, those of the best path above the others.
  const order = [...nodes].sort((a, b) => best.has(a.id) - best.has(b.id));
  picture.append(...order.map((node) => edges[node.id]), ...drawn);
  const frame = make("div", { class: "in-scroll in-tree-box", tabindex: 0, role: "application", "aria-label": t("inside.search.label") }, picture);
  let [at, shownSteps] = [0, steps.length];
  onArrows(frame, (down, right) => {
    if (down === null) return choose(0);
    const node = nodes[at];
    if (right < 0) return node.parent !== null && choose(node.parent);
    const among = right > 0 ? nodes.filter((other) => other.parent === at) : nodes.filter((other) => other.step === node.step);
    const place = right > 0 ? 0 : clamp(among.findIndex((other) => other.id === at) + down, 0, among.length - 1);
    const preferred = right > 0 ? (among.find((other) => best.has(other.id)) ?? among[0]) : among[place];
    return preferred && preferred.step <= shownSteps && choose(preferred.id);
  });
  function choose(id, isMove = true) {
    at = id;
    const path = new Set(pathOf(nodes, id));
    drawn.forEach((group, other) => group.classList.toggle("on", other === id));
    edges.forEach((edge, other) => edge.classList.toggle("way", path.has(other)));
    tell(id);
    if (!isMove) return;
    const left = x(nodes[id]) - frame.clientWidth / 2 + WIDE / 2;
    frame.scrollTo({ left, behavior: "instant" });
  }
  function upTo(step) {
    shownSteps = step;
    for (const group of [drawn, edges]) group.forEach((one, id) => one.classList.toggle("later", nodes[id].step > step));
    choose(nodes.find((node) => node.step === step && best.has(node.id))?.id ?? nodes.find((node) => node.step === step).id);
  }
  return { node: frame, choose, upTo };
}

function describe(said, nodes, id, t) {
  const node = nodes[id];
  const text = pathOf(nodes, id).slice(1).map((place) => nodes[place].piece).filter((piece) => piece !== "</s>").join("").replaceAll("▁", " ").trim();
  const facts = [
    [t("inside.search.fact.p"), percent(node.p)], [t("inside.search.fact.logp"), decimal(node.logp)],
    [t("inside.search.fact.score"), decimal(node.score)], [t("inside.search.fact.rank"), `${node.rank + 1}`],
  ];
  said.replaceChildren(
    make("p", { class: "in-tree-text" }, make("span", { dir: "auto", class: "in-tgt", text: text || "<s>" }), make("span", { class: `in-tag in-state-${node.state}`, text: t(`inside.state.${node.state}`) })),
    make("dl", { class: "in-facts" }, ...facts.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value })))),
  );
}

function stepTable({ nodes, steps }, t) {
  const head = [t("inside.search.step"), t("inside.piece"), t("inside.search.fact.p"), t("inside.search.fact.logp"), t("inside.search.fact.score"), t("inside.search.state")];
  const rows = steps.flatMap((step) => step.nodes.map((id) => {
    const node = nodes[id];
    return [String(step.step), node.piece, decimal(node.p, 4), decimal(node.logp, 4), decimal(node.score, 4), t(`inside.state.${node.state}`)];
  }));
  return table(t("inside.search.tree"), head, rows);
}

function resultTable(results, t) {
  const head = [t("inside.attention.right.cross"), t("inside.search.fact.logp"), t("inside.search.fact.score")];
  return table(t("inside.search.results"), head, results.map((one) => [one.text, decimal(one.logp, 4), decimal(one.score, 4)]));
}
