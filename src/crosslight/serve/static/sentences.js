/** What a text became, sentence by sentence, and what its reader has chosen instead. */

/**
 * A sentence and its translation. `text` is what is shown: the model's own, or what was chosen in its place.
 * `origin` says whose it is: "model", "word" (a word was chosen, the model went on), "variant", "own".
 */
export class Sentence {
  constructor(src, best) {
    this.src = src;
    this.best = best;
    this.text = best;
    this.origin = "model";
    this.prefix = ""; // what the model was made to begin with
    this.confidence = null;
    this.variants = null; // the next best ones, once they are asked for
  }

  /** Put another text in the place of this one. */
  put(text, origin, prefix = "") {
    this.text = text;
    this.origin = text === this.best ? "model" : origin;
    this.prefix = this.origin === "word" ? prefix : "";
  }

  /** How sure the model is of what is shown: "good", "fair", "poor"; "chosen" is a person's; null is not known. */
  get level() {
    if (this.origin !== "model") return "chosen";
    if (this.confidence === null) return null;
    const percent = Math.round(100 * this.confidence); // as it is shown, so that 75 % is never two things
    return percent >= 75 ? "good" : percent >= 50 ? "fair" : "poor";
  }
}

/** A translated text: `parts` are sentences, and strings that stand between them. */
export class Translated {
  constructor(source, pair, parts, remarks) {
    Object.assign(this, { source, pair, parts, remarks });
    this.sentences = parts.filter((part) => part instanceof Sentence);
  }

  /** The whole translation as it is shown. */
  get text() {
    return this.parts.map((part) => (part instanceof Sentence ? part.text : part)).join("");
  }

  /** Whether a person has changed anything. */
  get isChanged() {
    return this.sentences.some((sentence) => sentence.origin !== "model");
  }
}

/** Sentences by what decides how they are translated; the oldest are forgotten. */
export class KnownSentences {
  constructor(most = 2000) {
    this.most = most;
    this.found = new Map();
  }

  /**
   * The parts of a text; a sentence is as it was if it has been seen before with the same result. One that a text
   * has twice is two, and each can be changed by itself.
   * @param {string} setting the pair of languages and the terms
   * @param {[string, string][]} pairs source and translation, of sentences and of the blanks between them
   * @returns {(Sentence|string)[]}
   */
  parts(setting, pairs) {
    const times = new Map();
    return pairs.map(([src, tgt]) => {
      if (!src.trim()) return tgt;
      times.set(src, 1 + (times.get(src) ?? 0));
      return this.sentence(JSON.stringify([setting, src, times.get(src)]), src, tgt);
    });
  }

  sentence(key, src, best) {
    let known = this.found.get(key);
    if (known?.best !== best) known = new Sentence(src, best);
    this.found.delete(key);
    this.found.set(key, known);
    if (this.found.size > this.most) this.found.delete(this.found.keys().next().value);
    return known;
  }
}

/** Which words of a translation another one does not have in their place: { text, isNew } of each piece of it. */
export function compared(text, other) {
  const [a, b] = [text, other].map((one) => wordsOf(one).filter((piece) => piece.isWord).map((piece) => piece.text));
  const common = [...a, ""].map(() => Array(b.length + 1).fill(0)); // of what follows each place: longest common words
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] = a[i] === b[j] ? 1 + common[i + 1][j + 1] : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  let [i, j] = [0, 0];
  return wordsOf(text).map((piece) => {
    if (!piece.isWord) return { text: piece.text, isNew: false };
    while (j < b.length && a[i] !== b[j] && common[i][j + 1] >= common[i + 1][j]) j++;
    const isNew = a[i] !== b[j];
    i++;
    if (!isNew) j++;
    return { text: piece.text, isNew };
  });
}

/** A translation cut at blanks: [{ text, start, isWord }]; joined they are the translation. */
export function wordsOf(text) {
  const found = [];
  for (const match of text.matchAll(/\s+|\S+/g)) {
    found.push({ text: match[0], start: match.index, isWord: match[0].trim() !== "" });
  }
  return found;
}
