// The paper's formulas as MathML, which browsers draw by themselves.

const MATH = "http://www.w3.org/1998/Math/MathML";

function m(tag, ...children) {
  const node = document.createElementNS(MATH, tag);
  node.append(...children.map(read));
  return node;
}

// A text is a name, a number or a sign, by its looks.
function read(child) {
  if (typeof child !== "string") return child;
  const tag = /^[\d.,−]*\d$/.test(child) ? "mn" : /^[\p{L}′∞]+$/u.test(child) ? "mi" : "mo";
  const node = document.createElementNS(MATH, tag);
  node.textContent = child;
  return node;
}

// "Q = h · W" by its blanks.
const line = (text) => m("mrow", ...text.split(" "));
const sub = (x, index) => m("msub", x, index);
const sup = (x, power) => m("msup", x, power);
const over = (a, b) => m("mfrac", a, b);
const root = (x) => m("msqrt", x);
const call = (name, ...inner) => m("mrow", name, "(", ...inner, ")");
const mrow = (...parts) => m("mrow", ...parts);
const lines = (...each) => m("mtable", ...each.map((one) => m("mtr", m("mtd", one))));

const weight = (name) => sup("W", name);
const scaled = (q, k) => over(mrow(q, sup(k, "T")), root(sub("d", "k")));
const norm = (model) => (model.norm_kind === "rms" ? "RMSNorm" : "LayerNorm");

// Positions that are added to embeddings, and those that self-attention knows as distances.
export const ADDED = ["sinusoidal", "sinusoidal-half", "learned"];
export const AMONG = ["relative", "rotary"];
// How a query meets the keys in self-attention, and across: the dot product unless the model has another way.
const additive = (q, k) => mrow(call("tanh", q, "+", k), "w");
function among(model) {
  if (model.scoring === "additive") return additive("Q", "K");
  if (model.positions === "relative") return over(mrow("Q", sup(mrow("(", "K", "+", sup("A", "K"), ")"), "T")), root(sub("d", "k")));
  if (model.positions === "rotary") return over(mrow(call("R", "Q"), sup(call("R", "K"), "T")), root(sub("d", "k")));
  return scaled("Q", "K");
}
const across = (model, q, k) => (model.scoring === "additive" ? additive(q, k) : scaled(q, k));

const FORMULAS = {
  pieces: () => mrow("x", "=", "(", sub("x", "1"), ",", "…", ",", sub("x", "n"), ")"),
  embedding: ({ positions }) =>
    mrow("h", "=", "E", "[", "x", "]", "·", root(sub("d", "model")), ...(ADDED.includes(positions) ? ["+", call("PE", "pos")] : [])),
  queries: () => lines(...["Q", "K", "V"].map((name) => mrow(name, "=", "h", weight(name)))),
  weights: (model) => mrow("α", "=", call("softmax", among(model))),
  heads: ({ positions }) => lines(
    mrow(sub("head", "i"), "=", sub("α", "i"), ...(positions === "relative" ? ["(", sub("V", "i"), "+", sup("A", "V"), ")"] : [sub("V", "i")])),
    mrow("MultiHead", "=", call("Concat", sub("head", "1"), ",", "…", ",", sub("head", "h")), weight("O")),
  ),
  residual: (model) =>
    model.norm === "pre"
      ? mrow("x", "+", call("Sublayer", call(norm(model), "x")))
      : call(norm(model), "x", "+", call("Sublayer", "x")),
  "feed-forward": (model) => {
    const inner = mrow("x", sub("W", "1"), "+", sub("b", "1"));
    const bent = model.activation === "relu" ? call("max", "0", ",", inner) : call(model.activation, inner);
    return mrow(call("FFN", "x"), "=", bent, sub("W", "2"), "+", sub("b", "2"));
  },
  masks: (model) => lines(
    mrow("α", "=", call("softmax", among(model), "+", "M")),
    mrow(sub("M", mrow("t", ",", "s")), "=", m("mo", "{"), m("mtable", m("mtr", m("mtd", "0"), m("mtd", line("s ≤ t"))), m("mtr", m("mtd", "−∞"), m("mtd", line("s > t"))))),
  ),
  cross: (model) => mrow(call("softmax", across(model, sub("Q", "decoder"), sub("K", "encoder"))), sub("V", "encoder")),
  output: (model, search) => lines(
    mrow("p", "=", call("softmax", "y", sup("E", "T"))),
    mrow("score", "=", over(mrow(m("mo", "∑"), "log", "p"), call("lp", "n"))),
    search.penalty === "gnmt"
      ? mrow(call("lp", "n"), "=", sup(mrow("(", over(line("5 + n"), "6"), ")"), String(search.alpha)))
      : mrow(call("lp", "n"), "=", sup("n", String(search.alpha))),
  ),
  positions: () => {
    const angle = () => over("pos", sup("10000", over(line("2 i"), "d")));
    const at = (index) => sub("PE", mrow("pos", ",", ...index));
    return lines(mrow(at(["2", "i"]), "=", call("sin", angle())), mrow(at(["2", "i", "+", "1"]), "=", call("cos", angle())));
  },
  shift: () => mrow(call("f", line("p + k")), "=", sub("A", "k"), call("f", "p")),
  norms: () => mrow("‖", "α", "v", weight("O"), "‖"),
};

// The formula of this name as a node; `matrix` takes rows of texts, the others what the model and its search are.
export function formula(name, ...about) {
  const inside = name === "matrix" ? matrixOf(...about) : FORMULAS[name](...about);
  const math = m("math", inside);
  math.setAttribute("display", "block");
  math.setAttribute("class", "in-formula");
  return math;
}

function matrixOf(rows) {
  const cells = m("mtable", ...rows.map((each) => m("mtr", ...each.map((cell) => m("mtd", cell)))));
  cells.setAttribute("class", "in-brackets"); // a sign of that height is not in every font
  return cells;
}
