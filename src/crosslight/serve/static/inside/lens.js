// The causal lens: a head is switched off or flattened, or positions are left out, and the translation changes.

import { block, button, decimal, disclosure, make, numbers, part, percent, picker, row, segmented, shown, signed, table } from "./draw.js";
import { colorOf, inkOn, repainted } from "./colors.js";
import { legend } from "./matrix.js";

const STACKS = ["cross", "encoder", "decoder"];
const LEAST_SCALE = 1; // nats: smaller changes than this never get the full colour

export async function drawLens(box, context) {
  const { t, frame, live } = context;
  const state = context.remembered("lens", { list: [], what: "zero", stack: "cross", layer: 0, head: 0 });
  const result = make("div", { class: "in-lens-result" });
  const survey = make("div");
  box.replaceChildren(live ? block(t("inside.lens.title"), t("inside.lens.lead"), chooser(), result) : "", survey);
  if (live) await run();
  await drawSurvey();

  function chooser() {
    const form = make("div", { class: "in-form" });
    const redraw = () => {
      const isWhole = state.what === "no_positions";
      const stacks = isWhole ? ["encoder", "decoder"] : STACKS;
      if (!stacks.includes(state.stack)) state.stack = stacks[0];
      const nLayers = frame.model[state.stack === "encoder" ? "n_encoder_layers" : "n_decoder_layers"];
      const places = (n, key) => [[null, t("inside.all")], ...Array.from({ length: n }, (_, i) => [i, t(key, { n: i + 1 })])];
      const set = (name) => (value) => {
        state[name] = value;
        redraw();
      };
      form.replaceChildren(
        segmented(t("inside.lens.what"), ["zero", "uniform", "no_positions"].map((what) => [what, t(`inside.lens.what.${what}`)]), state.what, set("what")),
        row(
          picker(t("inside.lens.stack"), stacks.map((stack) => [stack, t(`inside.stack.${stack}`)]), state.stack, set("stack")),
          isWhole ? null : picker(t("inside.lens.layer"), places(nLayers, "inside.layer"), state.layer, set("layer")),
          isWhole ? null : picker(t("inside.lens.head"), places(frame.model.n_heads, "inside.head"), state.head, set("head")),
          button(t("inside.lens.add"), () => add(wish(state)), { class: "in-button primary" }),
        ),
      );
    };
    redraw();
    return form;
  }

  function add(one) {
    if (!state.list.some((other) => same(one, other))) state.list = [...state.list, one];
    return run();
  }

  async function run() {
    const tags = state.list.map((one) => {
      const name = wishName(t, one);
      return make("li", {}, make("span", { text: name }), button("✕", () => {
        state.list = state.list.filter((other) => other !== one);
        run();
      }, { class: "in-remove", "aria-label": t("inside.lens.remove", { what: name }) }));
    });
    const list = make("ul", { class: "in-wishes" }, ...tags);
    if (!state.list.length) {
      result.replaceChildren(make("p", { class: "in-hint", text: t("inside.lens.empty") }));
      return;
    }
    const asked = state.list;
    result.classList.add("busy");
    const found = await context.ask("causal", { interventions: asked });
    if (asked !== state.list) return;
    result.classList.remove("busy");
    result.replaceChildren(list, ...outcome(t, frame, found));
  }

  async function drawSurvey() {
    survey.replaceChildren(make("p", { class: "in-hint", role: "status", text: t("inside.lens.surveying") }));
    const found = await context.ask("head_survey");
    const top = scaleOf(STACKS.flatMap((stack) => Array.from(numbers(found[stack]))));
    const canned = live ? [] : await context.examples("causal");
    survey.replaceChildren(
      block(
        t("inside.lens.survey"), t(live ? "inside.lens.survey.lead" : "inside.lens.survey.static"),
        make("div", { class: "in-survey" }, ...STACKS.map((stack) => surveyGrid(t, stack, found[stack], top, live ? (layer, head) => add({ what: "zero", stack, layer, head }) : null))),
        legend(signed(-top, 1), signed(top, 1), "change"),
        disclosure(t("inside.numbers"), () => make("div", {}, ...STACKS.map((stack) => surveyTable(t, stack, found[stack])))),
      ),
      ...canned.map((one) => block(one.interventions.map((each) => wishName(t, each)).join(", "), "", ...outcome(t, frame, one))),
    );
  }
}

function wish({ what, stack, layer, head }) {
  return what === "no_positions" ? { what, stack } : { what, stack, layer, head };
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

function wishName(t, { what, stack, layer, head }) {
  const place = [t(`inside.stack.${stack}`)];
  if (what !== "no_positions") {
    place.push(layer === null || layer === undefined ? t("inside.lens.layers") : t("inside.layer", { n: layer + 1 }));
    place.push(head === null || head === undefined ? t("inside.lens.heads") : t("inside.head", { n: head + 1 }));
  }
  return `${t(`inside.lens.done.${what}`)}: ${place.join(" · ")}`;
}

// The two translations: what each piece of the old one lost, and what is found instead.
function outcome(t, frame, { old, new: found, same: isSame }) {
  const before = new Set(frame.tgt.ids);
  const top = scaleOf(old.change);
  const pieces = frame.tgt.pieces.map((piece, i) => changed(piece, old.change[i], top));
  const after = found.tgt.pieces.map((piece, i) => make("span", { class: `in-chip${before.has(found.tgt.ids[i]) ? "" : " fresh"}`, text: shown(piece) }));
  const total = t("inside.lens.total", { change: signed(old.total_change), share: percent(Math.exp(old.total_change)) });
  return [
    make("div", { class: "in-versions", role: "status" },
      make("p", { class: "in-version-name", text: t("inside.lens.before") }), make("p", { class: "in-version", dir: "auto", text: frame.translation }),
      make("p", { class: "in-version-name", text: t("inside.lens.after") }), make("p", { class: `in-version${isSame ? "" : " fresh"}`, dir: "auto", text: isSame ? t("inside.lens.same") : found.translation }),
    ),
    make("p", { class: "in-hint", text: total }),
    make("p", { class: "in-chips-name", text: t("inside.lens.change") }), make("div", { class: "in-chips" }, ...pieces),
    ...(isSame ? [] : [make("p", { class: "in-chips-name", text: t("inside.lens.fresh") }), make("div", { class: "in-chips" }, ...after)]),
    disclosure(t("inside.numbers"), () =>
      table(t("inside.lens.change"), ["", t("inside.lens.logp.before"), t("inside.lens.logp.after"), t("inside.lens.difference")],
        frame.tgt.pieces.map((piece, i) => [piece, decimal(frame.log_probs[i], 4), decimal(old.log_probs[i], 4), signed(old.change[i], 4)])),
    ),
  ];
}

function scaleOf(changes) {
  return Math.max(LEAST_SCALE, ...changes.map(Math.abs));
}

function changed(piece, change, top) {
  const chip = make("span", { class: "in-chip in-changed" }, make("span", { text: shown(piece) }), make("small", { text: signed(change) }));
  tint(chip, change, top);
  return chip;
}

function tint(node, change, top) {
  repainted(node, () => {
    const color = colorOf(change, top, "change");
    node.style.backgroundColor = `rgb(${color})`;
    node.style.color = inkOn(color);
  });
}

function surveyGrid(t, stack, array, top, press) {
  const [layers, heads] = array.shape;
  const values = numbers(array);
  const grid = make("div", { class: "in-survey-grid" });
  grid.style.setProperty("--columns", heads);
  for (let layer = 0; layer < layers; layer += 1) {
    grid.append(make("span", { class: "in-heads-name", text: t("inside.layer", { n: layer + 1 }) }));
    part(values, [layers, heads], layer).forEach((change, head) => {
      const name = `${t(`inside.stack.${stack}`)} · ${t("inside.layer", { n: layer + 1 })} · ${t("inside.head", { n: head + 1 })}: ${signed(change)}`;
      const cell = press
        ? make("button", { type: "button", class: "in-survey-cell", "aria-label": name, title: name, text: signed(change), on: { click: () => press(layer, head) } })
        : make("span", { class: "in-survey-cell", title: name, text: signed(change) });
      tint(cell, change, top);
      grid.append(cell);
    });
  }
  return make("div", { class: "in-scroll" }, make("h4", { text: t(`inside.stack.${stack}`) }), grid);
}

function surveyTable(t, stack, array) {
  const [layers, heads] = array.shape;
  const values = numbers(array);
  const head = ["", ...Array.from({ length: heads }, (_, i) => t("inside.head", { n: i + 1 }))];
  const rows = Array.from({ length: layers }, (_, layer) => [t("inside.layer", { n: layer + 1 }), ...Array.from(part(values, array.shape, layer), (x) => signed(x, 4))]);
  return table(t(`inside.stack.${stack}`), head, rows);
}
