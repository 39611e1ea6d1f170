/** What is said when something cannot be done: what happened and what to do, in the page's language. */

import { ServiceError } from "./api.js";
import { t } from "./i18n.js";

const SENTENCES = { 0: "gone", 400: "asked", 403: "refused", 408: "slow", 413: "large", 429: "many", 503: "busy" };

// What the service says in words of its own that the page has in four languages.
const TOLD = [
  ["not sure which language", "unsure"],
  ["API key", "key"],
];

/** Whether the same request may well be answered a little later. */
export const passes = (error) => error.status === 429 || error.status === 503;

/**
 * A failure as { text, detail }; `detail` is what the service itself said, in English, or "".
 * @param {Error} error
 */
export function inWords(error) {
  const reason = error instanceof ServiceError ? error.message : "";
  const [, told] = TOLD.find(([start]) => reason.includes(start)) ?? [];
  const key = told ?? SENTENCES[error.status] ?? "fault";
  return { text: t(`failure.${key}`), detail: told ? "" : reason };
}
