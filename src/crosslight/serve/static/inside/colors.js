// Numbers as colours. The ends of a scale are those of the theme; between them the way is straight in OKLab
// (Ottosson 2020), so that equal steps look equal. One hue from the paper to its full end for 0 to 1, blue
// against red through the paper for more and less: both can be told apart without seeing red and green.

const SHADES = 256;
let ramps = null;
const painters = new Set();

function themeColor(name) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#808080";
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

function toLinear(x) {
  return x <= 10.31 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4;
}

function toLab(rgb) {
  const [r, g, b] = rgb.map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function toRgb([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((x) => {
    const c = Math.min(1, Math.max(0, x));
    return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
  });
}

function between(from, to, n) {
  const [start, end] = [toLab(from), toLab(to)];
  return Array.from({ length: n }, (_, i) => toRgb(start.map((x, k) => x + (i / (n - 1)) * (end[k] - x))));
}

function built() {
  const [card, heat, less, more] = ["--card", "--heat", "--less", "--more"].map(themeColor);
  const half = SHADES / 2;
  return {
    share: between(card, heat, SHADES),
    change: [...between(less, card, half), ...between(card, more, half)],
  };
}

// [red, green, blue] of a number: `share` from 0 to top, `change` from −top to top.
export function colorOf(value, top, scale = "share") {
  ramps ??= built();
  const at = scale === "share" ? value / top : 0.5 + value / top / 2;
  return ramps[scale][Math.round((SHADES - 1) * Math.min(1, Math.max(0, at || 0)))];
}

// Ink that can be read on a colour: black or white, whichever has the higher contrast (WCAG's luminance).
export function inkOn(rgb) {
  const [r, g, b] = rgb.map(toLinear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

// One canvas pixel for each number; the stylesheet enlarges it.
export function paintPixels(canvas, values, nColumns, top, scale = "share") {
  canvas.width = nColumns;
  canvas.height = values.length / nColumns;
  repainted(canvas, () => {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    image.data.fill(255);
    values.forEach((value, i) => image.data.set(colorOf(value, top, scale), 4 * i));
    context.putImageData(image, 0, 0);
  });
}

// Paints now, and again whenever the theme changes, as long as the canvas is on the page.
export function repainted(canvas, paint) {
  paint();
  painters.add({ canvas, paint });
}

function themeChanged() {
  ramps = null;
  for (const painter of painters) {
    if (painter.canvas.isConnected) painter.paint();
    else painters.delete(painter);
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
new MutationObserver(themeChanged).observe(document.documentElement, { attributeFilter: ["data-theme"] });
