/** Which languages are translated between: the two lists, and the button between them. */

import { by, el } from "./dom.js";
import { languageName, t } from "./i18n.js";
import { keep, recall } from "./memory.js";

const AUTO = "auto";

/**
 * The choice of languages.
 * @param {object[]} pairs as the service describes them
 * @param {() => void} changed called when somebody has chosen
 */
export function chooseLanguages(pairs, changed) {
  const [from, to, swap] = [by("from"), by("to"), by("swap")];
  const sources = [...new Set(pairs.map((pair) => pair.source))];
  let detected = null; // the language that the service has found the text to be in

  const targetsOf = (source) => [...new Set(pairs.filter((p) => p.source === source).map((p) => p.target))];
  const found = (source, target) => pairs.find((pair) => pair.source === source && pair.target === target);
  const nameOf = (code) => {
    const own = pairs.find((pair) => pair.source === code)?.source_name;
    return languageName(code, own ?? pairs.find((pair) => pair.target === code)?.target_name);
  };

  function fillTargets(wanted) {
    const codes = from.value === AUTO ? [...new Set(pairs.map((pair) => pair.target))] : targetsOf(from.value);
    fill(to, codes.map((code) => [code, nameOf(code)]), wanted);
    show();
  }

  function show() {
    const source = from.value === AUTO ? detected : from.value;
    swap.disabled = !(source && found(to.value, source));
    const auto = [...from.options].find((option) => option.value === AUTO);
    const named = from.value === AUTO && detected;
    if (auto) auto.textContent = named ? t("languages.detected", { language: nameOf(detected) }) : t("languages.auto");
  }

  function draw(wanted) {
    const codes = sources.length > 1 ? [AUTO, ...sources] : sources;
    fill(from, codes.map((code) => [code, code === AUTO ? t("languages.auto") : nameOf(code)]), wanted.from);
    fillTargets(wanted.to);
  }

  function chosen() {
    detected = null;
    keep("pair", { from: from.value, to: to.value });
    show();
    changed();
  }

  from.addEventListener("change", () => {
    fillTargets(to.value);
    chosen();
  });
  to.addEventListener("change", chosen);

  const kept = recall("pair");
  draw(kept ?? { from: sources.length > 1 ? AUTO : sources[0], to: pairs[0].target });

  return {
    /** {from, to, calibrated}; of the given pair, or else of the one that is chosen. */
    pair(own = { from: from.value, to: to.value }) {
      return { from: own.from, to: own.to, calibrated: found(own.from, own.to)?.calibrated ?? false };
    },
    nameOf,
    /** Show which language the text was found to be in; null: it was not asked. */
    setDetected(code) {
      detected = from.value === AUTO ? code : null;
      show();
    },
    /** Choose a target for a text in a language, where nothing leads from it to the one chosen; false: no need. */
    redirect(source) {
      const other = pairs.find((pair) => pair.source === source);
      if (from.value !== AUTO || found(source, to.value) || !other) return false;
      to.value = other.target;
      detected = source;
      keep("pair", { from: from.value, to: to.value });
      show();
      return true;
    },
    /** Turn the languages around; false where nothing translates the other way. */
    swap() {
      if (swap.disabled) return false;
      const [source, target] = [from.value === AUTO ? detected : from.value, to.value];
      from.value = target;
      fillTargets(source);
      chosen();
      return true;
    },
    /** Write the names again, in the page's language. */
    redraw: () => draw({ from: from.value, to: to.value }),
  };
}

function fill(select, options, wanted) {
  select.replaceChildren(...options.map(([value, text]) => el("option", { value, text })));
  if (options.some(([value]) => value === wanted)) select.value = wanted;
}
