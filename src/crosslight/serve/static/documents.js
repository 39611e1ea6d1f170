/** Documents: dropped or chosen, sent, translated, and fetched again; several one after the other. */

import { announce } from "./announce.js";
import { get, send } from "./api.js";
import { button, by, el, icon } from "./dom.js";
import { inWords } from "./failures.js";
import { number, t } from "./i18n.js";

const ASK_EVERY = 500; // milliseconds between questions how far a document is

/**
 * The panel of documents.
 * @param {object} page
 * @param {string[]} page.endings of the documents that can be translated
 * @param {number} page.mostBytes of a document
 * @param {() => {from: string, to: string}} page.pair
 * @param {() => void} page.open shows the panel
 */
export function makeDocuments({ endings, mostBytes, pair, open }) {
  const panel = by("panel-documents");
  const input = el("input", { type: "file", id: "file", multiple: true, accept: endings.join(","), class: "hidden", tabindex: "-1" });
  const list = el("ul", { class: "documents" });
  let last = Promise.resolve();

  function draw() {
    input.setAttribute("aria-label", t("documents.choose"));
    const drop = el(
      "div",
      { class: "drop" },
      icon("file"),
      el("p", { text: t("documents.drop") }),
      button(t("documents.choose"), () => input.click(), { class: "primary", id: "choose-file" }),
      el("p", { class: "soft small", text: t("documents.kinds", { kinds: endings.join(" "), size: size(mostBytes) }) }),
    );
    panel.replaceChildren(drop, input, list);
  }

  function take(files) {
    open();
    for (const file of files) {
      const row = new Row(file);
      list.prepend(row.element);
      const fault = faultOf(file);
      if (fault) row.fail({ text: fault, detail: "" });
      else last = last.then(() => translate(file, row));
    }
  }

  function faultOf(file) {
    const name = file.name.toLowerCase();
    if (!endings.some((ending) => name.endsWith(ending))) return t("documents.kind", { kinds: endings.join(" ") });
    if (file.size > mostBytes) return t("documents.large", { size: size(file.size), most: size(mostBytes) });
    return null;
  }

  async function translate(file, row) {
    if (row.stop.signal.aborted) return;
    const { from, to } = pair();
    const form = new FormData();
    for (const [name, value] of [["file", file], ["source", from], ["target", to]]) form.append(name, value);
    const name = randomName();
    form.append("progress", name);
    row.sent(0);
    const asking = setInterval(() => get(`api/v1/progress/${name}`).then((far) => row.translated(far), () => {}), ASK_EVERY);
    try {
      const { translatedFileUrl } = await send("translate_file", form, (share) => row.sent(share), row.stop.signal);
      row.done(`download_file/${translatedFileUrl.split("/").at(-1)}`, to);
    } catch (error) {
      if (error.name === "AbortError") row.fail({ text: t("documents.stopped"), detail: "" });
      else row.fail(inWords(error));
    } finally {
      clearInterval(asking);
    }
  }

  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  let depth = 0; // of elements that the pointer is dragged over
  const over = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over(0);
    take([...event.dataTransfer.files]);
  });

  draw();
  return { redraw: draw, focus: () => by("choose-file").focus() };
}

/** What the service calls the document while it translates; nobody else can guess it. */
function randomName() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A document on its way. */
class Row {
  constructor(file) {
    this.file = file;
    this.stop = new AbortController();
    this.bar = el("progress", { max: "1", value: "0", "aria-label": t("documents.progress", { name: file.name }) });
    this.state = el("span", { class: "state", text: t("documents.waiting") });
    this.action = button(t("documents.stop"), () => this.end(), { "aria-label": t("documents.stop.long", { name: file.name }) });
    this.element = el("li", {}, el("span", { class: "name", text: file.name }), el("span", { class: "soft size", text: size(file.size) }), this.state, this.action, this.bar);
  }

  /** So much of it has been sent; what comes then takes its time. */
  sent(share) {
    if (share < 1) {
      this.bar.value = share;
      this.state.textContent = t("documents.sending", { percent: number(Math.round(100 * share)) });
    } else {
      this.bar.removeAttribute("value");
      this.state.textContent = t("documents.translating");
    }
  }

  /** So many of its texts are translated; the first answer may come before any is. */
  translated({ done, total }) {
    if (!total || this.stop.signal.aborted) return;
    this.bar.value = done / total;
    this.state.textContent = t("documents.translated", { percent: number(Math.round((100 * done) / total)) });
  }

  done(address, to) {
    const link = el("a", { class: "primary", href: address, download: translatedName(this.file.name, to), text: t("documents.fetch") });
    link.setAttribute("aria-label", t("documents.fetch.long", { name: this.file.name }));
    this.settle(t("documents.done"), "good", link);
  }

  fail({ text, detail }) {
    this.settle(`${text} ${detail}`.trim(), "poor", null);
  }

  end() {
    this.stop.abort();
    this.fail({ text: t("documents.stopped"), detail: "" });
  }

  settle(text, level, action) {
    const hadFocus = this.action.contains(document.activeElement);
    this.bar.remove();
    this.state.textContent = text;
    this.state.className = `state ${level}`;
    if (action) this.action.replaceWith(action);
    else this.action.remove();
    if (hadFocus) action?.focus();
    announce(`${this.file.name}: ${text}`);
  }
}

/** The name of a translated document: letter.txt becomes letter.en.txt. */
export function translatedName(name, to) {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}.${to}${name.slice(dot)}` : `${name}.${to}`;
}

function size(bytes) {
  const [value, unit] = bytes >= 1e6 ? [bytes / 1e6, "MB"] : [Math.max(1, Math.round(bytes / 1e3)), "kB"];
  return `${number(Math.round(10 * value) / 10)} ${unit}`;
}
