// page.js: comfort only. Every page works without it. No inline handlers, no globals, no dependencies.
"use strict";

// Copy buttons: data-copy names the id of the element whose text is copied. The button keeps its width, so nothing shifts.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("span");
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    label.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    label.textContent = "Ctrl C";
  }
  setTimeout(() => { label.textContent = "Copy"; }, 1600);
});

// Row menus: only one open; a click elsewhere or Escape closes it and gives the focus back.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
});

// Theme: the form posts to the server, which keeps the choice in a cookie and sets the attribute on <html>.
// With script the page changes at once and the server is told beside it.
document.addEventListener("submit", (event) => {
  const theme = event.submitter?.dataset.theme;
  if (theme === undefined) return;
  event.preventDefault();
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll("button[data-theme]")) button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
  const body = new URLSearchParams(new FormData(event.target));
  body.set("theme", theme);
  fetch(event.target.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
});

// Lists: a changed filter is applied at once.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.filters");
  if (form && event.target.matches("select")) form.requestSubmit();
});
