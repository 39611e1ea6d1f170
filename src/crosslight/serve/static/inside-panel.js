/** The panel that shows the inside of the model: it is fetched when it is first opened. */

import { ask } from "./api.js";
import { by, el } from "./dom.js";
import { learn, t } from "./i18n.js";

/** The panel; `show` is told which sentence is looked at, and `hide` that there is none. */
export function makeInsidePanel() {
  const [panel, note, root] = [by("inside"), by("inside-note"), by("inside-root")];
  let module = null; // inside.js
  let mounted = null; // what it has made
  let loading = null;
  let wanted = null;
  let drawn = "";

  async function load() {
    try {
      module = await import("./inside.js");
      document.head.append(el("link", { rel: "stylesheet", href: new URL("./inside.css", import.meta.url).href }));
      await learn("inside");
      mount();
    } catch {
      mounted = null;
    }
  }

  function mount() {
    mounted = module.mountInside(root, { view: (name, params) => ask(`api/v1/inside/${name}`, params), t });
    drawn = "";
  }

  async function draw() {
    if (!panel.open) return;
    loading ??= load();
    await loading;
    note.textContent = mounted ? (wanted ? "" : t("inside.empty")) : t("inside.missing");
    note.hidden = !note.textContent;
    root.hidden = !(mounted && wanted);
    const key = JSON.stringify(wanted);
    if (!mounted || !wanted || key === drawn) return;
    drawn = key;
    mounted.show(wanted);
  }

  panel.addEventListener("toggle", draw);
  return {
    /** Look at a sentence of a translated text. */
    show({ pair }, sentence) {
      const { src: text, text: translation, prefix } = sentence;
      wanted = { source: pair.from, target: pair.to, text, translation, prefix };
      draw();
    },
    hide() {
      wanted = null;
      draw();
    },
    /** Draw it again, in the page's language. */
    redraw() {
      if (mounted) mount();
      draw();
    },
    toggle() {
      panel.open = !panel.open;
      panel.querySelector("summary").focus();
    },
  };
}
