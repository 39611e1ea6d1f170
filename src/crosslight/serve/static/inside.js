// Inside a translation: eight views of the model's own numbers, for the sentence that was just translated.
//
// const inside = mountInside(root, { view, t });
// inside.show({ source: "fr", target: "en", text: "Le chat dort.", translation: "The cat is sleeping.", prefix: "" });
//
// view(name, params) promises a view of docs/inside.md: with the service the answer to a POST of params, as they
// are, to /api/v1/inside/{name}. t(key, vars) gives the text of a key of i18n/inside.*.json. On a page that
// cannot ask, `recorded` says what there is: {beams, examples(name)}.

import { drawAttention } from "./inside/attention.js";
import { drawBeside } from "./inside/beside.js";
import { drawLens } from "./inside/lens.js";
import { drawPath } from "./inside/path.js";
import { drawPonder } from "./inside/ponder.js";
import { drawPositions } from "./inside/positions.js";
import { drawTour } from "./inside/tour.js";
import { drawTree } from "./inside/tree.js";
import { button, decimal, make } from "./inside/draw.js";

const VIEWS = {
  attention: drawAttention, search: drawTree, path: drawPath, lens: drawLens, positions: drawPositions, tour: drawTour, beside: drawBeside, ponder: drawPonder,
};
const BEAMS = [1, 2, 4, 8];

export function mountInside(root, { view, t, recorded = null }) {
  let shownNow = null;
  let tab = Object.keys(VIEWS)[0];
  const memory = new Map();
  const names = Object.keys(VIEWS);
  const tabs = names.map((name) =>
    make("button", { type: "button", role: "tab", id: `in-tab-${name}`, "aria-controls": `in-panel-${name}`, text: t(`inside.tab.${name}`), on: { click: () => go(name) } }),
  );
  const panels = names.map((name) => make("div", { role: "tabpanel", id: `in-panel-${name}`, class: "in-panel", "aria-labelledby": `in-tab-${name}`, tabindex: 0 }));
  const strip = make("div", { class: "in-strip-sentences" });
  const tabList = make("div", { class: "in-tabs", role: "tablist", "aria-label": t("inside.views") }, ...tabs);
  const empty = make("p", { class: "in-empty", text: t("inside.nothing") });
  const whole = make("div", { class: "in-whole", hidden: true }, strip, tabList, ...panels);
  root.classList.add("inside");
  root.replaceChildren(empty, whole);
  tabList.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const there = names.filter((_, i) => !tabs[i].hidden);
    const place = event.key === "Home" ? 0 : event.key === "End" ? there.length - 1 : (there.indexOf(tab) + step + there.length) % there.length;
    if (Number.isNaN(place)) return;
    event.preventDefault();
    go(there[place]);
    tabs[names.indexOf(there[place])].focus();
  });

  // Everything known about one sentence; another sentence gets another one.
  function opened(sentence) {
    const answers = new Map();
    const about = { q: sentence.text, source: sentence.source, target: sentence.target, prefix: sentence.prefix ?? "" };
    if (sentence.translation) about.translation = sentence.translation;
    function ask(name, params = {}) {
      const key = `${name} ${JSON.stringify(params)}`;
      if (!answers.has(key)) {
        const answer = Promise.resolve(view(name, { ...about, ...params }));
        answers.set(key, answer);
        answer.catch(() => answers.delete(key));
      }
      return answers.get(key);
    }
    return { ask, drawn: new Set() };
  }

  function remembered(name, initial) {
    if (!memory.has(name)) memory.set(name, initial);
    return memory.get(name);
  }

  async function draw(name) {
    const own = shownNow;
    const panel = panels[names.indexOf(name)];
    if (!own || own.drawn.has(name)) return;
    own.drawn.add(name);
    const box = make("div", { class: "in-box" });
    const waiting = make("p", { class: "in-waiting", role: "status", text: t("inside.waiting") });
    panel.setAttribute("aria-busy", "true");
    panel.replaceChildren(waiting, box);
    try {
      const frame = await own.ask("sentence");
      if (own !== shownNow) return;
      drawStrip(frame);
      showTabs(frame.views);
      if (tabs[names.indexOf(name)].hidden) return;
      await VIEWS[name](box, {
        t, frame, go, remembered, ask: own.ask, live: !recorded,
        beams: (usual) => recorded?.beams(usual) ?? [...new Set([...BEAMS, usual])].sort((a, b) => a - b),
        examples: async (of) => recorded?.examples(of) ?? [],
      });
    } catch (error) {
      own.drawn.delete(name);
      const again = button(t("inside.again"), () => draw(name));
      if (own === shownNow) panel.replaceChildren(make("div", { class: "in-error", role: "alert" }, make("p", { text: t("inside.failed", { reason: error.message }) }), again));
    } finally {
      waiting.remove();
      if (own === shownNow) panel.removeAttribute("aria-busy");
    }
  }

  // The views that there are of such a model: the others are of a Transformer's parts.
  function showTabs(views) {
    names.forEach((name, i) => {
      tabs[i].hidden = Boolean(views) && !views.includes(name === "lens" ? "causal" : name);
    });
    const first = names.find((_, i) => !tabs[i].hidden);
    if (tabs[names.indexOf(tab)].hidden) go(first);
  }

  function drawStrip({ source, translation, score, given, looped, finished, model }) {
    const remarks = [given && "given", looped && "looped", !finished && "unfinished"].filter(Boolean);
    strip.replaceChildren(
      make("p", { class: "in-src", dir: "auto", lang: model.src_lang, text: source }),
      make("p", { class: "in-tgt", dir: "auto", lang: model.tgt_lang, text: translation }),
      make("p", { class: "in-hint", text: [t("inside.score", { score: decimal(score) }), ...remarks.map((remark) => t(`inside.remark.${remark}`)), shapeOf(model)].join(" · ") }),
    );
  }

  const shapeOf = (model) =>
    (model.kind ?? "transformer") === "transformer"
      ? t("inside.model", { encoder: model.n_encoder_layers, decoder: model.n_decoder_layers, heads: model.n_heads, width: model.d_model })
      : model.summary;

  function go(name) {
    tab = name;
    names.forEach((other, i) => {
      tabs[i].setAttribute("aria-selected", other === name);
      tabs[i].tabIndex = other === name ? 0 : -1;
      panels[i].hidden = other !== name;
    });
    tabs[names.indexOf(name)].scrollIntoView?.({ block: "nearest", inline: "nearest", behavior: "instant" });
    draw(name);
  }

  return {
    show(sentence) {
      shownNow = opened(sentence);
      memory.delete("lens");
      memory.delete("tour");
      memory.delete("path");
      memory.delete("beside");
      panels.forEach((panel) => panel.replaceChildren());
      empty.hidden = true;
      whole.hidden = false;
      go(tab);
    },
  };
}
