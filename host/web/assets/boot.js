// Runs before the page is drawn, so that it is never drawn in the other theme.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let kept = null;
    try {
      kept = localStorage.getItem("jarvis.theme");
    } catch {
      // Without a storage the system's theme is the theme.
    }
    document.documentElement.dataset.theme = kept ?? (system.matches ? "dark" : "light");
  };
  system.addEventListener("change", apply);
  apply();
})();
