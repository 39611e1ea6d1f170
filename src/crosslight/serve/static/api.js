/** Questions to the service that the page came from. It asks no one else. */

import { recall } from "./memory.js";

/** The service said no, or nothing. `status` is HTTP's, 0 where there was no answer; `wait` in seconds or null. */
export class ServiceError extends Error {
  constructor(status, reason, wait = null) {
    super(reason);
    Object.assign(this, { status, wait });
  }
}

/** The answer to a GET. */
export const get = (path, signal) => answered(fetch(path, { signal, headers: key() }));

/** The answer to a POST of a JSON object. */
export function ask(path, body, signal) {
  const headers = { "Content-Type": "application/json", ...key() };
  return answered(fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal }));
}

/**
 * The answer to a POST of a form, told how much of it has been sent (0 to 1) on the way.
 * @param {(share: number) => void} tell
 * @param {AbortSignal} signal
 */
export function send(path, form, tell, signal) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(key())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && tell(event.loaded / event.total);
    request.upload.onload = () => tell(1);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status < 400 && body) done(body);
      else fail(new ServiceError(request.status, body?.error ?? "", seconds(request.getResponseHeader("Retry-After"))));
    };
    request.onerror = () => fail(new ServiceError(0, ""));
    request.onabort = () => fail(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

async function answered(promise) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, "");
  }
  const body = parsed(await answer.text());
  if (answer.ok && body !== null) return body;
  throw new ServiceError(answer.status, body?.error ?? "", seconds(answer.headers.get("Retry-After")));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const seconds = (text) => (/^\d+$/.test(text ?? "") ? Number(text) : null);

function key() {
  const own = recall("key", "sessionStorage");
  return own ? { Authorization: `Bearer ${own}` } : {};
}
