/** What the browser keeps for this page between visits: choices and terms, never a text that was translated. */

const PREFIX = "crosslight.";

/** What was kept under a name; null if nothing was, or the browser keeps nothing. */
export function recall(name, storage = "localStorage") {
  try {
    return JSON.parse(window[storage].getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Keep something under a name; null takes it away. */
export function keep(name, value, storage = "localStorage") {
  try {
    if (value === null) window[storage].removeItem(PREFIX + name);
    else window[storage].setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing still translates.
  }
}
