/** Other words for a word of the translation: the model's own, with their probabilities, or one of the reader's. */

import { button, by, el } from "./dom.js";
import { inWords } from "./failures.js";
import { percent, t } from "./i18n.js";
import { nextWords } from "./translate.js";

const MOST = 6;

/**
 * The little window under a word.
 * @param {object} does
 * @param {(choice: {sentence: object, text: string, prefix: string, start: number}) => void} does.onChoice
 */
export function makeWords({ onChoice }) {
  const box = by("words");
  let asking = new AbortController();
  let place = null;

  async function open(at, pair) {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    place = at;
    const prefix = at.sentence.text.slice(0, at.start).trimEnd();
    const status = el("p", { class: "soft", role: "status", text: t("words.asking") });
    const list = el("div", { class: "options", role: "group", "aria-labelledby": "words-title" });
    box.replaceChildren(head(at.word), status, list, ownWord(at, pair, prefix, status));
    box.hidden = false;
    at.anchor.classList.add("open");
    put(at.anchor);
    box.focus();
    try {
      const found = await nextWords(at.sentence, pair, prefix, MOST, signal);
      status.textContent = found.length ? "" : t("words.none");
      list.lang = pair.to;
      list.replaceChildren(...found.map((one) => option(at, prefix, one)));
      put(at.anchor);
      if (box.contains(document.activeElement) && document.activeElement.tagName !== "INPUT") {
        list.querySelector("button")?.focus();
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      const { text, detail } = inWords(error);
      status.textContent = `${text} ${detail}`;
    }
  }

  function head(word) {
    const title = el("h3", { id: "words-title", text: t("words.title", { word }) });
    return el("div", { class: "words-head" }, title, button("", () => close(true), { icon: "clear", "aria-label": t("close"), class: "quiet round" }));
  }

  function option(at, prefix, { word, probability, text }) {
    const isNow = text.slice(0, at.start).trimEnd() === prefix && word === at.word;
    const rest = text.slice(prefix.length).trimStart().slice(word.length).trim();
    const bar = el("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", probability);
    return el(
      "button",
      {
        type: "button",
        class: isNow ? "option now" : "option",
        "aria-current": isNow ? "true" : null,
        on: { click: () => choose(at, text, prefix && word ? `${prefix} ${word}` : prefix || word) },
      },
      el("b", { text: word || t("words.end") }),
      bar,
      el("span", { class: "share", text: percent(probability) }),
      el("small", { text: rest }),
    );
  }

  function ownWord(at, pair, prefix, status) {
    const field = el("input", { id: "own-word", autocomplete: "off", autocapitalize: "off", spellcheck: "false", lang: pair.to, placeholder: t("words.own.example") });
    const send = async (event) => {
      event.preventDefault();
      const word = field.value.trim();
      if (!word) return;
      status.textContent = t("words.asking");
      const begun = prefix ? `${prefix} ${word}` : word;
      try {
        const [found] = await nextWords(at.sentence, pair, begun, 1, asking.signal);
        choose(at, found?.text ?? begun, begun);
      } catch (error) {
        if (error.name === "AbortError") return;
        const { text, detail } = inWords(error);
        status.textContent = `${text} ${detail}`;
      }
    };
    return el(
      "form",
      { class: "own-word", on: { submit: send } },
      el("label", { for: "own-word", text: t("words.own") }),
      field,
      el("button", { type: "submit", class: "quiet outlined", text: t("words.own.use") }),
    );
  }

  function choose(at, text, prefix) {
    close(false);
    onChoice({ sentence: at.sentence, text, prefix, start: at.start });
  }

  function close(giveFocusBack) {
    if (box.hidden) return;
    asking.abort();
    box.hidden = true;
    place.anchor.classList.remove("open");
    if (giveFocusBack) place.anchor.focus();
  }

  function put(anchor) {
    const word = anchor.getBoundingClientRect();
    const width = Math.min(box.offsetWidth, document.documentElement.clientWidth - 16);
    const left = Math.min(Math.max(8, word.left - 12), document.documentElement.clientWidth - width - 8);
    box.style.setProperty("left", `${left + window.scrollX}px`);
    box.style.setProperty("top", `${word.bottom + window.scrollY + 6}px`);
    box.scrollIntoView({ block: "nearest" });
  }

  box.tabIndex = -1;
  box.addEventListener("keydown", (event) => {
    const options = [...box.querySelectorAll(".option, #own-word")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [...box.querySelectorAll("button, input")];
    const isLeaving = event.key === "Tab" && document.activeElement === stops.at(event.shiftKey ? 0 : -1);
    if (event.key === "Escape" || isLeaving) close(true);
    else if (step) options[(options.indexOf(document.activeElement) + step + options.length) % options.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) close(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!box.contains(event.target)) close(false);
  });
  addEventListener("resize", () => box.hidden || put(place.anchor));

  return { open, close };
}
