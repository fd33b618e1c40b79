// Who looks: with an admin key, which stays in this tab until it is closed, or without one at the gateway's own machine.

import { signal } from "./html.js";

const PLACE = "modelport-admin-key";

/**
 * What may be done here.
 * `state` is "asking", "in" (then `session` is what the gateway says), "locked" (a key is needed), "closed" (nobody may
 * look from here) or "away" (the gateway does not answer); `said` tells why.
 */
export const access = signal({ state: "asking", session: null, said: undefined });

let key = stored();

function stored() {
  try {
    return sessionStorage.getItem(PLACE) ?? "";
  } catch {
    return "";
  }
}

/** The admin key, or nothing. */
export const keyOf = () => key;

/** Takes another key, or none.
 *  @param {string} next */
export function takeKey(next) {
  key = next;
  try {
    if (next) sessionStorage.setItem(PLACE, next);
    else sessionStorage.removeItem(PLACE);
  } catch {
    // It holds until the page is loaded again.
  }
}

/** Asks for a key from now on. */
export function lock(said) {
  takeKey("");
  access.value = { state: "locked", session: null, said };
}

/** Finds out what may be done. */
export async function begin() {
  const { get } = await import("./api.js");
  try {
    access.value = { state: "in", session: await get("/admin/v1/session"), said: undefined };
  } catch (refusal) {
    if (refusal.code === "invalid_admin_key") return;
    const state = refusal.status === 403 ? "closed" : "away";
    access.value = { state, session: null, said: refusal.message };
  }
}
