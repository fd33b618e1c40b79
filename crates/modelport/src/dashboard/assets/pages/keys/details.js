// All that is known of a key or a team, and what can be done to it.

import { html } from "../../lib/html.js";
import { ago, count, moment, money, NOTHING } from "../../lib/format.js";
import { Badge, Tag } from "../../components/badge.js";
import { Dialog } from "../../components/dialog.js";
import { Uses } from "./use.js";

/** From this time before its end on, in seconds, a key is said to be expiring. */
const SOON = 7 * 86400;

const secondsOf = (text) => Date.parse(text) / 1000;

/** How a key stands: a word, its tone, and more about it. */
export function standing({ status, expires, revoked, replaced }) {
  if (status === "revoked") return { word: "revoked", tone: "bad", more: moment(secondsOf(revoked)) };
  if (status === "expired") return { word: "expired", tone: "idle", more: moment(secondsOf(expires)) };
  const old = (replaced ?? []).filter(({ until }) => Date.parse(until) > Date.now());
  if (old.length > 0) return { word: "in grace", tone: "info", more: `The text before, ${old[0].prefix}…, is good until ${moment(secondsOf(old[0].until))}` };
  if (expires && secondsOf(expires) - Date.now() / 1000 < SOON) return { word: "expiring", tone: "warn", more: moment(secondsOf(expires)) };
  return { word: "active", tone: "good", more: expires ? `until ${moment(secondsOf(expires))}` : "" };
}

export function Standing({ of }) {
  const { word, tone, more } = standing(of);
  return html`<${Badge} tone=${tone} title=${more || undefined}>${word}</${Badge}>`;
}

const SCOPES = [["models", "Models"], ["providers", "Providers"], ["endpoints", "Endpoints"], ["addresses", "Addresses"]];

/** What a key opens, as short words. */
export function Scopes({ of = {} }) {
  const all = SCOPES.flatMap(([name]) => of[name] ?? []);
  return all.length === 0 ? html`<span class="muted">everything</span>` : html`${all.map((each) => html`<${Tag} key=${each}>${each}</${Tag}>`)}`;
}

/** @param {{ of: any, uses: any[], spent?: any, mayChange: boolean, onClose: () => void, onDo: (what: string) => void }} props */
export function KeyDetails({ of, uses, spent, mayChange, onClose, onDo }) {
  const { more } = standing(of);
  const can = mayChange && of.status !== "revoked";
  const actions = can && html`<button type="button" class="danger" onClick=${() => onDo("revoke")}>Revoke</button>
    <button type="button" onClick=${() => onDo("rotate")}>Rotate</button><button type="button" class="main" onClick=${() => onDo("edit")}>Change</button>`;
  return html`<${Dialog} title=${of.name} onClose=${onClose} actions=${actions} wide>
    <dl class="facts">
      <dt>State</dt><dd><${Standing} of=${of} /> <span class="muted">${more}</span></dd>
      <dt>Begins with</dt><dd><code>${of.prefix}</code></dd>
      <dt>Id</dt><dd><code>${of.id}</code></dd>
      <dt>Team</dt><dd>${of.team ?? NOTHING}</dd>
      <dt>User</dt><dd>${of.user ?? NOTHING}</dd>
      <dt>Priority</dt><dd>${of.priority}</dd>
      <dt>Made</dt><dd>${moment(secondsOf(of.created))}</dd>
      <dt>Last use</dt><dd>${of.last_used ? ago(secondsOf(of.last_used)) : html`<span class="muted">none in the last day, or before the gateway's start</span>`}</dd>
      ${spent && html`<dt>In 30 days</dt><dd>${count(spent.requests)} requests, ${money(spent.cost_usd)}</dd>`}
      ${SCOPES.map(([name, label]) => html`<dt key=${name}>${label}</dt><dd>${of.scopes?.[name]?.length > 0 ? html`<code>${of.scopes[name].join(", ")}</code>` : html`<span class="muted">all</span>`}</dd>`)}
      ${of.tags && html`<dt>Tags</dt><dd><${Tags} of=${of.tags} /></dd>`}
    </dl>
    <h3>Use against its limits</h3><${Uses} all=${uses} />
  </${Dialog}>`;
}

export function Tags({ of = {} }) {
  const all = Object.entries(of);
  return all.length === 0 ? html`<span class="muted">none</span>` : html`${all.map(([name, value]) => html`<${Tag} key=${name}>${name}=${value}</${Tag}>`)}`;
}

/** @param {{ of: any, keys: any[], uses: any[], mayChange: boolean, onClose: () => void, onDo: (what: string) => void }} props */
export function TeamDetails({ of, keys, uses, mayChange, onClose, onDo }) {
  const actions = mayChange && html`${keys.length === 0 && html`<button type="button" class="danger" onClick=${() => onDo("delete")}>Delete</button>`}<button type="button" class="main" onClick=${() => onDo("edit")}>Change</button>`;
  return html`<${Dialog} title=${`Team ${of.name}`} onClose=${onClose} actions=${actions} wide>
    <dl class="facts">
      <dt>Keys</dt><dd>${keys.length === 0 ? NOTHING : keys.map(({ name }) => name).join(", ")}</dd>
      <dt>Tags</dt><dd><${Tags} of=${of.tags} /></dd>
      <dt>Made</dt><dd>${moment(secondsOf(of.created))}</dd>
    </dl>
    <h3>Use against its limits</h3><${Uses} all=${uses} />
    ${mayChange && keys.length > 0 && html`<p class="hint">It can be deleted once no key is in it: revoke its keys or put them elsewhere first.</p>`}
  </${Dialog}>`;
}
