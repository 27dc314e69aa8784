// Copy buttons, printing and closing notices. The buttons are hidden until this script says they work.
"use strict";
(() => {
  const SHOWN_MS = 1500;
  if (navigator.clipboard) for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
  for (const button of document.querySelectorAll("button[data-print], button[data-dismiss]")) button.hidden = false;

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.print !== undefined) print();
    if (button.dataset.dismiss !== undefined) button.closest(".toast").remove();
    if (button.dataset.copy === undefined) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const use = button.querySelector("use");
    const before = use.getAttribute("href");
    use.setAttribute("href", before.replace(/#.*/, "#icon-good"));
    button.classList.add("done");
    setTimeout(() => { use.setAttribute("href", before); button.classList.remove("done"); }, SHOWN_MS);
  });
})();
