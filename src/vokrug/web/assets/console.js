// The console's own behaviour is little: htmx renews parts of pages, the menu opens on a phone, dangers are confirmed.
import "htmx.org/dist/htmx.esm.js";

addEventListener("click", (click) => {
  const burger = click.target.closest?.("[data-menu]");
  if (burger) {
    const isOpen = document.getElementById("menu").classList.toggle("is-open");
    burger.setAttribute("aria-expanded", isOpen);
  }
});
