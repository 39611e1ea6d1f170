/** The card of one sentence: how sure the model is of it, its other translations, and a place to put it right. */

import { makeEditor } from "./corrections.js";
import { button, by, el } from "./dom.js";
import { inWords } from "./failures.js";
import { percent, t } from "./i18n.js";
import { compared } from "./sentences.js";

/**
 * @param {object} does
 * @param {(sentence: object, pair: object, signal: AbortSignal) => Promise<void>} does.addVariants
 * @param {(sentence: object, text: string, origin: string) => void} does.onChoice another text was chosen
 * @param {(sentence: object) => void} does.onSentence another sentence is looked at
 * @param {() => boolean} does.keepsCorrections whether the service keeps them
 */
export function makeSentenceCard({ addVariants, onChoice, onSentence, keepsCorrections }) {
  const card = by("sentence");
  let asking = new AbortController();
  let shown = null; // { translated, sentence }

  /** Show a sentence of a translated text; the next best ones are asked for when they are not known yet. */
  async function show(translated, sentence) {
    if (editor.isOpen && shown?.sentence === sentence) return;
    shown = { translated, sentence };
    draw();
    if (sentence.variants) return;
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      await addVariants(sentence, translated.pair, signal);
      if (shown.sentence === sentence && !editor.isOpen) draw();
    } catch (error) {
      if (signal.aborted || shown.sentence !== sentence || editor.isOpen) return;
      card.querySelector(".variants")?.replaceChildren(el("li", { class: "soft", text: inWords(error).text }));
    }
  }

  function draw() {
    const { translated, sentence } = shown;
    const focused = card.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    card.hidden = false;
    card.replaceChildren(
      el("div", { class: "of-sentence" }, head(translated, sentence), sureness(sentence), actions()),
      el("div", { class: "of-sentence" }, ...variants(translated, sentence)),
    );
    if (focused) card.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  function head({ sentences }, sentence) {
    const place = sentences.indexOf(sentence);
    const many = sentences.length > 1;
    const title = many ? t("sentence.title.many", { n: place + 1, total: sentences.length }) : t("sentence.title");
    const step = (distance) => sentences[(place + distance + sentences.length) % sentences.length];
    const steps = many
      ? el(
          "span",
          { class: "steps" },
          button("", () => onSentence(step(-1)), { icon: "left", class: "quiet round", "aria-label": t("sentence.before"), data: { name: "before" } }),
          button("", () => onSentence(step(1)), { icon: "right", class: "quiet round", "aria-label": t("sentence.after"), data: { name: "after" } }),
        )
      : null;
    const src = many ? el("p", { class: "soft quoted", lang: shown.translated.pair.from, text: sentence.src }) : null;
    return el("div", { class: "card-head" }, el("h2", { id: "sentence-title", text: title }), steps, src);
  }

  function sureness(sentence) {
    const { level } = sentence;
    if (level === null) return null;
    if (level === "chosen") return el("p", { class: "sureness chosen" }, el("span", { class: "level", text: t(`origin.${sentence.origin}`) }));
    const meter = el("span", { class: "meter", "aria-hidden": "true" });
    meter.style.setProperty("--share", sentence.confidence);
    const text = t(`sure.${level}`, { percent: percent(sentence.confidence) });
    return el("p", { class: `sureness ${level}` }, meter, el("span", { class: "level", text }));
  }

  function variants({ pair }, sentence) {
    const list = el("ul", { class: "variants", lang: pair.to, dir: "auto" });
    const title = el("h3", { id: "variants-title", text: t("variants.title") });
    list.setAttribute("aria-labelledby", "variants-title");
    if (!sentence.variants) {
      list.append(el("li", { class: "soft", lang: document.documentElement.lang, text: t("variants.asking") }));
    } else {
      const others = sentence.variants.filter((text) => text !== sentence.text);
      list.append(...others.map((text, n) => el("li", {}, variant(sentence, text, n))));
      if (!others.length) list.append(el("li", { class: "soft", lang: document.documentElement.lang, text: t("variants.none") }));
    }
    return [title, list];
  }

  function variant(sentence, text, n) {
    const made = el("button", { type: "button", class: "variant", data: { name: `variant-${n}` }, on: { click: () => onChoice(sentence, text, "variant") } });
    for (const { text: word, isNew } of compared(text, sentence.text)) made.append(isNew ? el("mark", { text: word }) : word);
    return made;
  }

  function actions() {
    return el("div", { class: "actions" }, button(t("edit.open"), () => edit(), { icon: "edit", class: "quiet outlined", data: { name: "edit" } }));
  }

  const editor = makeEditor({
    keepsCorrections,
    onUse: (text) => onChoice(shown.sentence, text, "own"),
    onClose: () => {
      draw();
      card.querySelector("[data-name=edit]")?.focus();
    },
  });

  function edit() {
    if (!shown || card.hidden) return;
    card.querySelector(".actions").replaceWith(editor.open(shown.sentence, shown.translated.pair));
    by("edited").focus();
  }

  return {
    show,
    edit,
    /** Put the focus on the first of the other translations. */
    focus: () => card.querySelector(".variant")?.focus(),
    hide() {
      asking.abort();
      editor.leave();
      shown = null;
      card.hidden = true;
    },
    redraw: () => shown && !editor.isOpen && draw(),
  };
}
