// The limits that there are, in words, and how far each is used up.

import { html } from "../../lib/html.js";
import { brief, count, money, seconds } from "../../lib/format.js";
import { Tag } from "../../components/badge.js";
import { Meter } from "../../components/meter.js";

/** Each limit's name in the API, what it is called, and briefly. */
export const LIMITS = [
  ["requests_per_minute", "Requests a minute", "req/min"],
  ["requests_per_day", "Requests a day", "req/day"],
  ["tokens_per_minute", "Tokens a minute", "tok/min"],
  ["tokens_per_day", "Tokens a day", "tok/day"],
  ["input_tokens_per_minute", "Input tokens a minute", "tok in/min"],
  ["output_tokens_per_minute", "Output tokens a minute", "tok out/min"],
  ["concurrency", "Requests at once", "at once"],
];

/** The windows of budgets. */
export const WINDOWS = { day: "a day", week: "a week", month: "a month", total: "in all" };
const windowOf = (per) => WINDOWS[per] ?? `in ${per.replace("d", "")} days`;

/** What the limits of somebody allow, as short words. */
export function Allowed({ limits = {} }) {
  const rates = LIMITS.filter(([name]) => limits[name] !== undefined).map(([name, , unit]) => `${brief(limits[name])} ${unit}`);
  const budgets = (limits.budgets ?? []).map(({ amount, per, refuse }) => `${money(amount)} ${windowOf(per)}${refuse === false ? ", soft" : ""}`);
  const all = [...rates, ...budgets];
  return all.length === 0 ? html`<span class="muted">none</span>` : html`${all.map((each) => html`<${Tag} key=${each}>${each}</${Tag}>`)}`;
}

const isBudget = ({ limit }) => limit === "budget";
const share = (use) => (isBudget(use) ? Number(use.used_usd) / Number(use.amount_usd) : use.used / use.amount);

/** The one of somebody's limits that is nearest its end. */
export const nearest = (uses) => uses.reduce((most, use) => (most === null || share(use) > share(most) ? use : most), null);

const labelOf = (use) => (isBudget(use) ? `Budget ${windowOf(use.per)}` : LIMITS.find(([name]) => name === use.limit)?.[1] ?? use.limit);

/** When there is all of it again. */
function again(use) {
  if (!use.resets_at) return "";
  const at = Date.parse(use.resets_at);
  const left = Math.max(0, (at - Date.now()) / 1000);
  return `${isBudget(use) ? ", begins anew in " : ", whole again in "}${seconds(Math.ceil(left))}`;
}

function words(use) {
  if (!isBudget(use)) return `${count(use.used)} of ${count(use.amount)}${again(use)}`;
  const apart = Number(use.reserved_usd) > 0 ? `, ${money(use.reserved_usd)} set apart` : "";
  return `${money(use.used_usd)} of ${money(use.amount_usd)}${use.refuses ? "" : " (warns only)"}${apart}${again(use)}`;
}

/** One limit's bar. */
export function Use({ of: use }) {
  const warnAt = isBudget(use) && use.warn_at_usd !== null ? Number(use.warn_at_usd) / Number(use.amount_usd) : undefined;
  return html`<${Meter} label=${labelOf(use)} share=${share(use)} words=${words(use)} warnAt=${warnAt} />`;
}

/** All of somebody's. */
export function Uses({ all }) {
  if (all.length === 0) return html`<p class="muted">It has no limits.</p>`;
  return html`<div class="stack">${all.map((use, place) => html`<${Use} key=${place} of=${use} />`)}</div>`;
}

/** The limits of the configuration, which are changed in its file. */
export function Configured({ all }) {
  const groups = Map.groupBy(all.filter(({ of }) => !["key", "team"].includes(of)), ({ of, name }) => (of === "gateway" ? "Everything" : `${of === "model" ? "Model" : "Provider"} ${name}`));
  return html`<div class="cards">${[...groups].map(([name, uses]) => html`<div key=${name}><h3>${name}</h3><${Uses} all=${uses} /></div>`)}</div>`;
}
