/** What is said when something cannot be done: what happened and what to do, in the page's language. */

import { ServiceError } from "./api.js";
import { t } from "./i18n.js";

const SENTENCES = { 0: "gone", 403: "refused", 408: "slow", 413: "large", 429: "many", 503: "busy" };

/** Whether the same request may well be answered a little later. */
export const passes = (error) => error.status === 429 || error.status === 503;

/**
 * A failure as { text, detail }; `detail` is what the service itself said, in English, or "".
 * @param {Error} error
 */
export function inWords(error) {
  const reason = error instanceof ServiceError ? error.message : "";
  const known = SENTENCES[error.status];
  const asked = reason.startsWith("not sure which language") ? "unsure" : "asked";
  const key = known ?? (error.status === 400 ? asked : "fault");
  return { text: t(`failure.${key}`), detail: key === "unsure" ? "" : reason };
}
