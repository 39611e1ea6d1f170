// Color of a weight. Lightness changes in equal steps in OKLab (Ottosson 2020), so equal differences of
// weight look equally large; on paper more is darker, on a dark screen more is brighter.

const STOPS = {
  light: [[0.98, 0.006, 270], [0.64, 0.15, 265], [0.3, 0.15, 280]],
  dark: [[0.23, 0.022, 275], [0.59, 0.13, 48], [0.95, 0.08, 95]],
};

const darkScreen = matchMedia("(prefers-color-scheme: dark)");
let printing = false;

function oklchToRgb(lightness, chroma, degrees) {
  const a = chroma * Math.cos((degrees * Math.PI) / 180);
  const b = chroma * Math.sin((degrees * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((x) => {
    const c = Math.min(1, Math.max(0, x));
    return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
  });
}

function buildRamp(stops) {
  return Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(at), stops.length - 2);
    return oklchToRgb(...stops[from].map((v, k) => v + (at - from) * (stops[from + 1][k] - v)));
  });
}

const RAMPS = { light: buildRamp(STOPS.light), dark: buildRamp(STOPS.dark) };

// [red, green, blue] of a share between 0 and 1 of the scale.
function colorOf(share) {
  const ramp = darkScreen.matches && !printing ? RAMPS.dark : RAMPS.light;
  return ramp[Math.round(255 * Math.min(1, Math.max(0, share)))];
}

// Ink that can be read on that color.
function inkOn([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#14151c" : "#ffffff";
}

// One canvas pixel per weight; the style sheet enlarges it.
function paintPixels(canvas, weights, rows, columns, top) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  image.data.fill(255); // opaque
  weights.forEach((weight, i) => image.data.set(colorOf(weight / top), 4 * i));
  context.putImageData(image, 0, 0);
}
