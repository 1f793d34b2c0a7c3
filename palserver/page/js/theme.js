// Loaded before the first paint and not as a module, which would come after it: a page that starts light and
// then turns dark flashes.
try {
  const theme = localStorage.getItem("palserver:theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A browser that forbids storage gets the system's theme.
}
