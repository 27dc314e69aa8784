// Resumable upload from the drop zone, in parts, with pause, and continuing after a broken line or a reload.
//
// The contract with the API (the same one every client uses):
//   POST  {resumable}              {"name", "size", "partner"?}, Idempotency-Key -> 201 {"id", "offset"}
//   GET   {resumable}/{id}                                                -> 200 {"id", "offset", "state"}, 404 when gone
//   PATCH {resumable}/{id}         Upload-Offset: n, the part's bytes     -> 204 Upload-Offset: the next offset
//                                                                           409 Upload-Offset: where to go on
//   POST  {resumable}/{id}:complete                                       -> 200 or 202 {"id"}; the id of the first
//                                                                           upload when the same file came before
// The session cookie signs in and X-CSRF-Token carries the form token. Without this script the form posts the file whole.
//
// What was begun is remembered by name, size and date of change, so choosing the same file again goes on where it stopped.
"use strict";
(() => {
  const REMEMBERED = "packtwin.upload.";
  const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
  const zone = document.querySelector(".drop[data-resumable]");
  if (!zone) return;
  const form = zone.querySelector("form");
  const input = form.querySelector("input[type=file]");
  const list = zone.querySelector(".drop-list");
  const csrf = form.elements.csrf.value;
  const base = zone.dataset.resumable;
  const partBytes = Number(zone.dataset.partBytes);
  const bytesMax = Number(zone.dataset.bytesMax);

  input.multiple = true;
  input.required = false;
  form.querySelector("button").hidden = true;
  input.addEventListener("change", () => { take(input.files); input.value = ""; });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
  // A file dropped beside the zone must not replace the page.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
  showUnfinished();

  function take(files) { for (const file of files) new Transfer(file).start(); }

  const keyOf = (file) => `${REMEMBERED}${file.name}|${file.size}|${file.lastModified}`;
  const amountOf = (number) => `${(number / 1048576).toFixed(1)} MiB`;

  class Transfer {
    constructor(file) {
      this.file = file;
      this.key = keyOf(file);
      this.partner = form.elements.partner?.value.trim();
      this.isPaused = false;
      this.isSending = false;
      this.line = new Line(file.name, file.size, () => this.togglePause());
    }

    async start() {
      if (this.file.size === 0) return this.line.refuse("The file is empty. Nothing was sent.");
      if (this.file.size > bytesMax) return this.line.refuse(`The file is larger than ${amountOf(bytesMax)}. Split it by lot and upload the parts.`);
      forget(`unfinished:${this.key}`);
      try {
        const begun = await this.begin();
        this.id = begun.id;
        this.offset = begun.offset;
        this.began = { at: performance.now(), offset: begun.offset };
        await this.sendParts();
      } catch (refusal) {
        this.line.refuse(refusal.message);
      }
    }

    async begin() {
      const known = recall(this.key);
      if (known) {
        const answer = await this.call("GET", `${base}/${encodeURIComponent(known)}`);
        if (answer.ok) return answer.json();
        localStorage.removeItem(this.key);
      }
      const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}` };
      const answer = await this.call("POST", base, JSON.stringify({ name: this.file.name, size: this.file.size, ...this.partner && { partner: this.partner } }), headers);
      if (!answer.ok) throw await refusalOf(answer);
      const begun = await answer.json();
      remember(this.key, begun.id);
      return { id: begun.id, offset: begun.offset ?? 0 };
    }

    async sendParts() {
      // Going on while the last part before the pause is still under way must not start a second loop.
      if (this.isSending) return;
      this.isSending = true;
      try { await this.sendUntilPaused(); } finally { this.isSending = false; }
    }

    async sendUntilPaused() {
      while (this.offset < this.file.size) {
        if (this.isPaused) return;
        const part = this.file.slice(this.offset, this.offset + partBytes);
        const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(this.offset) };
        const answer = await this.call("PATCH", `${base}/${encodeURIComponent(this.id)}`, part, headers);
        const next = Number(answer.headers.get("Upload-Offset") ?? NaN);
        if (!answer.ok && answer.status !== 409) throw await refusalOf(answer);
        if (answer.status === 409 && Number.isNaN(next)) throw await refusalOf(answer);
        this.offset = Number.isNaN(next) ? this.offset + part.size : next;
        this.report();
      }
      const answer = await this.call("POST", `${base}/${encodeURIComponent(this.id)}:complete`, "", { "Idempotency-Key": `complete-${this.id}` });
      if (!answer.ok) throw await refusalOf(answer);
      localStorage.removeItem(this.key);
      const done = await answer.json();
      this.line.finish(`/uploads/${encodeURIComponent(done.id ?? this.id)}`);
    }

    // A broken line is waited for; the server says afterwards how far it came.
    async call(method, href, body, headers = {}) {
      for (let attempt = 0; ; attempt += 1) {
        try {
          const answer = await fetch(href, { method, body, headers: { ...headers, Accept: "application/json", "X-CSRF-Token": csrf }, credentials: "same-origin" });
          if (answer.status < 500 && answer.status !== 429) return answer;
          if (attempt + 1 >= RETRY_MS.length) return answer;
        } catch (broken) {
          this.line.say("The connection broke. Nothing is lost; trying again.");
        }
        await new Promise((wake) => setTimeout(wake, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
      }
    }

    report() {
      const seconds = (performance.now() - this.began.at) / 1000;
      const rate = seconds > 0 ? (this.offset - this.began.offset) / seconds : 0;
      this.line.show(this.offset, this.isPaused ? 0 : rate);
    }

    togglePause() {
      this.isPaused = !this.isPaused;
      this.line.pause(this.isPaused);
      if (!this.isPaused) {
        this.began = { at: performance.now(), offset: this.offset };
        this.sendParts().catch((refusal) => this.line.refuse(refusal.message));
      }
    }
  }

  // One line beneath the drop zone: name, bar, figures, pause.
  class Line {
    constructor(name, size, onPause) {
      this.size = size;
      this.box = element("div", "drop-file");
      this.name = element("bdi", "", name);
      this.button = element("button", "button secondary", "Pause");
      this.button.type = "button";
      this.button.addEventListener("click", onPause);
      this.bar = element("progress", "");
      this.bar.max = 100;
      this.bar.value = 0;
      this.bar.setAttribute("aria-label", `Upload of ${name}`);
      this.said = element("span", "quiet drop-said", `0 of ${amountOf(size)}`);
      const left = element("div", "progress");
      left.append(this.name, this.bar, this.said);
      this.box.append(left, this.button);
      list.append(this.box);
    }

    show(offset, rate) {
      const paused = this.name.dataset.state === "paused" ? "Paused at " : "";
      const left = rate > 0 ? `, ${Math.ceil((this.size - offset) / rate)} s left` : "";
      this.bar.value = Math.floor((offset / this.size) * 100);
      this.say(`${paused}${amountOf(offset)} of ${amountOf(this.size)}${rate > 0 ? `, ${amountOf(rate)}/s` : ""}${left}`);
    }

    say(text) { this.said.textContent = text; }
    pause(isPaused) {
      this.button.textContent = isPaused ? "Go on" : "Pause";
      this.name.dataset.state = isPaused ? "paused" : "";
    }

    refuse(text) {
      this.button.remove();
      this.bar.remove();
      this.said.className = "field-error drop-said";
      this.said.textContent = text;
    }

    finish(href) {
      this.button.remove();
      this.bar.value = 100;
      this.said.textContent = "Received. ";
      const link = element("a", "", "See the check");
      link.href = href;
      this.said.append(link);
      if (list.querySelectorAll("button").length === 0 && list.children.length === 1) location.href = href;
    }
  }

  function showUnfinished() {
    for (let index = 0; index < localStorage.length; index += 1) {
      const key = localStorage.key(index);
      if (!key.startsWith(REMEMBERED)) continue;
      const name = key.slice(REMEMBERED.length).split("|")[0];
      const box = element("div", "drop-file");
      box.dataset.unfinished = key;
      const text = element("span", "", "");
      text.append(element("bdi", "", name), element("span", "quiet", " stopped half-way. Choose the same file to go on; nothing is lost."));
      const button = element("button", "button secondary", "Forget it");
      button.type = "button";
      button.addEventListener("click", () => { localStorage.removeItem(key); box.remove(); });
      box.append(text, button);
      list.append(box);
    }
  }

  function forget(mark) {
    for (const box of list.querySelectorAll("[data-unfinished]")) if (`unfinished:${box.dataset.unfinished}` === mark) box.remove();
  }

  function remember(key, id) { try { localStorage.setItem(key, id); } catch (full) { /* Only the resume after a reload is lost. */ } }
  function recall(key) { try { return localStorage.getItem(key); } catch (shut) { return null; } }

  async function refusalOf(answer) {
    const problem = await answer.json().catch(() => null);
    const code = problem?.code ? ` (${problem.code})` : "";
    return new Error(problem?.detail ? `${problem.detail}${code}` : `The site answered ${answer.status}. Try again; nothing was stored twice.`);
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }
})();
