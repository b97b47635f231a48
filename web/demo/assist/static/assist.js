// The chat with script: forms are sent in place and answers appear below. Without it every form is a page of its own.
const log = document.getElementById("log");
const composer = document.getElementById("composer");
const box = document.getElementById("say");

function show(html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  document.querySelectorAll("#welcome, [data-sent]").forEach((stale) => stale.remove());
  for (const message of [...fresh.content.children]) {
    const old = document.getElementById(message.id);
    if (!old) { log.append(message); continue; }
    const held = old.contains(document.activeElement);   // the card that was pressed is about to go
    old.replaceWith(message);
    if (held) message.focus({ preventScroll: true });
  }
}

function bubble(kind, ...parts) {
  const message = document.createElement("div");
  message.className = `msg msg--${kind}`;
  const text = document.createElement("p");
  text.append(...parts);
  message.append(text);
  log.append(message);
  return message;
}

function busy() {
  const wheel = Object.assign(document.createElement("span"), { className: "spin" });
  const message = bubble("bot", wheel, "Looking");
  message.firstChild.className = "busy";
  return message;
}

// Posts a form's fields and shows the messages that come back.
async function send(address, fields, near) {
  const waiting = busy();
  waiting.scrollIntoView({ block: "nearest" });
  try {
    const answer = await fetch(address, { method: "POST", headers: { "X-Fragment": "1" }, body: new URLSearchParams(fields) });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    waiting.remove();
    show(html);
  } catch {
    waiting.remove();
    bubble("bot", "I did not get that: this page and I lost each other. Load the page again.");
  }
  (near && document.getElementById(near) || log.lastElementChild)?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const address = event.submitter?.getAttribute("formaction") || form.getAttribute("action");
  if (address === "/sign-in" || address.endsWith("/tab")) return;
  event.preventDefault();
  const fields = new FormData(form, event.submitter);
  if (address === "/say") {
    document.getElementById("welcome")?.remove();
    bubble("user", fields.get("text")).dataset.sent = "";   // until the server's own arrives
    if (form === composer) form.reset();
  }
  send(address, fields, form.closest(".msg")?.id);
});

// The widget tells how it went; what is true is what Valetkey told our server.
for (const [name, address] of [["connected", "go-on"], ["denied", "no"]]) {
  log.addEventListener(`valetkey:${name}`, (event) => {
    const ask = event.target.dataset.ask;
    if (ask) send(`/asks/${ask}/${address}`, {}, event.target.closest(".msg")?.id);
  });
}

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.who[open]")) if (!open.contains(event.target)) open.open = false;
});
