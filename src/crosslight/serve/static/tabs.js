/** Text or documents: two tabs, as the ARIA practices have them. */

import { by } from "./dom.js";

/** The tabs; until `show` is called there is the text alone. */
export function makeTabs() {
  const tabs = [by("tab-text"), by("tab-documents")];
  const panels = [by("panel-text"), by("panel-documents")];

  function open(place, withFocus = false) {
    tabs.forEach((tab, n) => {
      tab.setAttribute("aria-selected", String(n === place));
      tab.tabIndex = n === place ? 0 : -1;
      panels[n].hidden = n !== place;
    });
    if (withFocus) tabs[place].focus();
  }

  tabs.forEach((tab, place) => tab.addEventListener("click", () => open(place)));
  by("tabs").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    open(tabs[0].tabIndex === 0 ? 1 : 0, true);
  });

  return {
    openText: () => open(0),
    openDocuments: () => open(1, true),
    show() {
      by("tabs").hidden = false;
      panels[0].setAttribute("role", "tabpanel");
      panels[0].setAttribute("aria-labelledby", "tab-text");
    },
  };
}
