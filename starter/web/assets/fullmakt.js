// What makes the pages more comfortable; all of them work without it.
"use strict";

// A form is sent once, however often its button is pressed. The button keeps its name and value.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.once === "sent") return event.preventDefault();
  form.dataset.once = "sent";
  markBusy(event.submitter, true);
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-once=sent]")) {
    form.dataset.once = "";
    for (const button of form.querySelectorAll("[aria-disabled]")) markBusy(button, false);
  }
});
function markBusy(button, busy) {
  for (const name of ["aria-disabled", "aria-busy"]) {
    if (busy) button?.setAttribute(name, "true");
    else button?.removeAttribute(name);
  }
}

// How many characters a text area still has room for. Counted as the server does, by code points.
for (const area of document.querySelectorAll("textarea[data-limit]")) {
  const shown = document.getElementById(`limit-${area.name}`);
  const spoken = document.createElement("span");
  spoken.className = "unseen";
  spoken.setAttribute("role", "status");
  shown.after(spoken);
  const count = () => {
    const left = area.dataset.limit - [...area.value].length;
    const word = left < 0 ? shown.dataset.over : shown.dataset.left;
    shown.textContent = `${word} ${Math.abs(left).toLocaleString(document.documentElement.lang)}`;
    shown.classList.toggle("over", left < 0);
  };
  let pause;
  area.addEventListener("input", () => {
    count();
    clearTimeout(pause);
    pause = setTimeout(() => { spoken.textContent = shown.textContent; }, 1000);
  });
  count();
}

// Showing a password, and hiding it before it is sent.
for (const button of document.querySelectorAll("[data-show]")) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? button.dataset.hide : button.dataset.show;
  };
  button.hidden = false;
  button.addEventListener("click", () => show(input.type === "password"));
  input.form.addEventListener("submit", () => show(false));
}

// What is to be corrected is read first.
document.querySelector("[data-focus]")?.focus();

// Menus close by Escape and by a click elsewhere.
const menus = "details.menu[open], details.top-menu[open]";
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(menus)) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(menus)) if (!menu.contains(event.target)) menu.open = false;
});

// The reader's time zone, so that the next page tells times in it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const secure = location.protocol === "https:";
const cookie = `${secure ? "__Host-zone" : "zone"}=${zone}`;
if (zone && !document.cookie.split("; ").includes(cookie)) {
  document.cookie = `${cookie}; Path=/; Max-Age=31536000; SameSite=Lax${secure ? "; Secure" : ""}`;
}

// Live parts (htmx): rest while nobody looks; when the page no longer holds the part, as after the end of a
// session, show the page that came instead.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden) event.preventDefault();
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  if (ctx.swap === "none" || tasks.some((task) => task.fragment.childElementCount)) return;
  event.preventDefault();
  location.reload();
});
