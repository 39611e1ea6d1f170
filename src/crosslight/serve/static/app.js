/** The page begins here: what is served is asked for, and each part is given its place. */

import { get } from "./api.js";
import { makeDocuments } from "./documents.js";
import { button, by, el } from "./dom.js";
import { inWords } from "./failures.js";
import { LANGUAGES, begin, onLanguage, spoken, switchTo, t } from "./i18n.js";
import { chooseLanguages } from "./languages.js";
import { keep, recall } from "./memory.js";
import { makeShortcuts } from "./shortcuts.js";
import { makeTabs } from "./tabs.js";
import { makeTextPanel } from "./text-panel.js";
import { makeTheme } from "./theme.js";

async function start() {
  await begin();
  makeTheme();
  makeLanguageChoice();
  const served = await whatIsServed();
  const languages = chooseLanguages(served.pairs, () => text.languagesChanged());
  const text = makeTextPanel({ served, languages });
  const tabs = makeTabs();
  const documents = served.documents.length
    ? makeDocuments({ endings: served.documents, mostBytes: served.limits.body_bytes, pair: languages.pair, open: tabs.openDocuments })
    : null;
  if (documents) tabs.show();
  makeKeyForm(served.key_needed, () => text.translate());
  onLanguage(() => {
    languages.redraw();
    text.redraw();
    documents?.redraw();
  });
  const inText = (does) => () => {
    tabs.openText();
    does();
  };
  makeShortcuts({
    q: inText(() => by("source").focus()),
    w: inText(text.focusTranslation),
    n: inText(text.focusVariants),
    r: inText(text.edit),
    c: inText(text.copy),
    x: () => by("swap").click(),
    g: inText(text.openGlossary),
    i: inText(text.toggleInside),
    ...(documents && { u: tabs.openDocuments }),
  });
  document.documentElement.dataset.ready = "";
  text.translate();
}

/** What the service says of itself; asked again and again while it does not answer. */
async function whatIsServed() {
  const failure = by("failure");
  for (;;) {
    try {
      const served = await get("api/v1/pairs");
      failure.hidden = true;
      return served;
    } catch (error) {
      const { text, detail } = inWords(error);
      failure.hidden = false;
      await new Promise((again) => {
        failure.replaceChildren(el("p", { text }), el("p", { class: "soft small", text: detail }), button(t("failure.again"), again, { class: "quiet outlined" }));
        setTimeout(again, 5000);
      });
    }
  }
}

function makeLanguageChoice() {
  const select = by("interface-language");
  select.replaceChildren(...Object.entries(LANGUAGES).map(([code, text]) => el("option", { value: code, lang: code, text })));
  select.value = spoken();
  select.addEventListener("change", () => switchTo(select.value));
}

function makeKeyForm(isNeeded, translate) {
  const [form, field] = [by("key-form"), by("key")];
  form.hidden = !isNeeded;
  field.value = recall("key", "sessionStorage") ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep("key", field.value.trim() || null, "sessionStorage");
    translate();
  });
}

start();
