// Positions: the map of the encoding, how alike positions are, and the shift f(p+k) = A_k f(p); learned distances; turns.

import { block, decimal, disclosure, make, numbers, part, row, scientific, slider, svg, table } from "./draw.js";
import { formula } from "./formula.js";
import { paintPixels } from "./colors.js";
import { legend } from "./matrix.js";

export async function drawPositions(box, context) {
  const { t } = context;
  const { tables, distances, turns } = await context.ask("positions");
  const drawn = [
    ...tables.map((one) => drawTable(one, t, tables.length > 1)),
    ...(distances.length ? [drawDistances(distances, t)] : []),
    ...(turns ? [drawTurns(turns, t)] : []),
  ];
  box.replaceChildren(...(drawn.length ? drawn : [block(t("inside.positions.none"), t("inside.positions.none.lead"))]));
}

// Relative positions: how long the vectors are that each layer adds to keys and values, by distance.
function drawDistances(all, t) {
  const named = ({ stack, layer }) => `${t(`inside.stack.${stack}`)} · ${t("inside.layer", { n: layer + 1 })}`;
  const rows = (one) => one.distance.map((k, i) => [String(k), decimal(one.key_lengths[i], 3), decimal(one.value_lengths[i], 3)]);
  return block(
    t("inside.positions.distances"), t("inside.positions.distances.lead"),
    ...all.map((one) => disclosure(named(one), () => table(named(one), [t("inside.positions.distance"), t("inside.positions.key-length"), t("inside.positions.value-length")], rows(one)))),
  );
}

// Rotary positions: what is left of the score of a key that is like the query.
function drawTurns({ wavelengths, similarity }, t) {
  return make(
    "div", {},
    block(t("inside.positions.turns"), t("inside.positions.turns.lead"), curve(similarity, t)),
    block(t("inside.positions.turns.waves"), "", disclosure(t("inside.numbers"), () => table(t("inside.positions.turns.waves"), [t("inside.positions.pair"), t("inside.positions.position")], wavelengths.map((wave, i) => [String(i + 1), wave.toPrecision(4)])))),
  );
}

function drawTable(one, t, isOneOfTwo) {
  const [n, d] = one.table.shape;
  const values = numbers(one.table);
  const whose = isOneOfTwo ? `${one.stacks.map((stack) => t(`inside.stack.${stack}`)).join(", ")} · ` : "";
  const top = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  const map = picture(values, d, top, "change", t("inside.positions.map.label", { n, d }));
  const dots = numbers(one.dots);
  const dotsTop = dots.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  const dotsScale = dots.some((x) => x < 0) ? "change" : "share";
  return make(
    "div", {},
    block(
      `${whose}${t("inside.positions.map")} · ${t(`inside.positions.kind.${one.kind}`)}`, t(`inside.positions.map.lead.${one.kind === "learned" ? "learned" : "sinusoidal"}`),
      one.kind === "learned" ? null : formula("positions"),
      make("div", { class: "in-map" }, make("span", { class: "in-axis-y", text: t("inside.positions.position") }), map, make("span"), make("span", { class: "in-axis-x", text: t("inside.positions.feature", { d }) })),
      legend(decimal(-top, 1), decimal(top, 1), "change"),
      disclosure(t("inside.numbers"), () => table(t("inside.positions.map"), ["", ...Array.from({ length: Math.min(d, 16) }, (_, i) => `${i + 1}`)], Array.from({ length: Math.min(n, 32) }, (_, p) => [String(p), ...Array.from(part(values, [n, d], p).slice(0, 16), (x) => decimal(x))]))),
    ),
    one.wavelengths ? wheels(one, values, t) : "",
    make(
      "div", { class: "in-halves" },
      block(t("inside.positions.similarity"), t("inside.positions.similarity.lead"), curve(one.similarity, t),
        disclosure(t("inside.numbers"), () => table(t("inside.positions.similarity"), [t("inside.positions.distance"), t("inside.mean"), t("inside.least"), t("inside.most")], one.similarity.distance.map((k, i) => [String(k), decimal(one.similarity.mean[i], 4), decimal(one.similarity.least[i], 4), decimal(one.similarity.most[i], 4)])))),
      block(t("inside.positions.dots"), t("inside.positions.dots.lead"), make("div", { class: "in-square" }, picture(dots, n, dotsTop, dotsScale, t("inside.positions.dots"))), legend(dotsScale === "share" ? "0" : decimal(-dotsTop, 0), decimal(dotsTop, 0), dotsScale)),
    ),
    shifts(one, t),
  );
}

function picture(values, nColumns, top, scale, label) {
  const canvas = make("canvas", { class: "in-pixels", role: "img", "aria-label": label });
  paintPixels(canvas, values, nColumns, top, scale);
  return canvas;
}

// A pair of features is a hand on a clock: a step of one position turns it by ω, wherever it stands.
function wheels({ kind, wavelengths, table: { shape } }, values, t) {
  const [n, d] = shape;
  const state = { pair: Math.min(8, wavelengths.length - 1), p: 3, k: 5 };
  const room = make("div", { class: "in-wheel-room" });
  const features = pairing(kind, wavelengths.length);
  const hand = (p) => features(state.pair).map((feature) => values[p * d + feature]);
  function draw() {
    const radius = Math.hypot(...hand(0)) || 1;
    const at = (p, length) => hand(p).map((x) => (length * x) / radius);
    const wheel = svg("svg", { class: "in-wheel", viewBox: "-112 -112 224 224", role: "img", "aria-label": t("inside.positions.wheel.label", { pair: state.pair + 1, p: state.p, k: state.k }) }, svg("circle", { class: "in-wheel-rim", r: 100 }));
    for (let p = 0; p < n; p += 1) {
      const [y, x] = at(p, 100);
      wheel.append(svg("circle", { class: "in-wheel-dot", cx: x, cy: -y, r: 2.4 }));
    }
    const pointer = (p, name, text) => {
      const [y, x] = at(p, 100);
      wheel.append(svg("line", { class: `in-wheel-${name}`, x1: 0, y1: 0, x2: x, y2: -y }), svg("circle", { class: `in-wheel-${name}`, cx: x, cy: -y, r: 6 }), svg("text", { class: "in-wheel-text", x: 0.62 * x + 6, y: -0.62 * y - 6, text }));
    };
    pointer(state.p, "from", "f(p)");
    pointer(state.p + state.k, "to", "f(p+k)");
    const turn = ((360 * state.k) / wavelengths[state.pair]) % 360;
    const said = t("inside.positions.wheel.said", { wavelength: wavelengths[state.pair].toPrecision(4), k: state.k, degrees: turn.toFixed(1) });
    room.replaceChildren(wheel, make("p", { class: "in-status", role: "status", text: said }));
  }
  const set = (name) => (value) => {
    state[name] = value;
    draw();
  };
  draw();
  const most = Math.floor(n / 2) - 1;
  return block(
    t("inside.positions.wheel"), t("inside.positions.wheel.lead"),
    make("div", { class: "in-wheel-block" }, room, make(
      "div", { class: "in-sliders" },
      slider(t("inside.positions.pair"), { low: 0, high: wavelengths.length - 1, value: state.pair, spell: (i) => String(i + 1) }, set("pair")),
      slider("p", { low: 0, high: Math.max(0, most), value: Math.min(state.p, most) }, set("p")),
      slider("k", { low: 0, high: Math.max(0, most), value: Math.min(state.k, most) }, set("k")),
    )),
  );
}

// Which two features make a pair: neighbours (sin, cos, sin, cos …), or one of each half (all sin, all cos).
function pairing(kind, nPairs) {
  return kind === "sinusoidal" ? (i) => [2 * i, 2 * i + 1] : (i) => [i, nPairs + i];
}

function curve({ distance, mean, least, most }, t) {
  const [width, height, left, bottom] = [440, 236, 40, 40];
  const low = Math.min(0, ...least);
  const x = (k) => left + ((width - left - 8) * k) / Math.max(1, distance.at(-1));
  const y = (value) => 8 + ((height - bottom - 8) * (1 - value)) / (1 - low);
  const line = (series) => series.map((value, i) => `${i ? "L" : "M"}${x(distance[i]).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const back = [...least].reverse().map((value, i) => `L${x(distance[distance.length - 1 - i]).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const chart = svg("svg", { class: "in-chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("inside.positions.similarity.label", { first: decimal(mean[1] ?? 1, 2), last: decimal(mean.at(-1), 2) }) });
  for (const value of [0, 0.5, 1]) chart.append(svg("line", { class: "in-grid", x1: left, x2: width - 8, y1: y(value), y2: y(value) }), svg("text", { class: "in-tick", x: left - 6, y: y(value), "text-anchor": "end", text: String(value) }));
  for (let k = 0; k <= distance.at(-1); k += 16) chart.append(svg("text", { class: "in-tick", x: x(k), y: height - 22, "text-anchor": "middle", text: String(k) }));
  chart.append(
    svg("text", { class: "in-tick", x: (left + width) / 2, y: height - 6, "text-anchor": "middle", text: t("inside.positions.distance") }),
    svg("path", { class: "in-band", d: `${line(most)}${back}Z` }), svg("path", { class: "in-curve", d: line(mean) }),
  );
  return chart;
}

function shifts({ shifts: all, kind }, t) {
  const head = ["k", ...(kind === "learned" ? [] : [t("inside.positions.rotation")]), t("inside.positions.fit"), t("inside.positions.control")];
  const rows = all.map((one) => [`${one.k}`, ...(kind === "learned" ? [] : [scientific(one.rotation_error)]), scientific(one.fit_error), scientific(one.control_error)]);
  const [first] = all;
  const blocks = first ? first.blocks.map((cells, i) => make("figure", { class: "in-turn" }, formula("matrix", cells.map((line) => line.map((x) => decimal(x, 2)))), make("figcaption", { text: t("inside.positions.block", { n: i + 1 }) }))) : [];
  return block(
    t("inside.positions.shift"), t(`inside.positions.shift.lead.${kind === "learned" ? "learned" : "sinusoidal"}`), formula("shift"),
    table(t("inside.positions.errors"), head, rows), make("p", { class: "in-hint", text: t("inside.positions.blocks", { k: first?.k ?? 1 }) }), row(...blocks),
  );
}
