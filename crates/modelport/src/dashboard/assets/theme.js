// Runs before the first paint, so that a page in the dark does not begin with a flash of light.
try {
  const theme = localStorage.getItem("modelport-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed to this page; it follows the system.
}
