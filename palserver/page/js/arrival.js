// Loaded before the modules and not as one: what it looks after is that they arrive. A browser drops what is on
// its way when a network comes or goes, which on the machine of the Docker Engine is each start of a container,
// and one missing module or style sheet leaves an empty page.
const REST_MS = 2000;

let isReloadDue = false;

addEventListener(
  "error",
  (event) => {
    const { target } = event;
    const isOurs = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
    if (!isOurs || isReloadDue || "awaited" in target.dataset) return;
    isReloadDue = true;
    setTimeout(reloadWhenAnswered, REST_MS);
  },
  true, // these events do not bubble
);

/** A reload that nobody answers would leave the browser's own error page, which never comes back by itself. */
function reloadWhenAnswered() {
  fetch("health", { cache: "no-store" }).then(
    () => location.reload(),
    () => setTimeout(reloadWhenAnswered, REST_MS),
  );
}
