// Saving while people type, jobs that report, keys of the criterion page. Everything works without this file.
"use strict";

const tokenOf = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
const lineOf = (state) => document.getElementById(`save-${state}`).content.cloneNode(true);

// ---- Saving -------------------------------------------------------------------------------------------------
// <form data-autosave method="post" action="…"> with <input type="hidden" name="rev"> and a
// <p role="status" data-save-line>. The server answers 200 with the new row version in the header Sekisho-Rev,
// 409 with JSON {rev, who, values: {name: text}}, or 4xx with JSON {title} that says why not.

class Autosave {
  constructor(form) {
    this.form = form;
    this.line = form.querySelector("[data-save-line]");
    this.key = `unsaved:${form.action}`;
    this.sent = this.read();
    this.wait = 0;
    this.delay = 2000;
    this.saving = false;
    this.conflicting = false;
    form.querySelectorAll("[data-without-script]").forEach((element) => (element.hidden = true));
    form.addEventListener("input", (event) => this.typed(event));
    form.addEventListener("change", (event) => this.changed(event));
    form.addEventListener("focusout", () => this.save());
    form.addEventListener("compositionend", () => this.later(600));
    form.addEventListener("submit", (event) => this.submitted(event));
    form.addEventListener("click", (event) => event.target.closest("[data-retry]") && this.save());
    window.addEventListener("online", () => this.save());
    document.addEventListener("visibilitychange", () => document.hidden && this.save());
    this.restore();
  }

  read() {
    const data = new FormData(this.form);
    data.delete("csrfmiddlewaretoken");
    data.delete("rev");
    return new URLSearchParams(data).toString();
  }

  get rev() {
    return this.form.elements.rev;
  }

  keep() {
    try {
      sessionStorage.setItem(this.key, JSON.stringify({ rev: this.rev?.value, data: this.read() }));
    } catch {
      // A full or forbidden store takes nothing away: the text still stands in the page.
    }
  }

  // Text that was not saved before the page was left: put it back and send it, with the version it was based on.
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "null");
    if (!kept || kept.data === this.sent) return sessionStorage.removeItem(this.key);
    for (const [name, value] of new URLSearchParams(kept.data)) this.fill(name, value);
    if (this.rev && kept.rev !== undefined) this.rev.value = kept.rev;
    this.save();
  }

  fill(name, value) {
    const field = this.form.elements[name];
    if (field?.type === "checkbox") field.checked = field.value === value;
    else if (field) field.value = value;
  }

  typed(event) {
    this.keep();
    if (!event.isComposing && event.target.matches("textarea, input:not([type=radio], [type=checkbox])")) this.later(600);
  }

  changed(event) {
    if (!event.target.matches("input[type=radio], input[type=checkbox], select")) return;
    this.keep();
    this.save();
  }

  later(milliseconds) {
    clearTimeout(this.wait);
    this.wait = setTimeout(() => this.save(), milliseconds);
  }

  submitted(event) {
    if (event.submitter?.hasAttribute("data-leave")) return; // a button that goes on submits as usual
    event.preventDefault();
    this.save();
  }

  async save() {
    clearTimeout(this.wait);
    const data = this.read();
    if (this.saving || this.conflicting || data === this.sent) return;
    this.saving = true;
    this.say("saving");
    const body = new URLSearchParams(data);
    if (this.rev) body.set("rev", this.rev.value);
    const headers = { "X-CSRFToken": tokenOf(), "X-Autosave": "1", Accept: "application/json" };
    let response = null;
    try {
      const keepalive = data.length < 60000;
      response = await fetch(this.form.action, { method: "POST", body, headers, redirect: "manual", keepalive });
    } catch {
      response = null;
    }
    this.saving = false;
    await this.answered(response, data);
  }

  async answered(response, data) {
    if (response?.ok) return this.done(response, data);
    this.keep();
    if (response && (response.type === "opaqueredirect" || response.status === 401)) return this.say("signed-out");
    if (response?.status === 409) return this.conflict(await reasonOf(response));
    if (response && response.status < 500) {
      this.say("refused");
      const { title } = await reasonOf(response);
      this.line.querySelector("[data-reason]").textContent = title ?? response.statusText;
      return undefined;
    }
    this.say("failed");
    this.later(this.delay);
    this.delay = Math.min(this.delay * 2, 60000);
    return undefined;
  }

  done(response, data) {
    this.sent = data;
    this.delay = 2000;
    const rev = response.headers.get("Sekisho-Rev");
    if (rev && this.rev) this.rev.value = rev;
    this.say("saved");
    const now = new Date();
    const time = this.line.querySelector("time");
    time.dateTime = now.toISOString();
    time.textContent = `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
    this.form.dispatchEvent(new CustomEvent("saved", { bubbles: true, detail: { response } }));
    if (this.read() === data) sessionStorage.removeItem(this.key);
    else this.later(600);
  }

  conflict({ rev, who, values }) {
    if (!values) return this.say("failed");
    this.conflicting = true;
    this.say("conflict");
    const names = Object.keys(values);
    const text = names.find((name) => this.form.elements[name]?.matches?.("textarea")) ?? names[0];
    const mine = this.form.elements[text].value;
    this.line.querySelector("[data-yours]").value = mine;
    this.line.querySelector("[data-theirs]").value = values[text];
    this.line.querySelector("[data-who]").textContent = who ?? "";
    this.line.querySelectorAll("[data-keep]").forEach((button) =>
      button.addEventListener("click", () => {
        if (button.dataset.keep === "both") this.fill(text, `${values[text]}\n${mine}`);
        if (this.rev) this.rev.value = rev;
        this.conflicting = false;
        if (button.dataset.keep === "theirs") return this.taken(names, values);
        this.sent = null;
        return this.save();
      }),
    );
    return undefined;
  }

  taken(names, values) {
    names.forEach((name) => this.fill(name, values[name]));
    this.sent = this.read();
    sessionStorage.removeItem(this.key);
    this.line.replaceChildren();
  }

  say(state) {
    this.line.classList.toggle("save-bad", !["saving", "saved", "conflict"].includes(state));
    this.line.replaceChildren(lineOf(state));
    const link = this.line.querySelector("[data-sign-in]");
    if (link) link.href += `?next=${encodeURIComponent(location.pathname + location.search)}`;
  }
}

async function reasonOf(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

// ---- Jobs ---------------------------------------------------------------------------------------------------
// An element with data-poll="url" is replaced by what the URL answers, until the answer has no data-poll.

class Poll {
  constructor(element) {
    this.element = element;
    this.delay = 1000;
    element.dataset.polled = "1";
    document.addEventListener("visibilitychange", () => !document.hidden && this.next(0));
    this.next(this.delay);
  }

  next(delay) {
    clearTimeout(this.timer);
    if (!document.hidden && this.element?.isConnected && this.element.dataset.poll) {
      this.timer = setTimeout(() => this.ask(), delay);
    }
  }

  async ask() {
    const old = this.element;
    this.delay = Math.min(this.delay * 1.4, 15000);
    try {
      const response = await fetch(old.dataset.poll, { headers: { "X-Poll": "1" }, redirect: "manual" });
      if (response.ok) this.swap(old, await response.text());
    } catch {
      // No answer: the state shown stays, and the next try comes later.
    }
    this.next(this.delay);
  }

  swap(old, html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    // A button that has the focus stays until there is something new to say.
    if (!fresh || (old.contains(document.activeElement) && fresh.dataset.state === old.dataset.state)) return;
    if (fresh.textContent !== old.textContent) this.delay = 1000;
    old.replaceWith(fresh);
    fresh.dataset.polled = "1";
    this.element = fresh;
    window.htmx?.process(fresh);
    if (fresh.dataset.state !== old.dataset.state) {
      document.getElementById("announce").textContent = fresh.dataset.says ?? "";
    }
  }
}

// ---- Keys ---------------------------------------------------------------------------------------------------
// data-key="3" on a radio, link or button. Off while a text is being edited, with a modifier, or when switched off
// by <input type="checkbox" data-keys-switch>.

function pressed(event) {
  const typing = event.target.closest("textarea, select, input:not([type=radio], [type=checkbox]), [contenteditable]");
  if (event.key === "Escape" && typing) return typing.blur();
  if (typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  if (localStorage.getItem("keys") === "off" || event.key.length !== 1) return undefined;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target || target.disabled || target.getAttribute("aria-disabled") === "true") return undefined;
  event.preventDefault();
  target.focus();
  return target.click();
}

// ---- Notices ------------------------------------------------------------------------------------------------
// <a data-read="url"> notes that a notice was read when its link is followed, also into a new tab.

function followed(event) {
  const link = event.target.closest?.("a[data-read]");
  if (!link || event.button > 1) return;
  fetch(link.dataset.read, { method: "POST", keepalive: true, headers: { "X-CSRFToken": tokenOf(), "X-Read": "1" } });
}

// ---- Start --------------------------------------------------------------------------------------------------

function start(root) {
  const forms = root.querySelectorAll("form[data-autosave]:not([data-started])");
  for (const form of forms) {
    form.dataset.started = "1";
    new Autosave(form);
  }
  for (const element of root.querySelectorAll("[data-poll]:not([data-polled])")) new Poll(element);
  for (const box of root.querySelectorAll("[data-keys-switch]")) {
    box.checked = localStorage.getItem("keys") !== "off";
    box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
  }
}

document.addEventListener("keydown", pressed);
document.addEventListener("click", followed);
document.addEventListener("auxclick", followed);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
start(document);
