/** Putting a sentence right by hand, and leaving that with the service, which keeps it for the next training. */

import { ask } from "./api.js";
import { announce } from "./announce.js";
import { button, el } from "./dom.js";
import { inWords } from "./failures.js";
import { t } from "./i18n.js";

/**
 * @param {object} does
 * @param {() => boolean} does.keepsCorrections whether the service keeps corrections
 * @param {(text: string) => void} does.onUse the text is to stand in the translation
 * @param {() => void} does.onClose the editor is done
 */
export function makeEditor({ keepsCorrections, onUse, onClose }) {
  let isOpen = false;

  /** The editor of a sentence, to be put on the page. */
  function open(sentence, pair) {
    isOpen = true;
    const field = el("textarea", { id: "edited", rows: "2", lang: pair.to, dir: "auto", spellcheck: "true" });
    field.value = sentence.text;
    const status = el("p", { role: "status", class: "edit-status" });

    const use = () => {
      if (!field.value.trim()) return;
      close();
      onUse(field.value.trim());
      announce(t("edit.used"));
      onClose();
    };

    const useAndKeep = async () => {
      const text = field.value.trim();
      if (!text) return;
      status.textContent = t("edit.keeping");
      try {
        await ask("suggest", { q: sentence.src, s: text, source: pair.from, target: pair.to });
      } catch (error) {
        const { text: said, detail } = inWords(error);
        status.textContent = `${said} ${detail}`;
        return;
      }
      close();
      onUse(text);
      announce(t("edit.kept"));
      onClose();
      document.querySelector("#sentence .actions")?.append(el("span", { class: "done", text: t("edit.kept") }));
    };

    const leave = () => {
      close();
      onClose();
    };

    const keeps = keepsCorrections();
    const form = el(
      "form",
      { class: "editor" },
      el("label", { for: "edited", text: t("edit.label") }),
      field,
      el(
        "div",
        { class: "actions" },
        keeps ? el("button", { type: "submit", class: "primary", text: t("edit.keep") }) : null,
        keeps ? button(t("edit.use"), use, { class: "quiet outlined" }) : el("button", { type: "submit", class: "primary", text: t("edit.use") }),
        button(t("edit.cancel"), leave),
      ),
      el("p", { class: "soft small", text: t(keeps ? "edit.note" : "edit.not-kept") }),
      status,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (keeps) useAndKeep();
      else use();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return form;
  }

  function close() {
    isOpen = false;
  }

  return {
    open,
    leave: close,
    get isOpen() {
      return isOpen;
    },
  };
}
