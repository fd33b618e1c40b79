// Asks the gateway as any caller does, and tells what comes of it piece by piece. The admin key has no part in it.

import { events } from "../../lib/api.js";

/**
 * @typedef {object} Answer
 * @property {"running" | "done" | "stopped" | "failed"} state
 * @property {string} model that was asked for
 * @property {string} text
 * @property {string} reasoning
 * @property {{ key: unknown, id: string, name: string, arguments: string, result: string }[]} calls
 * @property {number | null} firstMs until the first output, in milliseconds
 * @property {number | null} totalMs
 * @property {any} usage as the provider tells it
 * @property {{ usd: string, source: string } | null} cost
 * @property {Record<string, string | null>} told in headers
 * @property {string | null} finish
 * @property {{ message: string, status?: number, code?: string, param?: string } | null} error
 */

/** @returns {Answer} */
export const begun = (model) => ({
  state: "running", model, text: "", reasoning: "", calls: [], firstMs: null, totalMs: null, usage: null, cost: null, told: {}, finish: null, error: null,
});

const TOLD = ["provider", "model", "params", "cache"];

/**
 * Asks, and calls `tell` with the answer as it is after each piece.
 * @param {{ body: any, key: string, signal: AbortSignal, tell: (answer: Answer) => void }} what
 */
export async function ask({ body, key, signal, tell }) {
  const since = performance.now();
  let answer = begun(body.model);
  const change = (more) => {
    answer = { ...answer, ...more };
    tell(answer);
  };
  const passed = () => performance.now() - since;
  try {
    const response = await fetch("/v1/chat/completions", {
      method: "POST", signal, cache: "no-store",
      headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
      body: JSON.stringify(body),
    });
    const usd = response.headers.get("x-modelport-cost");
    change({
      told: { ...Object.fromEntries(TOLD.map((name) => [name, response.headers.get(`x-modelport-${name}`)])), request: response.headers.get("x-request-id") },
      cost: usd === null ? null : { usd, source: "" },
    });
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!response.ok) change({ state: "failed", error: await refusal(response) });
    else if (isStream) await stream(response, (step) => change(step(answer, passed)));
    else change({ ...take(answer, await response.json(), "message"), firstMs: passed() });
    change({ state: answer.state === "running" ? "done" : answer.state, totalMs: passed() });
  } catch (error) {
    const isStopped = signal.aborted;
    change({ state: isStopped ? "stopped" : "failed", totalMs: passed(), error: isStopped ? null : { message: `The gateway's answer ended early: ${error.message}` } });
  }
}

async function refusal(response) {
  const said = await response.json().then((read) => read?.error ?? {}, () => ({}));
  return { status: response.status, code: said.code, param: said.param, message: said.message ?? `The gateway answered with status ${response.status}.` };
}

/** Reads a stream; `step` takes what an answer becomes by the next piece. */
async function stream(response, step) {
  let isWhole = false;
  await events(response, (data) => {
    if (data === "[DONE]") {
      isWhole = true;
      return;
    }
    const chunk = JSON.parse(data);
    if (chunk.error) {
      const { message, code, param } = chunk.error;
      step(() => ({ state: "failed", error: { message: message ?? "The stream ended with an error.", code, param } }));
    } else {
      step((answer, passed) => {
        const more = take(answer, chunk, "delta");
        const isFirst = answer.firstMs === null && (more.text || more.reasoning || more.calls.length > 0);
        return isFirst ? { ...more, firstMs: passed() } : more;
      });
    }
  }, (comment) => {
    const [word, usd, , source] = comment.split(" ");
    if (word === "modelport-cost") step(() => ({ cost: { usd, source } }));
  });
  step((answer) => (isWhole || answer.finish || answer.error ? {} : { state: "failed", error: { message: "The stream ended before the answer was whole." } }));
}

/** An answer with a chunk, or a whole completion, added to it. */
function take(answer, read, name) {
  const choice = read.choices?.[0];
  const said = choice?.[name] ?? {};
  return {
    text: answer.text + (said.content ?? said.refusal ?? ""),
    reasoning: answer.reasoning + (said.reasoning_content ?? said.reasoning ?? ""),
    calls: (said.tool_calls ?? []).reduce(withCall, answer.calls),
    finish: choice?.finish_reason ?? answer.finish,
    usage: read.usage ?? answer.usage,
  };
}

/** Pieces belong together by their index; where a provider gives none, by their id, and one without both to the last. */
function withCall(calls, piece) {
  const key = piece.index ?? piece.id ?? calls.at(-1)?.key;
  const known = calls.find((call) => call.key === key);
  const before = known ?? { key, id: "", name: "", arguments: "", result: "" };
  const after = {
    ...before,
    id: piece.id ?? before.id,
    name: before.name + (piece.function?.name ?? ""),
    arguments: before.arguments + (piece.function?.arguments ?? ""),
  };
  return known ? calls.map((call) => (call === known ? after : call)) : [...calls, after];
}
