// Saving while people type, so that nothing is lost: failures, expired sessions, conflicts, input methods.
// <form data-autosave method="post" action="…"> with <input type="hidden" name="rev"> and a
// <p role="status" data-save-line>. The server answers 2xx with the new row version in the header Sekisho-Rev,
// 409 with JSON {rev, who, values: {name: text}}, or 4xx with JSON {title} that says why not.
// data-waiting on the form: what stands there was said last time, and choosing it again confirms it.
"use strict";

const tokenOf = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
const lineOf = (state) => document.getElementById(`save-${state}`).content.cloneNode(true);
const savers = new Set();

class Autosave {
  constructor(form) {
    this.form = form;
    this.line = form.querySelector("[data-save-line]");
    this.key = `unsaved:${form.action}`;
    this.sent = this.read();
    this.wait = 0;
    this.delay = 2000;
    this.saving = null;
    this.stopped = false; // by a conflict, or by a session that ended: until the person acts
    this.composing = false;
    savers.add(this);
    form.querySelectorAll("[data-without-script]").forEach((element) => (element.hidden = true));
    form.addEventListener("input", (event) => this.typed(event));
    form.addEventListener("change", (event) => this.changed(event));
    form.addEventListener("click", (event) => this.clicked(event));
    form.addEventListener("keydown", (event) => this.entered(event));
    form.addEventListener("focusout", (event) => this.isOurs(event) && this.save());
    form.addEventListener("compositionstart", () => (this.composing = true));
    form.addEventListener("compositionend", () => this.composed());
    form.addEventListener("submit", (event) => this.submitted(event));
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

  // The line's own fields, such as those for signing in, are not what is saved.
  isOurs(event) {
    return !this.line?.contains(event.target);
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
    return this.save();
  }

  fill(name, value) {
    const field = this.form.elements[name];
    if (field?.type === "checkbox") field.checked = field.value === value;
    else if (field) field.value = value;
  }

  typed(event) {
    if (!this.isOurs(event)) return;
    this.keep();
    const text = event.target.matches("textarea, input:not([type=radio], [type=checkbox])");
    if (text && !event.isComposing && !this.composing) this.later(600);
  }

  changed(event) {
    if (!this.isOurs(event) || !event.target.matches("input[type=radio], input[type=checkbox], select")) return;
    this.keep();
    this.save();
  }

  composed() {
    this.composing = false;
    this.keep();
    this.later(600);
  }

  clicked(event) {
    if (event.target.closest("[data-retry]")) this.retry();
    if (event.target.closest("[data-sign-in-here]")) this.signIn();
    if (this.form.hasAttribute("data-waiting") && event.target.matches("input[type=radio]")) {
      this.form.removeAttribute("data-waiting");
      this.sent = null;
      this.save();
    }
  }

  entered(event) {
    if (event.key !== "Enter" || this.isOurs(event) || !event.target.matches("input")) return;
    event.preventDefault();
    this.signIn();
  }

  later(milliseconds) {
    clearTimeout(this.wait);
    this.wait = setTimeout(() => this.save(), milliseconds);
  }

  // A button that goes on submits as usual, once what was typed is saved.
  async submitted(event) {
    const leave = event.submitter?.hasAttribute("data-leave") && event.submitter;
    if (leave && this.leaving) return;
    event.preventDefault();
    const done = await this.flush();
    if (!leave || !done) return;
    this.leaving = true;
    this.form.requestSubmit(leave);
  }

  async flush() {
    this.composing = false;
    await this.saving;
    await this.save();
    return this.read() === this.sent;
  }

  retry() {
    this.stopped = false;
    return this.save();
  }

  save() {
    clearTimeout(this.wait);
    const data = this.read();
    if (this.saving || this.stopped || this.composing || data === this.sent) return this.saving ?? Promise.resolve();
    this.saving = this.send(data).finally(() => (this.saving = null));
    return this.saving;
  }

  async send(data) {
    this.say("saving");
    let response = await this.post(data);
    if (response?.status === 403 && !isJson(response) && (await renewToken())) response = await this.post(data);
    await this.answered(response, data);
  }

  async post(data) {
    const body = new URLSearchParams(data);
    if (this.rev) body.set("rev", this.rev.value);
    const headers = { "X-CSRFToken": tokenOf(), "X-Autosave": "1", Accept: "application/json" };
    const keepalive = data.length < 60000;
    try {
      return await fetch(this.form.action, { method: "POST", body, headers, redirect: "manual", keepalive });
    } catch {
      return null;
    }
  }

  async answered(response, data) {
    if (response?.ok) return this.done(response, data);
    this.keep();
    if (response && (response.type === "opaqueredirect" || response.status === 401)) return this.signedOut();
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
    this.stopped = true;
    this.say("conflict");
    const names = Object.keys(values);
    const text = names.find((name) => this.form.elements[name]?.matches?.("textarea")) ?? names[0];
    const field = this.form.elements[text];
    this.line.querySelector("[data-yours]").value = field.value;
    this.line.querySelector("[data-theirs]").value = values[text];
    this.line.querySelector("[data-who]").textContent = who ?? "";
    this.line.querySelectorAll("[data-keep]").forEach((button) =>
      button.addEventListener("click", () => {
        if (button.dataset.keep === "both") this.fill(text, `${values[text]}\n${field.value}`);
        if (this.rev) this.rev.value = rev;
        this.stopped = false;
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

  // ---- A session that ended: sign in within the line, and send again ----

  signedOut(reason = "") {
    this.stopped = true;
    this.say("signed-out");
    this.line.querySelector("[data-reason]").textContent = reason;
  }

  async signIn() {
    const [login, password] = ["login", "password"].map((name) => this.line.querySelector(`[data-${name}]`)?.value);
    if (!login || !password) return;
    const { failed } = this.line.querySelector("[data-sign-in-here]").dataset;
    const { other } = this.line.querySelector("[data-sign-in-here]").dataset;
    if (!(await signInHere(this.line.querySelector("[data-sign-in]").href, login, password))) return this.signedOut(failed);
    const renewed = await renewToken();
    if (renewed === "other") return this.signedOut(other);
    for (const saver of savers) if (saver.form.isConnected) saver.retry();
    return undefined;
  }

  say(state) {
    this.line.classList.toggle("save-bad", !["saving", "saved", "conflict"].includes(state));
    this.line.replaceChildren(lineOf(state));
    const link = this.line.querySelector("[data-sign-in]");
    if (link) link.href = `${link.pathname}?next=${encodeURIComponent(location.pathname + location.search)}`;
  }
}

const isJson = (response) => (response.headers.get("Content-Type") ?? "").includes("json");

async function reasonOf(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

async function pageOf(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  return { response, page: new DOMParser().parseFromString(await response.text(), "text/html") };
}

// The token of a form changes when one signs in, here or in another tab. "other": it is somebody else's session.
async function renewToken() {
  try {
    const { page } = await pageOf(location.href);
    const token = page.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!token || page.body.dataset.me !== document.body.dataset.me) return page.body.dataset.me ? "other" : "";
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => (field.value = token));
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
    return "renewed";
  } catch {
    return "";
  }
}

async function signInHere(url, login, password) {
  try {
    const { response, page } = await pageOf(url);
    if (response.redirected && page.body.dataset.me) return true; // another tab was faster
    const csrfmiddlewaretoken = page.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const body = new URLSearchParams({ csrfmiddlewaretoken, login, password });
    const answer = await fetch(url, { method: "POST", body, redirect: "manual" });
    return answer.type === "opaqueredirect";
  } catch {
    return false;
  }
}
