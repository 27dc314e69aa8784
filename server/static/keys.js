// The keyboard: "/" to the search field, j and k along the rows, Enter opens, Esc goes back; and a scanner anywhere.
//
// A scanner is a keyboard that types fast: at least eight characters with no pause longer than 50 ms, closed by Enter or
// Tab, while no field has the focus, is taken for a scan and searched for. The group separator (Ctrl+]) is kept as
// U+001D, since the server needs it to tell the elements apart. In a field the scanner types into that field, as people
// expect.
"use strict";
(() => {
  const PAUSE_MS = 50;
  const SCAN_CHARACTERS_MIN = 8;
  const GROUP_SEPARATOR = "\u001d";
  const SINGLE_KEY_DELAY_MS = 60;

  let typed = "";
  let typedAt = 0;
  let waiting = 0;

  const isField = (element) => element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName));
  const rows = () => [...document.querySelectorAll("tr[data-href]")];

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (isField(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    clearTimeout(waiting);
    if (takeScan(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // A lone letter acts only when no second one follows at once: then it was a person, not a scanner.
    if (event.key === "j" || event.key === "k") {
      const step = event.key === "j" ? 1 : -1;
      if (event.repeat) moveRow(step);
      else waiting = setTimeout(() => moveRow(step), SINGLE_KEY_DELAY_MS);
    } else if (event.key === "/") {
      event.preventDefault();
      const field = document.getElementById("q");
      waiting = setTimeout(() => { if (field) { field.focus(); field.select(); } }, SINGLE_KEY_DELAY_MS);
    } else if (event.key === "Enter") {
      const row = document.querySelector("tr.current");
      if (row && !event.target.closest("a, button, summary")) location.href = row.dataset.href;
    } else if (event.key === "Escape") {
      goBack();
    }
  });

  function takeScan(event) {
    // A held key repeats faster than people type, but no scanner repeats keys.
    if (event.repeat) { typed = ""; return false; }
    const now = event.timeStamp;
    if (now - typedAt > PAUSE_MS) typed = "";
    if ((event.key === "Enter" || event.key === "Tab") && typed.length >= SCAN_CHARACTERS_MIN) {
      event.preventDefault();
      location.href = `/search?q=${encodeURIComponent(typed)}`;
      return true;
    }
    const separator = event.ctrlKey && (event.key === "]" || event.key === "5");
    if (separator || event.key === GROUP_SEPARATOR || event.key === "F8") typed += GROUP_SEPARATOR;
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) typed += event.key;
    else if (event.key !== "Shift" && event.key !== "CapsLock" && event.key !== "AltGraph") return false;
    typedAt = now;
    return typed.length > 1;
  }

  function moveRow(step) {
    const all = rows();
    if (all.length === 0) return;
    const at = all.findIndex((row) => row.classList.contains("current"));
    const next = Math.min(Math.max(at + step, 0), all.length - 1);
    if (at >= 0) all[at].classList.remove("current");
    all[next].classList.add("current");
    all[next].querySelector("a")?.focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
  }

  function goBack() {
    const open = document.querySelector("details.menu[open], details.filter-more[open]");
    if (open) { open.open = false; return; }
    const back = document.querySelector("a[data-back]");
    if (back) location.href = back.href;
  }

  // A click anywhere in a row opens it, unless it meant something else: a link, a button, selected text.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open], details.filter-more[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, select, label, summary")) return;
    if (String(getSelection()).length > 0) return;
    if (event.metaKey || event.ctrlKey) open(row.dataset.href);
    else location.href = row.dataset.href;
  });

  // Demo accounts fill the sign-in form.
  for (const row of document.querySelectorAll("tr[data-demo]")) {
    row.classList.add("usable");
    row.addEventListener("click", () => {
      const cells = row.querySelectorAll(".code");
      ["tenant", "user", "password"].forEach((name, index) => {
        const field = document.getElementById(name);
        if (field) field.value = cells[index].textContent;
      });
    });
  }
})();
