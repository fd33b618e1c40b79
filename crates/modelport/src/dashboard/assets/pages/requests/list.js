// The requests that a query finds: the newest first, more of them on demand, and those that finish meanwhile.

import { useCallback, useEffect, useRef, useState } from "../../lib/html.js";
import { events, get, send } from "../../lib/api.js";

/** How many are fetched at once. */
const PAGE = 500;

/** The most that are kept here; older ones are fetched again by who goes there. */
const MOST = 20_000;

/** The most of the new ones that are held back. */
const MOST_HELD = 1000;

/** How long until the next try after the stream broke, in milliseconds. */
const PAUSE = 3000;

/** How long after the first page it is read again: what had just finished was not in the ledger yet. In milliseconds. */
const SETTLED = 1500;

const NONE = { rows: [], held: [], next: null, lookedTo: null, source: null, missed: 0, isLoading: true, error: undefined };

/** Ids begin with a time, so that they sort as the requests came. */
const newestFirst = (left, right) => (left.id < right.id ? 1 : -1);

/** Both, each request once. @param {any[]} more newest first where they are a page */
function merged(rows, more) {
  const known = new Set(rows.map(({ id }) => id));
  const added = more.filter(({ id }) => !known.has(id));
  if (added.length === 0) return rows;
  const isBelow = rows.length === 0 || added[0].id < rows.at(-1).id;
  return isBelow ? [...rows, ...added] : [...added, ...rows].sort(newestFirst);
}

/** New rows among the others. One that is older than all of these stands where more of them are fetched. */
function shown(state, fresh) {
  const end = state.next === null ? "" : (state.rows.at(-1)?.id ?? "");
  const rows = merged(state.rows, fresh.filter(({ id }) => id > end));
  if (rows.length <= MOST) return { ...state, rows, held: [] };
  const kept = rows.slice(0, MOST);
  return { ...state, rows: kept, held: [], next: kept.at(-1).id };
}

/** New rows beside the others, until somebody wants to see them. */
function held(state, fresh) {
  const all = [...state.held, ...fresh];
  const passed = Math.max(0, all.length - MOST_HELD);
  return { ...state, held: all.slice(passed), missed: state.missed + passed };
}

/**
 * Reads the stream of finished requests while the page can be seen, and goes on where it was after a break.
 * @param {string} asked
 * @param {(told: { data: any[], missed: number }) => void} take
 * @param {(isOn: boolean) => void} setOn
 * @returns {() => void} what ends it
 */
function follow(asked, take, setOn) {
  let reading = null;
  let timer = 0;
  let at = null;
  const run = async (controller) => {
    try {
      const headers = at === null ? {} : { "last-event-id": String(at) };
      const answer = await send("GET", `/admin/v1/requests/live?${asked}`, { signal: controller.signal, headers });
      await events(answer, (text) => {
        const told = JSON.parse(text);
        at = told.next;
        setOn(true);
        take(told);
      });
    } catch {
      // It is tried again below, unless nobody wants it any more.
    }
    if (controller.signal.aborted) return;
    setOn(false);
    reading = null;
    timer = setTimeout(look, PAUSE);
  };
  const end = () => {
    clearTimeout(timer);
    reading?.abort();
    reading = null;
  };
  const look = () => {
    if (document.hidden) end();
    else if (!reading) run((reading = new AbortController()));
  };
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    end();
  };
}

/**
 * @param {string} asked the query, without a page
 * @param {boolean} isHeld whether new ones are held back
 */
export function useRequests(asked, isHeld) {
  const [state, setState] = useState(NONE);
  const [isOn, setOn] = useState(false);
  const turn = useRef(0);
  const isBusy = useRef(false);
  const holds = useRef(isHeld);
  holds.current = isHeld;
  const load = useCallback(async (before) => {
    const mine = turn.current;
    isBusy.current = true;
    setState((state) => ({ ...state, isLoading: true, error: undefined }));
    const settle = (change) => {
      if (mine !== turn.current) return;
      isBusy.current = false;
      setState((state) => ({ ...state, isLoading: false, ...change(state) }));
    };
    try {
      const { data, next, looked_to: lookedTo, source } = await get(`/admin/v1/requests?${asked}&limit=${PAGE}${before ? `&before=${before}` : ""}`);
      settle(({ rows }) => ({ rows: merged(rows, data), next, lookedTo, source }));
    } catch (error) {
      settle(() => ({ error }));
    }
  }, [asked]);
  const reload = useCallback(async () => {
    turn.current += 1;
    setState(NONE);
    await load(null);
  }, [load]);
  useEffect(() => {
    reload();
    const settled = setTimeout(async () => {
      const { data } = await get(`/admin/v1/requests?${asked}`).catch(() => ({ data: [] }));
      setState((state) => (holds.current ? state : shown(state, data)));
    }, SETTLED);
    const take = ({ data, missed }) => setState((state) => {
      const next = { ...state, missed: state.missed + missed };
      if (data.length === 0) return next;
      return holds.current ? held(next, data) : shown(next, data);
    });
    const end = follow(asked, take, setOn);
    return () => {
      turn.current += 1;
      clearTimeout(settled);
      end();
    };
  }, [reload]);
  useEffect(() => {
    if (!isHeld) setState((state) => (state.held.length === 0 ? state : shown(state, state.held)));
  }, [isHeld]);
  const more = () => {
    if (isBusy.current) return;
    if (state.next !== null) load(state.next);
    else if (state.error) reload();
  };
  return { ...state, isOn, more, reload };
}
