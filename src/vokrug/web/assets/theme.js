// Before the first paint: light or dark, as the person chose here, else as their system has it.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => localStorage.getItem("vokrug-theme");
const show = () => root.setAttribute("data-bs-theme", chosen() ?? (dark.matches ? "dark" : "light"));
show();
dark.addEventListener("change", show);
addEventListener("click", (click) => {
  if (!click.target.closest?.("[data-theme-switch]")) return;
  localStorage.setItem("vokrug-theme", root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark");
  show();
});
