/* The pages in the popup. Hands what happened to the window that opened this one, waits until the chat has confirmed
   (or until an account has to be chosen, which the same address then asks), and closes. The message goes to one origin only, the one the assistant registered; it never carries a token. */
"use strict";

const SILENT_AFTER_MS = 20000;
const POLL_MS = 700;

function tell() {
  const element = document.getElementById("valetkey-message");
  if (!element) return true;
  if (!window.opener || window.opener.closed) return false;
  window.opener.postMessage(JSON.parse(element.textContent), element.dataset.targetOrigin);
  return true;
}

function show(name) {
  const waiting = document.querySelector("[data-waiting]");
  waiting.hidden = name !== "waiting";
  for (const element of document.querySelectorAll("[data-case]")) element.hidden = element.dataset.case !== name;
}

async function settled(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) return answer.status === 410 || answer.status === 404;
    return !["authorized", "consented", "waiting"].includes((await answer.json()).status);
  } catch {
    return false;                                        // the network came and went: ask again
  }
}

async function wait(element) {
  const started = Date.now();
  while (!(await settled(element.dataset.waiting))) {
    if (Date.now() - started > SILENT_AFTER_MS) show("silent");
    await new Promise((go) => setTimeout(go, POLL_MS));
  }
  location.replace(element.dataset.then);                // the same address now shows how it ended
}

/* Not named `close`: a function of a classic script would take the place of window.close. */
function shut() {
  window.close();
  for (const hint of document.querySelectorAll("[data-closed]")) hint.hidden = false;   // a tab the person opened stays
}

function closing() {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.hidden = false;
    button.addEventListener("click", shut);
  }
  for (const hint of document.querySelectorAll("[data-closed]")) hint.hidden = true;
  const self = document.querySelector("[data-autoclose]");
  if (!self || !window.opener) return;
  self.hidden = false;
  const timer = setTimeout(shut, Number(self.dataset.autoclose) * 1000);
  self.querySelector("[data-keep]").addEventListener("click", () => { clearTimeout(timer); self.hidden = true; });
}

/* A form that may be sent once: a second press would show a refusal in the place of the answer to the first. */
function once() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (event.submitter?.formMethod === "dialog") return;            // Enter on a field, which sends nothing
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", (event) => {       // back from the cache of the browser: it may be sent again
    if (event.persisted) for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
  });
}

closing();
once();
const told = tell();
const waiting = document.querySelector("[data-waiting]");
if (waiting && !told) show("alone");
else if (waiting) wait(waiting);
