// A guided tour in ten steps, from the sentence to its translation, through one head of the user's own model.

import { bar, block, button, clamp, decimal, make, percent, picker, row, shown } from "./draw.js";
import { colorOf, inkOn, repainted } from "./colors.js";
import { ADDED, AMONG, formula } from "./formula.js";

const SHARES = new Set(["weights", "probabilities", "chosen"]);

export async function drawTour(box, context) {
  const { t, frame, live } = context;
  const chosen = context.remembered("tour", { step: 0, at: {} });
  const card = make("div", { class: "in-tour-card", tabindex: 0, role: "group", "aria-roledescription": t("inside.tour.step") });
  const list = make("ol", { class: "in-tour-steps" });
  const choices = make("div");
  let tour = null;

  async function load() {
    tour = await context.ask("tour", chosen.at);
    if (live) choices.replaceChildren(chooser());
    list.replaceChildren(...tour.steps.map(({ number, key }, i) =>
      make("li", {}, make("button", { type: "button", on: { click: () => go(i) } }, make("b", { text: String(number) }), make("span", { text: t(`inside.tour.${key}.short`) }))),
    ));
    go(chosen.step, false);
  }

  function chooser() {
    const { model, src, tgt } = frame;
    const places = (n, key) => Array.from({ length: n }, (_, i) => [i, t(key, { n: i + 1 })]);
    const named = (pieces) => pieces.map((piece, i) => [i, `${i + 1} · ${shown(piece)}`]);
    const set = (name) => (value) => {
      chosen.at = { ...tour.chosen, [name]: value };
      load();
    };
    const pick = (name, label, options) => picker(label, options, tour.chosen[name], set(name));
    return row(
      pick("src_position", t("inside.tour.src"), named(src.pieces)), pick("tgt_position", t("inside.tour.tgt"), named(tgt.pieces)),
      pick("head", t("inside.tour.head"), places(model.n_heads, "inside.head")),
      pick("encoder_layer", t("inside.stack.encoder"), places(model.n_encoder_layers, "inside.layer")),
      pick("decoder_layer", t("inside.stack.decoder"), places(model.n_decoder_layers, "inside.layer")),
    );
  }

  function go(index, isMove = true) {
    chosen.step = clamp(index, 0, tour.steps.length - 1);
    [...list.children].forEach((item, i) => {
      if (i === chosen.step) item.firstChild.setAttribute("aria-current", "step");
      else item.firstChild.removeAttribute("aria-current");
    });
    drawStep(tour.steps[chosen.step]);
    if (isMove) list.children[chosen.step].scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
  }

  function drawStep(step) {
    const { key, number, section, values } = step;
    const previous = button(`← ${t("inside.tour.back")}`, () => go(chosen.step - 1), { disabled: number === 1 });
    const next = button(`${t("inside.tour.next")} →`, () => go(chosen.step + 1), { class: "in-button primary", disabled: number === tour.steps.length });
    card.setAttribute("aria-label", `${number}/${tour.steps.length}: ${t(`inside.tour.${key}.title`)}`);
    card.replaceChildren(
      make("p", { class: "in-tour-section", text: t("inside.tour.section", { number, of: tour.steps.length, section }) }),
      make("h3", { text: t(`inside.tour.${key}.title`) }),
      make("p", { class: "in-tour-say", text: [t(`inside.tour.${key}.say`), remark(key)].filter(Boolean).join(" ") }),
      make("div", { class: "in-tour-formula" }, formula(key, frame.model, frame.search)),
      make("div", { class: "in-values" }, ...values.map((value) => drawValue(value, key))),
      make("div", { class: "in-tour-moves" }, previous, next),
    );
  }

  // What holds for this model, not for every one.
  function remark(key) {
    if (key === "queries" && frame.model.qk_norm) return t("inside.tour.remark.qk_norm");
    if (key === "residual") return t(`inside.tour.remark.${frame.model.norm === "pre" ? "pre" : "post"}`);
    if (key === "embedding" && !ADDED.includes(frame.model.positions)) return t("inside.tour.remark.not_added");
    if (key === "weights" && frame.model.scoring === "additive") return t("inside.tour.remark.additive");
    if (["weights", "masks"].includes(key) && AMONG.includes(frame.model.positions)) return t(`inside.tour.remark.${frame.model.positions}`);
    if (key === "queries" || key === "embedding") return t("inside.tour.remark.src", { piece: shown(frame.src.pieces[tour.chosen.src_position]) });
    if (key === "masks" || key === "cross" || key === "output") return t("inside.tour.remark.tgt", { piece: shown(frame.tgt.pieces[tour.chosen.tgt_position]) });
    return "";
  }

  function drawValue(value, key) {
    const { name, symbol, shape, norm, labels } = value;
    const size = shape.length ? t("inside.tour.size", { shape: shape.join(" × ") }) : "";
    const length = norm === null || labels ? "" : t("inside.tour.length", { norm: decimal(norm, 2) });
    const head = make(
      "p", { class: "in-value-head" }, make("b", { text: symbol }), make("span", { text: t(`inside.tour.value.${name}`) }),
      make("small", { text: [size, length].filter(Boolean).join(" · ") }),
    );
    return make("div", { class: "in-value", "data-name": name }, head, content(value, followed(key, name)));
  }

  // Which of the labelled entries is the piece that is followed; none where they are those of the other side.
  function followed(key, name) {
    const { src_position: src, tgt_position: tgt } = tour.chosen;
    return { pieces: src, weights: src, masks: tgt, output: name === "log_probs" ? tgt : null }[key] ?? null;
  }

  list.addEventListener("keydown", (event) => moved(event, true));
  card.addEventListener("keydown", (event) => event.target === card && moved(event, false));
  function moved(event, isList) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: isList ? 1 : 0, ArrowUp: isList ? -1 : 0 }[event.key];
    if (!step) return;
    event.preventDefault();
    go(chosen.step + step);
    if (isList) list.children[chosen.step].firstChild.focus();
  }

  box.replaceChildren(block(t("inside.tour.title"), t("inside.tour.lead"), choices, make("div", { class: "in-tour" }, list, card)));
  await load();
}

function content({ name, shape, labels, excerpt }, followed) {
  if (!shape.length) return make("p", { class: "in-number", text: decimal(excerpt[0], 4) });
  if (labels && SHARES.has(name)) {
    return make("ul", { class: "in-bars" }, ...labels.map((label, i) => bar(shown(label), excerpt[i], percent(excerpt[i]))));
  }
  const top = Math.max(1e-9, ...excerpt.flat().map(Math.abs));
  if (labels) {
    const isWhole = excerpt.every(Number.isInteger);
    return make("div", { class: "in-chips" }, ...labels.map((label, i) =>
      make("span", { class: `in-chip${i === followed ? " on" : ""}` }, make("span", { dir: "auto", text: shown(label) }), make("small", { text: isWhole ? String(excerpt[i]) : decimal(excerpt[i], 2) })),
    ));
  }
  const rows = shape.length === 1 ? [excerpt] : excerpt;
  const isMore = shape.at(-1) > rows[0].length || (shape.length === 2 && shape[0] > rows.length);
  const grid = make("div", { class: `in-strip${shape.length === 2 ? " small" : ""}` }, ...rows.flat().map((x) => cell(x, top)));
  grid.style.setProperty("--columns", rows[0].length);
  return make("div", { class: "in-scroll" }, grid, isMore ? make("span", { class: "in-more", "aria-hidden": "true", text: "…" }) : "");
}

function cell(x, top) {
  const node = make("span", { text: decimal(x, 2) });
  repainted(node, () => {
    const color = colorOf(x, top, "change");
    node.style.backgroundColor = `rgb(${color})`;
    node.style.color = inkOn(color);
  });
  return node;
}
