/** The translation as it is read: words that can be pressed, and after each sentence how sure the model is. */

import { by, el } from "./dom.js";
import { percent, t } from "./i18n.js";
import { Sentence, compared, wordsOf } from "./sentences.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

/**
 * The right pane.
 * @param {object} does
 * @param {(place: {sentence: Sentence, start: number, word: string, anchor: Element}) => void} does.onWord
 * @param {(sentence: Sentence) => void} does.onSentence
 */
export function makeOutput({ onWord, onSentence }) {
  const root = by("output");
  let shown = null;
  let current = null;

  /** Draw a translation; words that were not there before are lit up for a moment. */
  function show(translated, { fresh = null } = {}) {
    const place = stops().indexOf(document.activeElement);
    shown = translated;
    root.lang = translated.pair.to;
    root.replaceChildren(...translated.parts.map((part) => (part instanceof Sentence ? drawn(part, fresh) : part)));
    mark(current);
    rove(stops()[Math.max(0, place)], place >= 0);
  }

  function drawn(sentence, fresh) {
    const lit = fresh?.sentence === sentence ? compared(sentence.text, fresh.before) : [];
    const words = wordsOf(sentence.text).map(({ text, start, isWord }, place) => {
      if (!isWord) return text;
      const isFresh = lit[place]?.isNew;
      const made = el("span", { role: "button", tabindex: "-1", class: isFresh ? "word fresh" : "word", text });
      made.setAttribute("aria-haspopup", "dialog");
      Object.assign(made, { place: { sentence, start, word: text, anchor: made } });
      return made;
    });
    const last = words.pop();
    const isShort = (last?.textContent.length ?? 0) < 25; // a sentence without blanks is one word, and must break
    const end = el("span", { class: isShort ? "end together" : "end" }, last, chip(sentence));
    const box = el("span", { class: "sentence" }, ...words, end);
    box.sentence = sentence;
    if (sentence.level) box.classList.add(sentence.level);
    return box;
  }

  function chip(sentence) {
    const { level } = sentence;
    const text = level === "chosen" ? t("sure.chosen") : level ? percent(sentence.confidence) : null;
    if (text === null) return null;
    const label = level === "chosen" ? t("sure.chosen.long") : t(`sure.${level}`, { percent: text });
    const made = el("span", { role: "button", tabindex: "-1", class: `chip ${level}`, "aria-label": label, title: label, text });
    made.sentence = sentence;
    return made;
  }

  /** Show which sentence is looked at, where there are several. */
  function mark(sentence) {
    current = sentence;
    const many = (shown?.sentences.length ?? 0) > 1;
    for (const box of root.querySelectorAll(".sentence")) box.classList.toggle("current", many && box.sentence === sentence);
  }

  /** Draw how sure the model is again, with nothing else touched. */
  function showConfidence() {
    for (const box of root.querySelectorAll(".sentence")) {
      const made = chip(box.sentence);
      const old = box.querySelector(".chip");
      box.classList.remove("good", "fair", "poor", "chosen");
      if (box.sentence.level) box.classList.add(box.sentence.level);
      if (old && made && old.textContent === made.textContent && old.className === made.className) continue;
      old?.remove();
      if (made) box.querySelector(".end").append(made);
    }
  }

  const stops = () => [...root.querySelectorAll("[role=button]")];

  function rove(stop, hasFocus) {
    if (!stop) return;
    for (const one of stops()) one.tabIndex = one === stop ? 0 : -1;
    if (hasFocus) stop.focus({ preventScroll: true });
  }

  function press(stop) {
    if (stop.place) {
      onSentence(stop.place.sentence);
      onWord(stop.place);
    } else onSentence(stop.sentence, true);
  }

  root.addEventListener("click", (event) => {
    const stop = event.target.closest("[role=button]");
    if (!stop || !getSelection().isCollapsed) return; // who marks text does not press it
    rove(stop, true);
    press(stop);
  });

  root.addEventListener("keydown", (event) => {
    const all = stops();
    const here = all.indexOf(event.target);
    if (here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const isMirrored = getComputedStyle(root).direction === "rtl" && /Left|Right/.test(event.key);
    let next = null;
    if (event.key in STEPS) next = all[here + (isMirrored ? -1 : 1) * STEPS[event.key]];
    else if (event.key === "Home") next = all[0];
    else if (event.key === "End") next = all.at(-1);
    else if (event.key === "Enter" || event.key === " ") press(event.target);
    else return;
    event.preventDefault();
    rove(next, true);
  });

  return {
    show,
    showConfidence,
    mark,
    clear() {
      shown = current = null;
      root.replaceChildren();
    },
    /** Put the focus on the word of a sentence that begins at a character, or on the first word. */
    focusWord(sentence, start) {
      const words = stops().filter((stop) => stop.place);
      rove(words.find((one) => one.place.sentence === sentence && one.place.start === start) ?? words[0], true);
    },
  };
}
