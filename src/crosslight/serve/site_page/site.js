// A page that was written to disk: everything it can show is in its own block of data.

import { mountInside } from "./inside.js";
import { picker } from "./inside/draw.js";

const { texts, languages, positions, sentences } = JSON.parse(document.getElementById("data").textContent);
const wanted = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0].replace(/^n[on]$/, "nb"));
const at = { language: wanted.find((code) => code in texts) ?? "en", sentence: 0 };

function t(key, values = {}) {
  return (texts[at.language][key] ?? key).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

function draw() {
  const chosen = sentences[at.sentence];
  const { model, source, translation } = chosen.sentence;
  const view = async (name, { beam }) => {
    if (name === "positions") return positions;
    return beam === undefined ? chosen[name] : chosen.searches[beam];
  };
  const recorded = { beams: () => Object.keys(chosen.searches).map(Number), examples: (name) => chosen[name] };
  document.documentElement.lang = at.language;
  document.getElementById("heading").textContent = t("inside.views");
  document.getElementById("model").textContent = model.name;
  document.getElementById("about").textContent = t("inside.site.about", { model: model.name });
  const set = (name) => (value) => {
    at[name] = value;
    draw();
  };
  document.getElementById("choices").replaceChildren(
    picker(t("inside.site.sentence"), sentences.map((one, i) => [i, one.sentence.source]), at.sentence, set("sentence")),
    picker(t("inside.site.language"), Object.entries(languages), at.language, set("language")),
  );
  mountInside(document.getElementById("inside"), { view, t, recorded }).show({ source: model.src_lang, target: model.tgt_lang, text: source, translation });
}

draw();
