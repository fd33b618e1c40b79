// Asks the gateway: with the admin key, where there is one, and with its own words when it says no.

import { lock, keyOf } from "./session.js";

/** A no of the gateway, or none of an answer at all. */
export class Refusal extends Error {
  /** @param {number} status 0 where nobody answered
   *  @param {{ message?: string, code?: string, param?: string }} said */
  constructor(status, said) {
    super(said.message ?? `The gateway answered with status ${status}.`);
    this.status = status;
    this.code = said.code;
    this.param = said.param;
  }
}

function headers(more) {
  const key = keyOf();
  return { ...(key ? { authorization: `Bearer ${key}` } : {}), ...more };
}

/**
 * Sends a request as it is; for answers that are not JSON, such as streams.
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, headers?: Record<string, string>, signal?: AbortSignal }} [more]
 */
export async function send(method, path, { body, headers: added, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      signal,
      cache: "no-store",
      headers: headers({ ...(body === undefined ? {} : { "content-type": "application/json" }), ...added }),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, { message: "The gateway does not answer. Is it still running?", code: "no_answer" });
  }
  if (answer.ok) return answer;
  const said = await answer.json().then((read) => read?.error ?? {}, () => ({}));
  const refusal = new Refusal(answer.status, said);
  if (refusal.code === "invalid_admin_key") lock(keyOf() ? refusal.message : undefined);
  throw refusal;
}

/** The same for an answer in JSON. */
export async function ask(method, path, more) {
  const answer = await send(method, path, more);
  return answer.json();
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => ask("GET", path, { signal });
/** @param {string} path @param {unknown} [body] */
export const post = (path, body) => ask("POST", path, { body });
/** @param {string} path @param {unknown} body */
export const patch = (path, body) => ask("PATCH", path, { body });
/** @param {string} path */
export const remove = (path) => ask("DELETE", path);

/**
 * Reads a stream of server-sent events, which come with the key, as EventSource's cannot.
 * @param {Response} answer
 * @param {(data: string, event: string) => void} take
 * @param {(text: string) => void} [hear] takes the comments between them
 */
export async function events(answer, take, hear) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split(/\r?\n\r?\n/);
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const lines = part.split(/\r?\n/);
      const of = (name) => lines
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
      if (hear) of("").forEach(hear);
      const data = of("data");
      if (data.length > 0) take(data.join("\n"), of("event")[0] ?? "message");
    }
  }
}
