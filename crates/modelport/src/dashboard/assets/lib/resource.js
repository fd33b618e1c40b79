// What the gateway is asked for by a component, and asked for again while somebody looks.

import { useCallback, useEffect, useRef, useState } from "./html.js";
import { get } from "./api.js";

/**
 * What is at a path. While it is asked for again, what was there stays.
 * @param {string | null} path nothing is asked for where it is null
 * @param {number} [every] seconds, 0 for once
 * @returns {{ data: any, error: any, isLoading: boolean, reload: () => Promise<void> }}
 */
export function useResource(path, every = 0) {
  const [state, setState] = useState({ path, data: undefined, error: undefined, isLoading: true });
  const last = useRef(0);
  const reload = useCallback(async () => {
    if (path === null) return;
    const turn = ++last.current;
    const settle = (change) => {
      if (turn === last.current) setState((before) => ({ ...before, path, isLoading: false, ...change }));
    };
    try {
      settle({ data: await get(path), error: undefined });
    } catch (error) {
      settle({ error });
    }
  }, [path]);
  useEffect(() => {
    reload();
    const again = () => {
      if (!document.hidden) reload();
    };
    const timer = every > 0 ? setInterval(again, every * 1000) : 0;
    document.addEventListener("visibilitychange", again);
    return () => {
      last.current += 1;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [reload, every]);
  return { ...state, isLoading: state.isLoading || (state.path !== path && !state.error), reload };
}
