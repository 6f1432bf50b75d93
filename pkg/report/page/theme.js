// Pages read well without this: it switches light and dark.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  document.getElementById("theme").onclick = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
})();
