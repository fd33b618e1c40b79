// Who may ask, for what and how much: keys, teams, limits and budgets.

import { html, useMemo, useState } from "../lib/html.js";
import { useResource } from "../lib/resource.js";
import { remove } from "../lib/api.js";
import { begin } from "../lib/session.js";
import { ago, brief, count, money, NOTHING } from "../lib/format.js";
import { useParameter } from "../lib/router.js";
import { PageHead, Panel } from "../components/frame.js";
import { Empty, Loaded, Notice } from "../components/states.js";
import { announce } from "../components/announce.js";
import { Confirm } from "../components/dialog.js";
import { Choice, Select, TextField } from "../components/form.js";
import { Snippet } from "../components/copy.js";
import { Table } from "../components/table.js";
import { KeyDetails, Scopes, Standing, standing, Tags, TeamDetails } from "./keys/details.js";
import { KeyForm, TeamForm } from "./keys/edit.js";
import { Rotate, Secret } from "./keys/secret.js";
import { Allowed, Configured, nearest, Use } from "./keys/use.js";

export default function Keys({ session }) {
  const keys = useResource("/admin/v1/keys?all=true", 10);
  const teams = useResource("/admin/v1/teams", 10);
  const limits = useResource("/admin/v1/limits", 3);
  const usage = useResource(session.keeps_ledger ? "/admin/v1/usage?by=key&since=30d" : null, 60);
  const [open, setOpen] = useState(null);
  const reload = () => Promise.all([keys.reload(), teams.reload(), limits.reload()]);
  const mayChange = session.may_change;
  const uses = limits.data?.data ?? [];
  const spent = useMemo(() => new Map((usage.data?.data ?? []).map((line) => [line.key, line])), [usage.data]);
  const tools = mayChange && html`<button type="button" onClick=${() => setOpen({ what: "new-team" })}>New team</button><button type="button" class="main" onClick=${() => setOpen({ what: "new-key" })}>New key</button>`;
  return html`<${PageHead} title="Keys" lead="Who may ask, for what and how much.">${tools}</${PageHead}>
    ${!mayChange && html`<${ReadOnly} />`}
    ${mayChange && !session.keeps_ledger && html`<${Notice} tone="warn">Keys are kept in memory until the gateway stops: set MODELPORT_DATA_DIR or MODELPORT_DATABASE_URL to keep them.</${Notice}>`}
    ${["local", "refused"].includes(limits.data?.counted) && html`<${Notice} tone="warn">The server that limits are shared by is away: what is shown is what this gateway has counted.</${Notice}>`}
    <${Loaded} of=${keys}>${({ data }) => html`<${KeyList} all=${data} uses=${uses} spent=${spent} session=${session} onOpen=${(of) => setOpen({ what: "key", of })} />`}</${Loaded}>
    <${Loaded} of=${teams}>${({ data }) => html`<${TeamList} all=${data} keys=${keys.data?.data ?? []} uses=${uses} onOpen=${(of) => setOpen({ what: "team", of })} />`}</${Loaded}>
    ${uses.some(({ of }) => !["key", "team"].includes(of)) && html`<${Panel} title="Limits of the configuration"><${Configured} all=${uses} /></${Panel}>`}
    ${open && html`<${Opened} open=${open} setOpen=${setOpen} session=${session} keys=${keys.data?.data ?? []} teams=${teams.data?.data ?? []} uses=${uses} spent=${spent} reload=${reload} />`}`;
}

function ReadOnly() {
  return html`<${Panel} title="You may look, and not change anything">
    <div class="stack"><p>Keys and teams are changed here by whoever has the gateway's admin key, and it has none. Start it with one, and open this page again: it asks for the key.</p>
    <${Snippet} text=${'MODELPORT_ADMIN_KEY="$(openssl rand -hex 32)"\nexport MODELPORT_ADMIN_KEY\necho "$MODELPORT_ADMIN_KEY"\nmodelport'} what="the lines that set an admin key" />
    <p class="hint">On the gateway's machine <code>modelport keys create</code> works without one.</p></div></${Panel}>`;
}

const of = (uses, owner, name) => uses.filter((use) => use.of === owner && use.name === name);

const seconds = (text) => (text ? Date.parse(text) / 1000 : null);

function KeyList({ all, uses, spent, session, onOpen }) {
  const [text, setText] = useParameter("find", "");
  const [team, setTeam] = useParameter("team", "");
  const [which, setWhich] = useParameter("show", "good");
  const teams = useMemo(() => [...new Set(all.map((key) => key.team).filter(Boolean))].sort(), [all]);
  const words = text.toLowerCase();
  const rows = all.filter((key) => (which === "all" || key.status === "active") && (!team || key.team === team)
    && `${key.name} ${key.prefix} ${key.id} ${key.user ?? ""} ${key.team ?? ""}`.toLowerCase().includes(words));
  const columns = useMemo(() => [
    { id: "name", title: "Key", isHead: true, value: ({ name }) => name, cell: ({ name, prefix }) => html`<span class="whole">${name}</span><br /><code class="muted">${prefix}…</code>` },
    { id: "team", title: "Team", value: (key) => key.team, cell: (key) => key.team ?? NOTHING },
    { id: "state", title: "State", value: (key) => standing(key).word, cell: (key) => html`<${Standing} of=${key} />` },
    { id: "opens", title: "Opens", cell: ({ scopes }) => html`<${Scopes} of=${scopes} />` },
    { id: "limits", title: "Limits", cell: ({ limits }) => html`<${Allowed} limits=${limits} />` },
    { id: "use", title: "Nearest its limit", cell: (key) => html`<${Nearest} uses=${of(uses, "key", key.id)} />` },
    { id: "last", title: "Last use", hint: "In the last day, since the gateway's start", isNumber: true, value: (key) => seconds(key.last_used), cell: (key) => ago(seconds(key.last_used)) },
    { id: "spend", title: "30 days", hint: "Requests and spend, from the ledger", isNumber: true, value: (key) => spent.get(key.id)?.requests ?? null, cell: (key) => html`<${Spent} of=${spent.get(key.id)} />` },
  ], [uses, spent]);
  const isNone = all.length === 0;
  const none = session.callers_need_key ? "Callers need one all the same: one of MODELPORT_API_KEY, or the first that is made here." : "Whoever reaches the gateway may use it.";
  return html`<div class="filters">
      <${TextField} label="Search" type="search" placeholder="Name, prefix, user or team" value=${text} onInput=${setText} />
      <${Select} label="Team" value=${team} onChange=${setTeam} options=${[["", "All"], ...teams.map((each) => [each, each])]} />
      <${Choice} label="Which keys" value=${which} onChange=${setWhich} options=${[["good", "Good"], ["all", "All"]]} />
      <p class="muted" role="status">${count(rows.length)} of ${count(all.length)}</p></div>
    <${Table} label="Keys" columns=${columns} rows=${rows} keyOf=${({ id }) => id} order=${["name", 1]} onOpen=${onOpen} openLabel=${({ name }) => `Details of ${name}`}
      empty=${html`<div class="panel"><${Empty} title=${isNone ? "No keys yet" : "No key is like that"}><p>${isNone ? none : "Search for less, or show all."}</p></${Empty}></div>`} />`;
}

function Nearest({ uses }) {
  const use = nearest(uses);
  return use ? html`<${Use} of=${use} />` : NOTHING;
}

function Spent({ of: line }) {
  return line ? html`${brief(line.requests)}<br /><span class="muted">${money(line.cost_usd)}</span>` : NOTHING;
}

const inside = (keys, team) => keys.filter((key) => key.team === team.name && key.status !== "revoked");

function TeamList({ all, keys, uses, onOpen }) {
  const columns = useMemo(() => [
    { id: "name", title: "Team", isHead: true, value: ({ name }) => name },
    { id: "keys", title: "Keys", isNumber: true, value: (team) => inside(keys, team).length },
    { id: "tags", title: "Tags", cell: ({ tags }) => html`<${Tags} of=${tags} />` },
    { id: "limits", title: "Limits", cell: ({ limits }) => html`<${Allowed} limits=${limits} />` },
    { id: "use", title: "Nearest its limit", cell: (team) => html`<${Nearest} uses=${of(uses, "team", team.name)} />` },
  ], [keys, uses]);
  return html`<h2 class="part">Teams</h2><${Table} label="Teams" columns=${columns} rows=${all} keyOf=${({ name }) => name} order=${["name", 1]} onOpen=${onOpen} openLabel=${({ name }) => `Details of the team ${name}`}
    empty=${html`<div class="panel"><${Empty} title="No teams"><p>Keys of a team share its limits and take its tags.</p></${Empty}></div>`} />`;
}

/** The window that is open. */
function Opened({ open, setOpen, session, keys, teams, uses, spent, reload }) {
  const close = () => setOpen(null);
  const done = (words, next = null) => (answer) => {
    announce(words);
    reload();
    // From the first key on callers need one.
    begin();
    setOpen(next?.(answer) ?? null);
  };
  const secret = (made) => ({ what: "secret", of: made });
  // What is known now of what was opened, which may have changed since.
  const key = keys.find(({ id }) => id === open.of?.id) ?? open.of;
  const team = teams.find(({ name }) => name === open.of?.name) ?? open.of;
  switch (open.what) {
    case "key": return html`<${KeyDetails} of=${key} uses=${of(uses, "key", key.id)} spent=${spent.get(key.id)} mayChange=${session.may_change} onClose=${close} onDo=${(what) => setOpen({ what, of: key })} />`;
    case "new-key": return html`<${KeyForm} teams=${teams} session=${session} onClose=${close} onDone=${done("The key was made", secret)} />`;
    case "edit": return html`<${KeyForm} of=${key} teams=${teams} session=${session} onClose=${close} onDone=${done("The key was changed")} />`;
    case "rotate": return html`<${Rotate} of=${key} onClose=${close} onDone=${done("The key was rotated", secret)} />`;
    case "secret": return html`<${Secret} of=${open.of} onClose=${close} />`;
    case "revoke": return html`<${Ending} title=${`Revoke ${key.name}?`} action="Revoke for ever" path=${`/admin/v1/keys/${encodeURIComponent(key.id)}`} onClose=${close} onDone=${done("The key was revoked")}>
      <p>From now on whoever shows it, or one in grace, is refused with 401. It cannot be taken back; what it has used stays in the ledger.</p></${Ending}>`;
    case "team": return html`<${TeamDetails} of=${team} keys=${inside(keys, team)} uses=${of(uses, "team", team.name)} mayChange=${session.may_change} onClose=${close} onDo=${(what) => setOpen({ what: `${what}-team`, of: team })} />`;
    case "new-team": return html`<${TeamForm} onClose=${close} onDone=${done("The team was made")} />`;
    case "edit-team": return html`<${TeamForm} of=${team} onClose=${close} onDone=${done("The team was changed")} />`;
    case "delete-team": return html`<${Ending} title=${`Delete the team ${team.name}?`} action="Delete" path=${`/admin/v1/teams/${encodeURIComponent(team.name)}`} onClose=${close} onDone=${done("The team was deleted")}>
      <p>No key is in it. What it has used stays in the ledger.</p></${Ending}>`;
    default: return null;
  }
}

/** Asks before something is done away with, and does it. */
function Ending({ title, action, path, onClose, onDone, children }) {
  const [fault, setFault] = useState("");
  const confirm = () => remove(path).then(onDone, (error) => setFault(error.message));
  return html`<${Confirm} title=${title} action=${action} onConfirm=${confirm} onClose=${onClose}>${children}${fault && html`<${Notice} tone="bad">${fault}</${Notice}>`}</${Confirm}>`;
}
