// Jobs that report, keys of the criterion page, boxes. Everything works without this file; saving.js stands before it.
"use strict";

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
  const key = `[data-key="${CSS.escape(event.key.toLowerCase())}"]`;
  const scope = scopeOf(event.target);
  const target = scope?.querySelector(key) ?? document.querySelector(key);
  if (!target || target.disabled || target.getAttribute("aria-disabled") === "true") return undefined;
  event.preventDefault();
  target.focus();
  target.click();
  if (scope?.contains(target)) goOn(scope);
  return undefined;
}

// data-keys-scope: several questions on one page. A key answers the one in focus, or else the first that is open,
// and then the next one has the focus.
const scopes = () => [...document.querySelectorAll("[data-keys-scope]")];
const isOpen = (scope) => scope.querySelector("[data-waiting]") || !scope.querySelector("input[type=radio]:checked:not([value=''])");

function scopeOf(element) {
  return element.closest("[data-keys-scope]") ?? scopes().find(isOpen) ?? scopes()[0];
}

function goOn(scope) {
  const all = scopes();
  const next = all[all.indexOf(scope) + 1];
  (next?.querySelector("input[type=radio]:checked") ?? next?.querySelector("input[type=radio]"))?.focus();
}

// ---- Boxes --------------------------------------------------------------------------------------------------
// <form data-checks>: the box with data-checks-all checks all others, or none.

function boxed(event) {
  const form = event.target.closest?.("form[data-checks]");
  if (!form) return;
  const all = form.querySelector("[data-checks-all]");
  const boxes = [...form.querySelectorAll("input[type=checkbox][name]")];
  if (event.target === all) boxes.forEach((box) => (box.checked = all.checked));
  const checked = boxes.filter((box) => box.checked).length;
  all.checked = checked === boxes.length;
  all.indeterminate = checked > 0 && checked < boxes.length;
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
document.addEventListener("change", boxed);
document.addEventListener("click", followed);
document.addEventListener("auxclick", followed);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
start(document);
