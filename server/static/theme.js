// Theme switch and clock. Runs in the head so that the first paint has the right theme; without it the server's
// data-theme attribute holds and the switch posts to /theme.
"use strict";
(() => {
  const root = document.documentElement;
  const chosen = /(?:^|; )pt_theme=(system|light|dark)(?:;|$)/.exec(document.cookie);
  if (chosen) root.dataset.theme = chosen[1];

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".theme-switch button");
    if (!button) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `pt_theme=${button.value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    root.dataset.theme = button.value;
    for (const other of button.parentElement.querySelectorAll("button")) {
      if (other === button) other.setAttribute("aria-pressed", "true");
      else other.removeAttribute("aria-pressed");
    }
  });

  // The clock goes on from the server's time, so a wrong clock on this machine changes nothing.
  document.addEventListener("DOMContentLoaded", () => {
    const clock = document.querySelector(".top-clock time");
    if (!clock) return;
    const offset = /^([+-])(\d\d):(\d\d)$/.exec(clock.querySelector(".moment-offset").textContent);
    if (!offset) return;
    const minutes = (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
    const start = Date.parse(clock.dateTime);
    const since = performance.now();
    setInterval(() => {
      const now = new Date(start + performance.now() - since);
      const local = new Date(now.getTime() + minutes * 60000).toISOString();
      clock.dateTime = now.toISOString();
      clock.querySelector(".moment-date").textContent = local.slice(0, 10);
      clock.querySelector(".moment-time").textContent = local.slice(11, 16);
      clock.title = `${now.toISOString().slice(0, 19)}Z (UTC)`;
    }, 15000);
  });
})();
