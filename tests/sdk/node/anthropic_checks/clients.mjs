// The clients of all checks. The rest of the harness is the same as for OpenAI's SDK.

import Anthropic from "@anthropic-ai/sdk";

import { options, user } from "../checks/harness.mjs";

const { env } = process;
export const QUESTION = "What does a gateway do?";

// Like `options`; this SDK adds `/v1` by itself.
function anthropic(url, apiKey) {
  return new Anthropic(options(url.replace(/\/v1$/, ""), apiKey));
}

export const client = anthropic(env.GATEWAY_URL);
// Retries by itself, and asks for a key.
export const locked = anthropic(env.LOCKED_GATEWAY_URL, env.GATEWAY_KEY);
export const wrongKey = anthropic(env.LOCKED_GATEWAY_URL, "not-the-key");
// Waits one second for a provider.
export const impatient = anthropic(env.IMPATIENT_GATEWAY_URL);

// A request with these fields, and with what every request has.
export function request(more = {}) {
  return { model: "sim-fast", max_tokens: 1000, messages: user(QUESTION), ...more };
}

export function ask(more = {}, { caller = client, trace, ...rest } = {}) {
  return caller.messages.create(request(more), { headers: trace?.headers, ...rest });
}

export async function plainText() {
  return (await ask()).content[0].text;
}
