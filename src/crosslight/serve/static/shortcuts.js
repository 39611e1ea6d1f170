/** Keys for everything, and the list of them. Letters go with Alt, so that no text field loses any. */

import { button, by, el } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/**
 * @param {Record<string, () => void>} does what each key does, by its letter; the list says `keys.LETTER`
 */
export function makeShortcuts(does) {
  const help = by("help");

  function draw() {
    const alt = isMac ? "⌥" : "Alt";
    const rows = [
      ...Object.keys(does).map((letter) => [[alt, letter.toUpperCase()], t(`keys.${letter}`)]),
      [["←", "→"], t("keys.arrows")],
      [["Enter"], t("keys.enter")],
      [["Esc"], t("keys.escape")],
      [["?"], t("keys.help")],
    ];
    help.replaceChildren(
      el("h2", { id: "help-title", text: t("help.title") }),
      el("dl", {}, ...rows.map(([keys, text]) => el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", { text: key }))), el("dd", { text })))),
      button(t("close"), () => help.close(), { class: "primary", autofocus: true }),
    );
  }

  const open = () => help.open || help.showModal();
  by("help-open").addEventListener("click", open);
  help.addEventListener("click", (event) => event.target === help && help.close());
  draw();
  onLanguage(draw);

  addEventListener("keydown", (event) => {
    if (help.open || event.isComposing) return;
    const isWriting = event.target.closest?.("input, textarea, select");
    if (event.key === "?" && !isWriting && !event.ctrlKey && !event.metaKey) open();
    else if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      // What is written on the key; where Alt makes another sign of it, where it lies.
      const written = /^[a-z]$/i.test(event.key) ? event.key : event.code.replace(/^Key/, "");
      const letter = written.toLowerCase();
      if (!(letter in does)) return;
      does[letter]();
    } else return;
    event.preventDefault();
  });
}
