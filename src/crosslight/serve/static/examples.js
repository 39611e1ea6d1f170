/** Something to begin with, for those who have nothing at hand: a short sentence and a longer one. */

import { by, el } from "./dom.js";
import { t } from "./i18n.js";

const SENTENCES = {
  da: ["Jeg har glemt mine nøgler.", "Når det regner, drikker vi te og læser gamle bøger."],
  de: ["Ich habe meine Schlüssel vergessen.", "Wenn es regnet, trinken wir Tee und lesen alte Bücher."],
  en: ["I forgot my keys.", "When it rains we drink tea and read old books."],
  es: ["He olvidado mis llaves.", "Cuando llueve bebemos té y leemos libros viejos."],
  fr: ["J’ai oublié mes clés.", "Quand il pleut, nous buvons du thé et nous lisons de vieux livres."],
  it: ["Ho dimenticato le chiavi.", "Quando piove beviamo tè e leggiamo vecchi libri."],
  nb: ["Jeg har glemt nøklene mine.", "Når det regner, drikker vi te og leser gamle bøker."],
  nl: ["Ik ben mijn sleutels vergeten.", "Als het regent, drinken we thee en lezen we oude boeken."],
  pt: ["Esqueci-me das chaves.", "Quando chove, bebemos chá e lemos livros velhos."],
  sv: ["Jag har glömt mina nycklar.", "När det regnar dricker vi te och läser gamla böcker."],
  zh: ["我忘了带钥匙。", "下雨的时候，我们喝茶，读旧书。"],
};

/**
 * @param {object[]} pairs as the service describes them
 * @param {() => {from: string}} pair the languages that are chosen
 * @param {(text: string) => void} use puts a text into the left pane
 */
export function makeExamples(pairs, pair, use) {
  const box = by("examples");
  return {
    /** Show the examples of the language that is chosen, or of the first one that is served; or none. */
    show(isEmpty) {
      const { from } = pair();
      const codes = from === "auto" ? pairs.map((one) => one.source) : [from];
      const lang = codes.map((code) => code.split(/[-_]/)[0].replace(/^no$/, "nb")).find((code) => code in SENTENCES);
      box.hidden = !(isEmpty && lang);
      if (box.hidden) return;
      const buttons = SENTENCES[lang].map((text) => el("button", { type: "button", lang, text, on: { click: () => use(text) } }));
      box.replaceChildren(el("span", { text: t("examples.title") }), ...buttons);
    },
  };
}
