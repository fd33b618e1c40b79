// How the gateway stands, told once a second. There is one stream, open while a page that wants it can be seen.

import { signal, useEffect, useValue } from "./html.js";
import { events, send } from "./api.js";

/** How long until the next try after the stream broke, in milliseconds. */
const PAUSE = 3000;

/** What was told last: `{ data, isOn }`. */
const told = signal({ data: null, isOn: false });
let readers = 0;
let stop = null;
let timer = 0;

async function run(controller) {
  try {
    const answer = await send("GET", "/admin/v1/live", { signal: controller.signal });
    await events(answer, (data) => {
      told.value = { data: JSON.parse(data), isOn: true };
    });
  } catch {
    // It is tried again below, unless nobody wants it any more.
  }
  if (controller.signal.aborted) return;
  told.value = { ...told.peek(), isOn: false };
  stop = null;
  timer = setTimeout(look, PAUSE);
}

/** Opens or closes the stream as it is wanted. */
function look() {
  const isWanted = readers > 0 && !document.hidden;
  if (isWanted && !stop) {
    clearTimeout(timer);
    stop = new AbortController();
    run(stop);
  } else if (!isWanted && stop) {
    stop.abort();
    stop = null;
  }
}

document.addEventListener("visibilitychange", look);

/** How the gateway stands, while the component is there. */
export function useLive() {
  useEffect(() => {
    readers += 1;
    look();
    return () => {
      readers -= 1;
      look();
    };
  }, []);
  return useValue(told);
}
