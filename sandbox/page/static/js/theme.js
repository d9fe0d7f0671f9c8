/** Dark or light: as the system wants it, until the person says otherwise. */

const KEY = "theme";
const prefersLight = matchMedia("(prefers-color-scheme: light)");

/** Return what is shown now. @returns {"dark"|"light"} */
export function theme() {
  return document.documentElement.dataset.theme ?? (prefersLight.matches ? "light" : "dark");
}

/** Show what was chosen earlier. */
export function restoreTheme() {
  const kept = localStorage.getItem(KEY);
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
}

/** Change to the other one, and remember it. */
export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem(KEY, next);
}

/**
 * Call `listen` when the system changes its mind.
 * @param {() => void} listen
 */
export function onSystemTheme(listen) {
  prefersLight.addEventListener("change", listen);
}
