/** Tells the lines that the panel itself causes by asking the game, each followed by an empty one. */

const MARK = "REST accessed endpoint /v1/api/";

/** @returns {(text: string) => boolean} to be asked about every line, in order */
export function pollingFilter() {
  let wasPolling = false;
  return (text) => {
    const isPolling = text.includes(MARK) || (wasPolling && text.trim() === "");
    wasPolling = text.includes(MARK);
    return isPolling;
  };
}
