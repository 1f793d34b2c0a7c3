// Loaded before the modules and not as one: what it looks after is that they arrive. A browser drops what is on
// its way when a network comes or goes, which on the machine of the Docker Engine is each start of a container,
// and one missing module or style sheet leaves an empty page.
addEventListener(
  "error",
  (event) => {
    const isOurs = event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement;
    if (isOurs) setTimeout(() => location.reload(), 2000);
  },
  true, // these events do not bubble
);
