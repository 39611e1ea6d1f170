/** What the page says, in the language of who reads it: dictionaries of plain sentences with {places} in them. */

import { keep, recall } from "./memory.js";

export const LANGUAGES = { en: "English", sv: "Svenska", nb: "Norsk bokmål", zh: "中文" };

const loaded = {}; // language -> room ("" or "inside.") -> dictionary
const rooms = [""];
const listeners = [];
let language = "en";
let words = {};

/** The sentence of a key, with the values in its places; the key where there is no such sentence. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** The language that the page speaks now. */
export const spoken = () => language;

/** Call a function each time when the language has changed. */
export const onLanguage = (does) => listeners.push(does);

/** The first of the wanted languages (as browsers name them) that the page speaks. */
export function choose(wanted) {
  for (const tag of wanted) {
    const main = tag.toLowerCase().split("-")[0];
    const code = main === "no" || main === "nn" ? "nb" : main;
    if (code in LANGUAGES) return code;
  }
  return "en";
}

/** Speak the language that was chosen before, or else the browser's. */
export async function begin() {
  const kept = recall("language");
  await speak(kept in LANGUAGES ? kept : choose(navigator.languages ?? [navigator.language]));
}

/** Speak a language, and keep to it. */
export async function switchTo(code) {
  keep("language", code);
  await speak(code);
}

/** Also know the sentences of a room, `i18n/ROOM.LANGUAGE.json`. */
export async function learn(room) {
  if (!rooms.includes(`${room}.`)) rooms.push(`${room}.`);
  await speak(language);
}

async function speak(code) {
  const found = await Promise.all(["en", code].flatMap((one) => rooms.map((room) => dictionary(one, room))));
  language = code;
  words = Object.assign({}, ...found);
  document.documentElement.lang = code;
  translateElements(document);
  delete document.documentElement.dataset.wordless;
  for (const does of listeners) does();
}

async function dictionary(code, room) {
  const name = room + code;
  if (!(name in loaded)) {
    const answer = await fetch(new URL(`./i18n/${name}.json`, import.meta.url)).catch(() => null);
    if (!answer?.ok) return {};
    loaded[name] = await answer.json();
  }
  return loaded[name];
}

/** Give every element below a root the sentences that its data-i18n attributes name. */
export function translateElements(root) {
  for (const element of root.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
  for (const [data, attribute] of [["i18nLabel", "aria-label"], ["i18nPlaceholder", "placeholder"]]) {
    const selector = `[data-i18n-${attribute === "aria-label" ? "label" : attribute}]`;
    for (const element of root.querySelectorAll(selector)) element.setAttribute(attribute, t(element.dataset[data]));
  }
}

/** A number as it is written in the page's language. */
export const number = (value) => new Intl.NumberFormat(language).format(value);

/** A share from 0 to 1 in percent. */
export function percent(share) {
  const few = share > 0 && share < 0.01;
  return (few ? "< " : "") + new Intl.NumberFormat(language, { style: "percent" }).format(few ? 0.01 : share);
}

/** A language's name in the page's language; else the name that the service has for it. */
export function languageName(code, otherwise = code) {
  let name;
  try {
    name = new Intl.DisplayNames([language], { type: "language", fallback: "none" }).of(code.replace("_", "-"));
  } catch {
    // A code that is no language tag has only the service's name.
  }
  name ??= otherwise;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
