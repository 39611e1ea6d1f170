/** The box that says what went wrong, and offers to try again. */

import { button, by, el } from "./dom.js";
import { inWords } from "./failures.js";
import { number, t } from "./i18n.js";

/** @param {() => void} again tries the same once more */
export function makeFailure(again) {
  const box = by("failure");

  function say({ text, detail }, mayTry = false) {
    box.hidden = false;
    box.replaceChildren(
      el("p", { text }),
      detail ? el("p", { class: "soft small", text: t("failure.detail", { detail }) }) : "",
      mayTry ? button(t("failure.again"), again, { class: "quiet outlined" }) : "",
    );
  }

  return {
    say,
    /** An error of the service; `wait` are the seconds after which it is tried again by itself. */
    show(error, wait) {
      const { text, detail } = inWords(error);
      say({ text: wait ? `${text} ${t("failure.wait", { seconds: number(wait) })}` : text, detail }, !wait && error.status !== 400);
    },
    hide() {
      box.hidden = true;
      box.replaceChildren();
    },
  };
}
