/** The two panes and what lies beneath them: here it is decided what happens when something else has happened. */

import { announce } from "./announce.js";
import { afterQuiet, by, el } from "./dom.js";
import { makeExamples } from "./examples.js";
import { makeFailure } from "./failure-box.js";
import { makeGlossary } from "./glossary.js";
import { number, t } from "./i18n.js";
import { makeInsidePanel } from "./inside-panel.js";
import { makeOutput } from "./output.js";
import { makeSentenceCard } from "./sentence.js";
import { makeTranslator } from "./translate.js";
import { makeWords } from "./words.js";

const QUIET = 260; // milliseconds after a key before the text is translated
const SETTLED = 700; // before a sentence is looked at closely, or said aloud

/**
 * @param {object} page
 * @param {object} page.served what the service says of itself
 * @param {object} page.languages as `chooseLanguages` makes them
 */
export function makeTextPanel({ served, languages }) {
  const [source, count, clear, copy, reset, working] = ["source", "count", "clear", "copy", "reset", "working"].map(by);
  const most = served.limits.segment_characters;
  let translated = null;
  let current = null;

  const failure = makeFailure(() => translate());
  const inside = makeInsidePanel();
  const output = makeOutput({ onWord: (place) => words.open(place, translated.pair), onSentence: lookAt });
  const words = makeWords({ onChoice: ({ sentence, text, prefix, start }) => put(sentence, text, "word", prefix, start) });
  const translator = makeTranslator({
    pair: languages.pair,
    terms: () => glossary.terms(),
    nBest: () => Math.min(glossary.terms().length ? 3 : 5, served.limits.n_best), // a search under terms is slow
    atOnce: served.limits.segments,
    redirect: languages.redirect,
    tell,
  });
  const card = makeSentenceCard({
    addVariants: translator.addVariants,
    onChoice: (sentence, text, origin) => put(sentence, text, origin),
    onSentence: lookAt,
    keepsCorrections: () => served.corrections,
  });
  const glossary = makeGlossary({
    pair: languages.pair,
    nameOf: languages.nameOf,
    most: served.limits.terms,
    changed: () => translate(),
  });

  const examples = makeExamples(served.pairs, languages.pair, (text) => {
    source.value = text;
    translate();
    source.focus();
  });

  /** Say how long the text is; its length. */
  function measure() {
    const n = [...source.value].length;
    examples.show(!n);
    count.textContent = t("source.count", { n: number(n), most: number(most) });
    count.classList.toggle("over", n > most);
    clear.hidden = n === 0;
    return n;
  }

  function translate() {
    soon.cancel();
    words.close(false);
    const n = measure();
    if (n > most) {
      translator.stop();
      working.hidden = true;
      failure.say({ text: t("failure.long", { n: number(n), most: number(most) }), detail: "" });
    } else translator.translate(source.value);
  }

  function tell(state) {
    working.hidden = state.kind !== "waiting";
    if (state.kind === "failed") failure.show(state.error, state.wait);
    else if (state.kind !== "waiting") failure.hide();
    if (state.kind === "empty") forget();
    if (state.kind === "done") {
      languages.setDetected(state.detected?.language ?? null);
      if (state.isNew) arrived(state.translated);
      else {
        output.showConfidence();
        card.redraw();
      }
    }
  }

  function arrived(found) {
    const place = translated?.sentences.indexOf(current) ?? 0;
    translated = found;
    const { sentences } = found;
    current = sentences.includes(current) ? current : (sentences[Math.min(Math.max(0, place), sentences.length - 1)] ?? null);
    show();
    lookClosely();
    announce(found.text, { lang: found.pair.to, pause: SETTLED });
  }

  /** Draw what is there; `fresh` says which sentence was another before. */
  function show(fresh) {
    output.show(translated, { fresh });
    output.mark(current);
    by("output-empty").hidden = true;
    by("output-hint").hidden = false;
    copy.hidden = false;
    reset.hidden = !translated.isChanged;
    const { unmet, lost, looped } = translated.remarks;
    const remarks = [
      ...unmet.map((term) => (term.startsWith("!") ? t("remark.forbidden", { term: term.slice(1) }) : t("remark.unmet", { term }))),
      lost.length ? t("remark.lost", { what: lost.join(", ") }) : null,
      looped ? t("remark.looped") : null,
    ];
    by("notes").replaceChildren(...remarks.filter(Boolean).map((text) => el("li", { text })));
  }

  function forget() {
    translated = current = null;
    output.clear();
    card.hide();
    inside.hide();
    lookClosely.cancel();
    languages.setDetected(null);
    by("notes").replaceChildren();
    for (const one of [by("output-hint"), copy, reset]) one.hidden = true;
    by("output-empty").hidden = false;
  }

  const lookClosely = afterQuiet(SETTLED, () => {
    if (!current) return;
    card.show(translated, current);
    inside.show(translated, current);
  });

  function lookAt(sentence, isAsked = false) {
    current = sentence;
    output.mark(sentence);
    lookClosely.cancel();
    card.show(translated, sentence);
    inside.show(translated, sentence);
    if (isAsked) by("sentence").scrollIntoView({ block: "nearest" });
  }

  /** Put a text in a sentence's place, as somebody has chosen. */
  function put(sentence, text, origin, prefix = "", start = null) {
    const before = sentence.text;
    sentence.put(text, origin, prefix);
    show({ sentence, before });
    lookAt(sentence);
    if (start !== null) output.focusWord(sentence, start);
    announce(text, { lang: translated.pair.to });
  }

  async function copyAll() {
    if (!translated) return;
    try {
      await navigator.clipboard.writeText(translated.text);
      flash("output.copied");
    } catch {
      flash("output.copy.failed"); // a page that is not on localhost or https may not
    }
  }

  function flash(key) {
    by("copy-name").textContent = t(key);
    announce(t(key));
    setTimeout(() => (by("copy-name").textContent = t("output.copy")), 1600);
  }

  const soon = afterQuiet(QUIET, translate);
  source.addEventListener("input", () => {
    measure();
    soon();
    if (!source.value.trim()) translate();
  });
  source.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) translate();
  });
  clear.addEventListener("click", () => {
    source.value = "";
    translate();
    source.focus();
  });
  copy.addEventListener("click", copyAll);
  reset.addEventListener("click", () => {
    for (const sentence of translated.sentences) sentence.put(sentence.best, "model");
    show();
    lookAt(current);
    copy.focus();
  });
  by("swap").addEventListener("click", () => {
    if (translated) source.value = translated.text;
    languages.swap();
  });

  return {
    translate,
    languagesChanged() {
      glossary.load();
      translate();
    },
    redraw() {
      glossary.redraw();
      inside.redraw();
      words.close(false);
      measure();
      if (translated) show();
      card.redraw();
      if (!by("failure").hidden) translate(); // and say it again
    },
    focusTranslation: () => output.focusWord(null, 0),
    focusVariants: card.focus,
    edit: card.edit,
    copy: copyAll,
    openGlossary: glossary.open,
    toggleInside: inside.toggle,
  };
}
