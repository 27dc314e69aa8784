// Follows a job by server-sent events at data-events. Each message is JSON:
// {"label", "done", "total", "per_second", "seconds_left", "ended"}; "ended" true means: go to data-after.
// The browser reconnects by itself; while it does the figures stay as they are.
"use strict";
(() => {
  const thousands = (number) => String(Math.trunc(number)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const UNITS = ["KiB", "MiB", "GiB", "TiB"];
  function bytes(number) {
    if (number < 1024) return `${number} B`;
    let value = number / 1024;
    let unit = 0;
    while (value >= 1024 && unit + 1 < UNITS.length) { value /= 1024; unit += 1; }
    return `${(Math.floor(value * 10) / 10).toFixed(1)} ${UNITS[unit]}`;
  }
  const amount = (number, unit) => (unit === "bytes" ? bytes(number) : `${thousands(number)} ${unit}`);
  // The unit is said once: "1,220,000 of 2,000,000 rows".
  const amountOf = (state, unit) => {
    if (state.total === 0) return amount(state.done, unit);
    return `${unit === "bytes" ? bytes(state.done) : thousands(state.done)} of ${amount(state.total, unit)}`;
  };
  const two = (number) => String(number).padStart(2, "0");
  function duration(seconds) {
    const s = Math.round(seconds);
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.trunc(s / 60)} min ${two(s % 60)} s`;
    if (s < 86400) return `${Math.trunc(s / 3600)} h ${two(Math.trunc((s % 3600) / 60))} min`;
    return `${Math.trunc(s / 86400)} d ${Math.trunc((s % 86400) / 3600)} h`;
  }

  function show(box, state) {
    const unit = box.dataset.unit;
    const bar = box.querySelector("progress");
    const percent = state.total > 0 ? Math.floor((Math.min(state.done, state.total) / state.total) * 100) : null;
    if (state.label) box.querySelector(".progress-label").textContent = state.label;
    if (percent === null) bar.removeAttribute("value"); else bar.value = percent;
    box.querySelector(".progress-percent").textContent = percent === null ? "counting" : `${percent} %`;
    box.querySelector(".progress-amount").textContent = amountOf(state, unit);
    box.querySelector(".progress-rate").textContent = state.per_second > 0 ? `${amount(state.per_second, unit)}/s` : "";
    box.querySelector(".progress-left").textContent = state.seconds_left === null || state.seconds_left === undefined ? "" : `${duration(state.seconds_left)} left`;
  }

  for (const box of document.querySelectorAll(".progress[data-events]")) {
    const events = new EventSource(box.dataset.events);
    events.addEventListener("message", (event) => {
      const state = JSON.parse(event.data);
      show(box, state);
      if (!state.ended) return;
      events.close();
      if (box.dataset.after) location.href = box.dataset.after;
      else location.reload();
    });
  }
})();
