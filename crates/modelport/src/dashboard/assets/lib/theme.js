// Light or dark: what the system says, until somebody chooses.

import { signal } from "./html.js";

const PLACE = "modelport-theme";

/** "system", "light" or "dark". */
export const theme = signal(document.documentElement.dataset.theme ?? "system");

/** Counts how often the colours changed, for what is painted and not styled. */
export const repaint = signal(0);

/** @param {string} chosen */
export function choose(chosen) {
  theme.value = chosen;
  const root = document.documentElement;
  if (chosen === "system") delete root.dataset.theme;
  else root.dataset.theme = chosen;
  try {
    if (chosen === "system") localStorage.removeItem(PLACE);
    else localStorage.setItem(PLACE, chosen);
  } catch {
    // It holds for this page only.
  }
  repaint.value += 1;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  repaint.value += 1;
});

/**
 * A colour of the style sheet as it is now.
 * @param {string} name such as "--series-1"
 */
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
