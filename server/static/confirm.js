// Two things about forms. A form marked data-once is sent once: a second press does nothing until the page is left or
// shown again. A form with data-type-word keeps its button shut until the word is typed exactly. The server checks both
// (idempotency key in the form, `typed` field) without this script.
"use strict";
(() => {
  const armed = (form) => form.dataset.typeWord === undefined || form.elements.typed.value === form.dataset.typeWord;

  for (const form of document.querySelectorAll("form[data-type-word]")) {
    const button = form.querySelector("button.danger, button.primary");
    const update = () => { button.disabled = !armed(form); };
    form.elements.typed.addEventListener("input", update);
    update();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.once === undefined || event.defaultPrevented) return;
    if (form.dataset.sent !== undefined || !armed(form)) { event.preventDefault(); return; }
    form.dataset.sent = "";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; form.removeAttribute("aria-busy"); }
  });
})();
