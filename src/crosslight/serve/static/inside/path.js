// Each word's path: what the model would say if it stopped after a layer, and what it could have said at the end.

import { bar, block, clamp, decimal, disclosure, make, numbers, onArrows, part, percent, row, segmented, shown, table } from "./draw.js";

export async function drawPath(box, context) {
  const { t, frame } = context;
  const path = await context.ask("path");
  const chosen = context.remembered("path", { every: path.stages.length <= 8 ? "all" : "layers", place: 0 });
  const body = make("div");
  const { pieces } = frame.tgt;
  const p = numbers(path.chosen.p);

  function drawGrid() {
    const stages = path.stages.map((stage, index) => ({ ...stage, index })).filter(({ layer, after }) => chosen.every === "all" || layer === null || after === "feed-forward");
    const detail = make("div", { class: "in-path-detail" });
    const cells = stages.map(() => []);
    const columnHeads = pieces.map((piece, place) => make("th", { scope: "col", dir: "auto", text: shown(piece), on: { click: () => choose(place) } }));
    const rows = stages.map((stage, r) => {
      const own = pieces.map((_, place) => {
        const [top] = path.candidates[stage.index][place];
        const isRight = path.chosen.rank[stage.index][place] === 0;
        const cell = make(
          "td", { class: `in-path-cell${isRight ? " right" : ""}`, dir: "auto", on: { click: () => choose(place) } },
          make("span", { text: shown(top.piece) }), make("small", { text: percent(top.p) }),
        );
        cell.style.setProperty("--share", top.p);
        cells[r].push(cell);
        return cell;
      });
      return make("tr", {}, make("th", { scope: "row", text: stageName(t, stage) }), ...own);
    });
    const caption = make("caption", { class: "in-unseen", text: t("inside.path.grid") });
    const grid = make("table", { class: "in-path" }, caption, make("thead", {}, make("tr", {}, make("th", { scope: "col", text: t("inside.path.written") }), ...columnHeads)), make("tbody", {}, ...rows));
    const room = make("div", { class: "in-scroll in-path-box", tabindex: 0, role: "region", "aria-label": t("inside.path.label") }, grid);
    function choose(place) {
      chosen.place = clamp(place, 0, pieces.length - 1);
      columnHeads.forEach((head, i) => head.classList.toggle("on", i === chosen.place));
      cells.forEach((own) => own.forEach((cell, i) => cell.classList.toggle("on", i === chosen.place)));
      drawPlace(detail, chosen.place);
    }
    onArrows(room, (down, right) => {
      if (down === null || down) return;
      choose(chosen.place + right);
      columnHeads[chosen.place].scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    });
    body.replaceChildren(
      block(t("inside.path.title"), t("inside.path.lead"), room, make("p", { class: "in-hint", text: t("inside.path.hint") })), detail,
    );
    choose(Math.min(chosen.place, pieces.length - 1));
  }

  function drawPlace(detail, place) {
    const name = shown(pieces[place]);
    const bars = path.steps[place].map(({ id, piece, p: share }) =>
      bar(shown(piece), share, percent(share), { class: `in-bar${id === frame.tgt.ids[place] ? " chosen" : ""}` }),
    );
    const rise = path.stages.map((stage, index) => {
      const share = part(p, [path.stages.length, pieces.length], index)[place];
      const rank = path.chosen.rank[index][place] + 1;
      return bar(stageName(t, stage), share, `${percent(share)} · ${t("inside.path.rank", { rank })}`);
    });
    detail.replaceChildren(
      make(
        "div", { class: "in-halves" },
        block(t("inside.path.candidates", { n: place + 1, piece: name }), t("inside.path.candidates.lead"), make("ol", { class: "in-bars" }, ...bars)),
        block(t("inside.path.rise", { piece: name }), t("inside.path.rise.lead"), make("ol", { class: "in-bars in-bars-wide" }, ...rise)),
      ),
      disclosure(t("inside.numbers"), () =>
        table(
          t("inside.path.numbers", { piece: name }), [t("inside.path.stage"), ...Array.from({ length: path.candidates[0][0].length }, (_, i) => `${i + 1}`)],
          path.stages.map((stage, index) => [stageName(t, stage), ...path.candidates[index][place].map((one) => `${one.piece} ${decimal(one.p, 4)}`)]),
        ),
      ),
    );
  }

  const every = segmented(t("inside.path.every"), [["layers", t("inside.path.layers")], ["all", t("inside.path.sublayers")]], chosen.every, (value) => {
    chosen.every = value;
    drawGrid();
  });
  box.replaceChildren(row(every), body);
  drawGrid();
}

function stageName(t, { layer, after }) {
  return layer === null ? t("inside.stage.embedding") : `${layer + 1} · ${t(`inside.stage.${after}`)}`;
}
