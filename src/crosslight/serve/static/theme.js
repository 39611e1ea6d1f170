/** Light or dark: as the system has it, or as somebody has chosen. */

import { by } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { keep, recall } from "./memory.js";

const THEMES = ["system", "light", "dark"];

/** Show the page as it was chosen before, and change it with its button. */
export function makeTheme() {
  let theme = THEMES.includes(recall("theme")) ? recall("theme") : "system";

  function show() {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    by("theme-name").textContent = t(`theme.${theme}`);
    by("theme").setAttribute("aria-label", t("theme.label", { theme: t(`theme.${theme}`) }));
  }

  by("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    keep("theme", theme === "system" ? null : theme);
    show();
  });
  show();
  onLanguage(show);
}
