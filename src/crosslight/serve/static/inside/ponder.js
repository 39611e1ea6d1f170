// How long a model that decides that for itself has thought about each piece: its steps, and how much of each goes on.

import { block, decimal, make, numbers, part, percent, shown } from "./draw.js";

export async function drawPonder(box, context) {
  const { t, frame } = context;
  const ponder = await context.ask("ponder");
  const side = (name) => block(t(`inside.ponder.${name}`), t(`inside.ponder.${name}.lead`), grid(t, name, frame[name].pieces, ponder));
  box.replaceChildren(
    block(t("inside.ponder.title"), t("inside.ponder.lead", { mean: decimal(ponder.mean, 1), most: ponder.max_steps })),
    make("div", { class: "in-halves" }, side("src"), side("tgt")),
    make("p", { class: "in-hint", text: t("inside.ponder.hint") }),
  );
}

function grid(t, name, pieces, ponder) {
  const { n_steps: nSteps, weights } = ponder[name];
  const shares = numbers(weights);
  const steps = Array.from({ length: ponder.max_steps }, (_, i) => i);
  const rows = pieces.map((piece, place) => {
    const own = part(shares, weights.shape, place);
    const cells = steps.map((step) => {
      const taken = step < nSteps[place];
      const cell = make("td", { class: taken ? "in-path-cell" : null, text: taken ? percent(own[step]) : "" });
      cell.style.setProperty("--share", own[step]);
      return cell;
    });
    return make("tr", {}, make("th", { scope: "row", dir: "auto", text: shown(piece) }), ...cells, make("td", { class: "in-ponder-count", text: `${nSteps[place]}` }));
  });
  const heads = steps.map((step) => make("th", { scope: "col", text: `${step + 1}` }));
  const caption = make("caption", { class: "in-unseen", text: t("inside.ponder.grid") });
  const top = make("tr", {}, make("th", { scope: "col", text: t("inside.ponder.piece") }), ...heads, make("th", { scope: "col", text: t("inside.ponder.count") }));
  const table = make("table", { class: "in-path in-ponder" }, caption, make("thead", {}, top), make("tbody", {}, ...rows));
  return make("div", { class: "in-scroll", tabindex: 0, role: "region", "aria-label": t(`inside.ponder.${name}`) }, table);
}
