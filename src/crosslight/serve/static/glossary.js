/** Terms that a translation must keep to, or must keep from; each pair of languages has its own. */

import { button, by, el } from "./dom.js";
import { number, t } from "./i18n.js";
import { keep, recall } from "./memory.js";

/**
 * @param {object} does
 * @param {() => {from: string, to: string}} does.pair
 * @param {(code: string) => string} does.nameOf a language's name
 * @param {number} does.most terms that the service takes
 * @param {() => void} does.changed the terms are others now
 */
export function makeGlossary({ pair, nameOf, most, changed }) {
  const [panel, body, tally] = [by("glossary"), by("glossary-body"), by("glossary-tally")];
  let rows = [];
  let name = "";

  const complete = () => rows.filter((row) => row.source.trim() && row.target.trim()).slice(0, most);

  /** Those of the languages that are chosen now. */
  function load() {
    const { from, to } = pair();
    name = `terms.${from}.${to}`;
    rows = recall(name) ?? [];
    draw();
  }

  function store() {
    keep(name, rows.length ? rows : null);
    count();
    changed();
  }

  function count() {
    const n = complete().length;
    tally.textContent = n ? t("glossary.tally", { n: number(n) }) : t("glossary.lead");
  }

  function draw() {
    const { from, to } = pair();
    const source = from === "auto" ? t("languages.from") : nameOf(from);
    const list = el("ul", { class: "terms" }, ...rows.map((row, place) => el("li", {}, ...drawn(row, place, source, nameOf(to), from, to))));
    const add = button(t("glossary.add"), addRow, { class: "quiet outlined", id: "term-add" });
    add.disabled = rows.length >= most;
    body.replaceChildren(el("p", { class: "soft small", text: t("glossary.note") }), list, add);
    count();
  }

  function drawn(row, place, sourceName, targetName, from, to) {
    const n = place + 1;
    const field = (key, label, lang) => {
      const made = el("input", { "aria-label": label, placeholder: label, autocomplete: "off", maxlength: "200", lang });
      made.value = row[key];
      made.addEventListener("change", () => {
        row[key] = made.value;
        store();
      });
      return made;
    };
    const rule = el(
      "select",
      { "aria-label": t("glossary.rule", { n }) },
      el("option", { value: "must", text: t("glossary.must") }),
      el("option", { value: "never", text: t("glossary.never") }),
    );
    rule.value = row.forbidden ? "never" : "must";
    rule.addEventListener("change", () => {
      row.forbidden = rule.value === "never";
      store();
    });
    return [
      field("source", t("glossary.in", { language: sourceName, n }), from === "auto" ? null : from),
      rule,
      field("target", t("glossary.in", { language: targetName, n }), to),
      button("", () => removeRow(place), { icon: "clear", class: "quiet round", "aria-label": t("glossary.remove", { n }) }),
    ];
  }

  function addRow() {
    rows.push({ source: "", target: "", forbidden: false });
    draw();
    body.querySelector("li:last-child input").focus();
  }

  function removeRow(place) {
    rows.splice(place, 1);
    draw();
    store();
    by("term-add").focus();
  }

  load();
  return {
    load,
    redraw: draw,
    /** The terms as the service takes them. */
    terms: () => complete().map(({ source, target, forbidden }) => ({ source: source.trim(), target: target.trim(), forbidden })),
    open() {
      panel.open = true;
      if (!rows.length) addRow();
      else body.querySelector("input").focus();
    },
  };
}
