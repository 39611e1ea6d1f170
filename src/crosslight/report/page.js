"use strict";
// The values under the pointer: one step for all curves, read from the points that were drawn.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const figures = [...document.querySelectorAll(".chart")].map((figure, i) => ({
    ...data.charts[i],
    plot: figure.querySelector(".plot"),
    cursor: figure.querySelector(".cursor"),
    values: [...figure.querySelectorAll(".legend b")],
    last: [...figure.querySelectorAll(".legend b")].map((value) => value.textContent),
  }));
  const reached = data.times.map(([step]) => step);

  // Four digits that matter, as in scales.py.
  function short(value) {
    if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
    const text = String(Number(value.toPrecision(4)));
    return value !== 0 && Math.abs(value) < 1e-4 ? Number(text).toExponential() : text;
  }

  function nearest(xs, x) {
    let low = 0;
    let high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle; else high = middle;
    }
    return x - xs[low] < xs[high] - x ? low : high;
  }

  function show(share) {
    for (const { end, series, cursor, values } of figures) {
      const step = share * end;
      const minutes = data.times[nearest(reached, step)][1] / 60;
      cursor.hidden = false;
      cursor.style.left = `${100 * share}%`;
      cursor.style.setProperty("--shift", share < 0.15 ? "0" : share > 0.85 ? "-100%" : "-50%");
      cursor.dataset.at = `step ${Math.round(step).toLocaleString("en-US")} · ${minutes.toFixed(1)} min`;
      series.forEach(({ x, y }, i) => { values[i].textContent = short(y[nearest(x, step)]); });
    }
  }

  function rest() {
    for (const { cursor, values, last } of figures) {
      cursor.hidden = true;
      values.forEach((value, i) => { value.textContent = last[i]; });
    }
  }

  for (const { plot } of figures) {
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      show(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    });
    plot.addEventListener("pointerleave", rest);
  }
  if (data.reload) setTimeout(() => location.reload(), 1000 * data.reload);
})();
