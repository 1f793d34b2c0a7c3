/** Where the focus goes when what had it is gone. */

/**
 * Runs what may take away the part with the focus; `next` has it then, and not the page's beginning.
 * @param {Element} within @param {HTMLElement} next @param {() => void} work
 */
export function holdingFocus(within, next, work) {
  const had = within.contains(document.activeElement);
  work();
  if (had && !within.contains(document.activeElement)) next.focus();
}

/** After a dialog whose opener is gone. @param {HTMLElement} next */
export function catchFocus(next) {
  if (document.activeElement === document.body) next.focus();
}
