// How a request ended, in a word.

import { html } from "../../lib/html.js";
import { Badge } from "../../components/badge.js";

const TONES = { answered: "good", refused: "warn", failed: "bad", broken: "bad", cancelled: "idle" };

/** @param {{ of: { status: number, ending: string, stream: boolean } }} props */
export function Ended({ of: { status, ending, stream } }) {
  const words = ending === "answered" ? `${status}${stream ? " stream" : ""}` : `${status} ${ending}`;
  return html`<${Badge} tone=${status >= 500 ? "bad" : TONES[ending]}>${words}</${Badge}>`;
}
