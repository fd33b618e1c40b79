// Every page of the dashboard, in the order of the menu. To add one: a file in pages/ whose default export is its
// component, and a line here.

/**
 * @typedef {object} Page
 * @property {string} path below /dashboard
 * @property {string} title
 * @property {() => Promise<{ default: any }>} load
 */

/** @type {Page[]} */
export const pages = [
  { path: "", title: "Overview", load: () => import("./pages/overview.js") },
  { path: "requests", title: "Requests", load: () => import("./pages/requests.js") },
  { path: "providers", title: "Providers", load: () => import("./pages/providers.js") },
  { path: "models", title: "Models", load: () => import("./pages/models.js") },
  { path: "routes", title: "Routes", load: () => import("./pages/routes.js") },
  { path: "keys", title: "Keys", load: () => import("./pages/keys.js") },
  { path: "playground", title: "Playground", load: () => import("./pages/playground.js") },
  { path: "settings", title: "Settings", load: () => import("./pages/settings.js") },
];
