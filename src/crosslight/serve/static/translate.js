/** From a text to a translation: what is asked of the service while somebody writes, and what is given up again. */

import { ask } from "./api.js";
import { passes } from "./failures.js";
import { KnownSentences, Translated } from "./sentences.js";

const MOST_TRIES = 4;

/**
 * What translates; each text stops the work on the one before.
 * @param {object} page
 * @param {() => {from: string, to: string, calibrated: boolean}} page.pair
 * @param {() => object[]} page.terms the glossary, as the service takes it
 * @param {() => number} page.nBest how many translations the next best ones are asked with
 * @param {number} page.atOnce how many texts a request may have
 * @param {(code: string) => boolean} page.redirect choose another target for a text in this language; false: no need
 * @param {(state: object) => void} page.tell told `{kind}`: "empty", "waiting", "done" (with `translated`, `detected`,
 *   `isNew`), "failed" (with `error`, and `wait` in seconds if it is tried again)
 */
export function makeTranslator({ pair, terms, nBest, atOnce, redirect, tell }) {
  const known = new KnownSentences();
  let running = new AbortController();

  async function translate(text, tries = 1) {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    if (!text.trim()) {
      tell({ kind: "empty" });
      return;
    }
    tell({ kind: "waiting" });
    try {
      await translateNow(text, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 400 && (await isRedirected(text, signal))) {
        translate(text, tries);
        return;
      }
      const again = passes(error) && tries < MOST_TRIES;
      const wait = again ? (error.wait ?? tries) : null;
      tell({ kind: "failed", error, wait });
      if (again) later(wait, signal, () => translate(text, tries + 1));
    }
  }

  /** Whether a text in a language that nobody chose was meant to be translated the other way. */
  async function isRedirected(text, signal) {
    if (pair().from !== "auto") return false;
    try {
      const [guess] = await ask("detect", { q: text }, signal);
      return guess?.confidence >= 50 && redirect(guess.language);
    } catch {
      return false;
    }
  }

  async function translateNow(text, signal) {
    const { from, to } = pair();
    const asked = { source: from, target: to, glossary: terms() };
    const answer = await ask("api/v1/translate", { q: text, ...asked }, signal);
    const own = { from: answer.source, to: answer.target };
    const [found] = answer.translations;
    const setting = JSON.stringify([own, asked.glossary]);
    const parts = known.parts(setting, found.parts);
    const remarks = { unmet: found.unmet, lost: found.lost, looped: found.looped };
    const translated = new Translated(text, own, parts, remarks);
    const state = { kind: "done", translated, detected: answer.detected };
    tell({ ...state, isNew: true });
    if (!pair(own).calibrated) return;
    const unsure = bySource(translated.sentences.filter((one) => one.confidence === null));
    const srcs = [...unsure.keys()];
    for (let start = 0; start < srcs.length; start += atOnce) {
      const q = srcs.slice(start, start + atOnce);
      const sure = await ask("api/v1/translate", { ...asked, q, source: own.from, confidence: true }, signal);
      sure.translations.forEach(({ confidence }, place) => {
        for (const sentence of unsure.get(q[place])) sentence.confidence = confidence;
      });
      tell({ ...state, isNew: false });
    }
  }

  /** The next best translations of a sentence, kept with it. */
  async function addVariants(sentence, own, signal) {
    const asked = { q: sentence.src, source: own.from, target: own.to, glossary: terms(), n_best: nBest() };
    const { translations } = await ask("api/v1/translate", asked, signal);
    const texts = [translations[0].text, ...translations[0].alternatives.map((variant) => variant.text)];
    sentence.variants = [...new Set([sentence.best, ...texts])];
  }

  return { translate, addVariants, stop: () => running.abort() };
}

/** The words that could stand after a beginning, each with the translation it leads to. */
export async function nextWords(sentence, own, prefix, n, signal) {
  const asked = { q: sentence.src, source: own.from, target: own.to, prefix, n };
  return (await ask("api/v1/alternatives", asked, signal)).alternatives;
}

function later(seconds, signal, does) {
  const timer = setTimeout(does, 1000 * seconds);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

function bySource(sentences) {
  const found = new Map();
  for (const sentence of sentences) found.set(sentence.src, [...(found.get(sentence.src) ?? []), sentence]);
  return found;
}
