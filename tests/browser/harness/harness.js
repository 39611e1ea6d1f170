// A page around inside.js for the tests: it shows the sentence that the address asks for.

import { mountInside } from "/static/inside.js";

const asked = new URLSearchParams(location.search);
const language = asked.get("lang") ?? "en";
document.documentElement.lang = language;
if (asked.has("theme")) document.documentElement.dataset.theme = asked.get("theme");
const texts = await (await fetch(`/static/i18n/inside.${language}.json`)).json();
window.missing = [];

function t(key, vars = {}) {
  if (!(key in texts)) window.missing.push(key);
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => vars[name] ?? whole);
}

async function view(name, params) {
  const answer = await fetch(`/api/v1/inside/${name}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(params),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

const inside = mountInside(document.getElementById("inside"), { view, t });
window.show = (text, more = {}) => inside.show({ source: "fr", target: "en", text, ...more });
if (asked.has("q")) window.show(asked.get("q"));
