// The conversation: what was said, what is being answered, and what is typed. It stays while the page is loaded, whichever
// part of the dashboard is shown, and is written down nowhere.

import { signal } from "../../lib/html.js";
import { announce } from "../../components/announce.js";
import { ask, begun } from "./ask.js";
import { bodyOf, faultsOf, messagesOf, usual } from "./request.js";

const PLACE = "modelport-playground-key";

/** A key of the gateway's, which is kept in this tab until it is closed. */
function stored() {
  try {
    return sessionStorage.getItem(PLACE) ?? "";
  } catch {
    return "";
  }
}

const nothing = { text: "", images: [] };

/** `turns` are `{ user, answers }`; `user` is null where only what tools said was sent. */
export const talk = signal({ models: ["", ""], isTwo: false, settings: usual, turns: [], draft: nothing, key: stored() });

export const set = (more) => {
  talk.value = { ...talk.peek(), ...more };
};

/** @param {string} key */
export function takeKey(key) {
  set({ key });
  try {
    if (key) sessionStorage.setItem(PLACE, key);
    else sessionStorage.removeItem(PLACE);
  } catch {
    // It holds until the page is loaded again.
  }
}

let stopping = null;

export const isRunning = ({ turns }) => turns.at(-1)?.answers.some(({ state }) => state === "running") ?? false;

/** Ends all answers that are under way. */
export const stop = () => stopping?.abort();

export function startAnew() {
  stop();
  set({ turns: [], draft: nothing });
}

/** The models that are asked, by their places. */
export const sidesOf = ({ models, isTwo }) => (isTwo ? models : models.slice(0, 1));

const hasCalls = ({ turns }) => turns.at(-1)?.answers.some(({ state, calls }) => state === "done" && calls.length > 0) ?? false;

/** Why nothing can be sent now; empty if it can. */
export function hindrance(now) {
  if (sidesOf(now).some((model) => model.trim() === "")) return now.isTwo ? "Choose both models." : "Choose a model.";
  if (Object.keys(faultsOf(now.settings)).length > 0) return "A setting is not right; what is wrong stands beside it.";
  const isEmpty = now.draft.text.trim() === "" && now.draft.images.length === 0;
  return isEmpty && !hasCalls(now) ? "Write a message." : "";
}

const userOf = ({ draft }) => (draft.text.trim() === "" && draft.images.length === 0 ? null : draft);

/** The request that would be sent to one side now or, if nothing is typed, that was sent last. */
export function nextBody(now, side) {
  const { turns, settings } = now;
  const user = userOf(now);
  const isAgain = user === null && !hasCalls(now) && turns.length > 0;
  const last = turns.at(-1);
  const asked = isAgain ? [...turns.slice(0, -1), { user: last.user, answers: [] }] : [...turns, { user: user ?? (turns.length > 0 ? null : { ...nothing, text: "Hello!" }), answers: [] }];
  return bodyOf(settings, sidesOf(now)[side].trim(), messagesOf(asked, side, settings.system));
}

/** Puts an answer in its place, if the conversation is still the same. */
function put(turn, side, answer) {
  const { turns } = talk.peek();
  const place = turns.findLastIndex(({ id }) => id === turn);
  if (place < 0) return;
  const change = (each, at) => (at === place ? { ...each, answers: each.answers.map((old, which) => (which === side ? answer : old)) } : each);
  set({ turns: turns.map(change) });
}

/** What puts answers there no more often than they can be seen. */
function painter(turn, side) {
  let last = null;
  let frame = 0;
  const paint = () => {
    frame = 0;
    put(turn, side, last);
  };
  return (answer) => {
    last = answer;
    if (answer.state !== "running") {
      cancelAnimationFrame(frame);
      paint();
    } else if (frame === 0) frame = requestAnimationFrame(paint);
  };
}

let turnsSent = 0;

/** Sends what is typed to each side. */
export async function send() {
  const now = talk.peek();
  const { turns, key } = now;
  const id = ++turnsSent;
  const bodies = sidesOf(now).map((_, side) => nextBody(now, side));
  const controller = new AbortController();
  stopping = controller;
  set({ turns: [...turns, { id, user: userOf(now), answers: bodies.map(({ model }) => begun(model)) }], draft: nothing });
  await Promise.all(bodies.map((body, side) => ask({ body, key, signal: controller.signal, tell: painter(id, side) })));
  const ended = talk.peek().turns.find((turn) => turn.id === id)?.answers ?? [];
  announce(ended.map(({ model, state, error }) => (error ? `${model}: ${error.message}` : `${model} has ${state === "stopped" ? "been stopped" : "answered"}`)).join(". "));
}

/** What a tool says to one side's call. */
export function sayResult(turn, side, call, text) {
  const answer = talk.peek().turns.find(({ id }) => id === turn)?.answers[side];
  if (!answer) return;
  put(turn, side, { ...answer, calls: answer.calls.map((each, at) => (at === call ? { ...each, result: text } : each)) });
}
