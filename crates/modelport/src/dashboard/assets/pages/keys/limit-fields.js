// The fields for limits and budgets, which keys and teams have alike.

import { html } from "../../lib/html.js";
import { Check, Select, TextField } from "../../components/form.js";
import { LIMITS, WINDOWS } from "./use.js";

/** What is typed into the fields for limits that are so. */
export function draftOf(limits = {}) {
  const rates = Object.fromEntries(LIMITS.map(([name]) => [name, limits[name] === undefined ? "" : String(limits[name])]));
  const budgets = (limits.budgets ?? []).map(({ amount, per, warn, refuse }) => ({ amount, per, warn: warn ?? "", isSoft: refuse === false }));
  return { ...rates, budgets };
}

/** What the fields come to; a limit that is left empty is `null`, which takes it away. */
export function limitsOf(draft) {
  const number = (text) => (/^\d+$/.test(text.trim()) ? Number(text) : text.trim());
  const rates = Object.fromEntries(LIMITS.map(([name]) => [name, draft[name].trim() === "" ? null : number(draft[name])]));
  const budgets = draft.budgets.map(({ amount, per, warn, isSoft }) => ({
    amount: amount.trim(), per: per.trim(), ...(warn.trim() ? { warn: warn.trim() } : {}), ...(isSoft ? { refuse: false } : {}),
  }));
  return { ...rates, budgets };
}

/** The first field of limits that cannot be right, and why. */
export function faultOf(draft) {
  const wrong = LIMITS.find(([name]) => draft[name].trim() !== "" && !/^[1-9]\d*$/.test(draft[name].trim()));
  if (wrong) return { field: wrong[0], message: "Give a whole number above 0, or leave it empty for no limit." };
  const place = draft.budgets.findIndex(({ amount }) => !(Number(amount) > 0));
  return place < 0 ? null : { field: `budget-${place}`, message: "Give US dollars above 0, such as 100 or 5.50." };
}

/** @param {{ draft: any, onChange: (draft: any) => void, fault?: { field: string, message: string } | null }} props */
export function LimitFields({ draft, onChange, fault }) {
  const set = (name, value) => onChange({ ...draft, [name]: value });
  const wrong = (field) => (fault?.field === field ? fault.message : undefined);
  const windows = (now) => [...Object.entries(WINDOWS), ...["7d", "30d", now].filter((per, place, all) => !WINDOWS[per] && all.indexOf(per) === place).map((per) => [per, `in the last ${per.replace("d", "")} days`])];
  const change = (place, more) => set("budgets", draft.budgets.map((each, at) => (at === place ? { ...each, ...more } : each)));
  return html`<fieldset><legend>Limits</legend><p class="hint">What is empty has no limit.</p>
      <div class="fields">${LIMITS.map(([name, label]) => html`<${TextField} key=${name} label=${label} inputmode="numeric" value=${draft[name]} error=${wrong(name)} onInput=${(value) => set(name, value)} />`)}</div></fieldset>
    <fieldset><legend>Budgets</legend>
      ${draft.budgets.map((budget, place) => html`<div key=${place} class="budget" role="group" aria-label=${`Budget ${place + 1}`}>
        <${TextField} label="US dollars" inputmode="decimal" value=${budget.amount} error=${wrong(`budget-${place}`)} onInput=${(amount) => change(place, { amount })} />
        <${Select} label="Window" value=${budget.per} options=${windows(budget.per)} onChange=${(per) => change(place, { per })} />
        <${TextField} label="Warn at" inputmode="decimal" placeholder="never" value=${budget.warn} onInput=${(warn) => change(place, { warn })} />
        <${Check} label="Only warn" value=${budget.isSoft} onChange=${(isSoft) => change(place, { isSoft })} />
        <button type="button" class="small" aria-label=${`Remove budget ${place + 1}`} onClick=${() => set("budgets", draft.budgets.filter((_, at) => at !== place))}>Remove</button></div>`)}
      <div><button type="button" class="small" onClick=${() => set("budgets", [...draft.budgets, { amount: "", per: "month", warn: "", isSoft: false }])}>Add a budget</button></div></fieldset>`;
}
