/** What is told to those who hear the page: one voice, that waits until there is something to say. */

import { by } from "./dom.js";

let timer = 0;

/** Say a text, after a pause in which another one can take its place; `lang` is the text's. */
export function announce(text, { lang = document.documentElement.lang, pause = 150 } = {}) {
  clearTimeout(timer);
  const voice = by("said");
  voice.textContent = "";
  timer = setTimeout(() => {
    voice.lang = lang;
    voice.textContent = text;
  }, pause);
}
