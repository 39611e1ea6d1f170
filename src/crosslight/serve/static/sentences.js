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
    return this.confidence >= 0.75 ? "good" : this.confidence >= 0.5 ? "fair" : "poor";
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
   * The sentence, as it was if it has been seen before with the same result.
   * @param {string} setting the pair of languages and the terms
   */
  sentence(setting, src, best) {
    const key = JSON.stringify([setting, src]);
    let known = this.found.get(key);
    if (known?.best !== best) known = new Sentence(src, best);
    this.found.delete(key);
    this.found.set(key, known);
    if (this.found.size > this.most) this.found.delete(this.found.keys().next().value);
    return known;
  }
}

/** A translation cut at blanks: [{ text, start, isWord }]; joined they are the translation. */
export function wordsOf(text) {
  const found = [];
  for (const match of text.matchAll(/\s+|\S+/g)) {
    found.push({ text: match[0], start: match.index, isWord: match[0].trim() !== "" });
  }
  return found;
}
