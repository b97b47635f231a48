/* <valetkey-connect>: the card in a chat through which a person connects an account. No dependencies; works as a
   classic script and as a module, under a strict content security policy and under Trusted Types.

   <valetkey-connect src-session="/api/connect" connector="hubspot" tools="hubspot.search_contacts"></valetkey-connect>

   src-session  your endpoint: POST {connector, tools, purpose?, account?, origin} -> {id, url} of a connect session
   src-confirm  your endpoint: POST {session, code}, 2xx once they are confirmed (default: src-session); 409 with
                the code account_required (or none): the person has to choose an account first, and a new code will follow
   connector, tools (by space or comma), purpose, account  passed on        session-id, url  a session that exists already
   provider, assistant, heading, text, risk (read|write|delete), reconnect, portal-url, theme (light|dark)  what is shown
   Slots: logo, and the sentence. Properties: session {id, url}, headers (for your endpoints), labels.
   Events: valetkey:connected {session, grant, answer}, valetkey:denied and valetkey:failed {session, reason}.

   A window opens only on a click. Its message is believed only from that window, from the origin of the session's
   url, and for that session; it carries a one-time code, never a token. */
(() => {
  "use strict";
  if (customElements.get("valetkey-connect")) return;

  const NOTHING = "Nothing was connected.";
  const LATER = `${NOTHING} Try again in a minute; your question is kept.`;
  const LABELS = {
    ask: ["Connect {provider}", "{assistant} needs this to answer. You choose what it may do, and for how long."],
    reconnect: ["Reconnect {provider}", "{provider} ended the connection. What you allowed stays the same."],
    waiting: ["Waiting for you", "Finish in the small window. It closes by itself."],
    choosing: ["One more step", "Choose in the small window which account to use."],
    confirming: ["Almost done", "{assistant} is confirming with {provider}."],
    connected: ["{provider} connected", ""],
    declined: ["Not connected, as you chose.", "Nothing was stored."],
    blocked: ["The window was blocked", "Open the page in a tab instead; the chat goes on when you return."],
    closed: ["The window was closed", NOTHING],
    ended: ["The request has ended", NOTHING],
    provider: ["{provider} did not answer", LATER],
    failed: ["That did not work", LATER],
    as: "as {account}.", small: "Opens a small window. You decide there.",
    notNow: "Not now", review: "Review and connect", again: "Ask me again", retry: "Try again", reopen: "Open it again",
    show: "Show the window again", busy: "Waiting", tab: "Open in a tab", see: "See or stop", redo: "Reconnect",
    read: "Read", write: "Change", delete: "Delete",
  };

  const SHEET = new CSSStyleSheet();
  SHEET.replaceSync(`
    :host { display: block; font: 400 1rem/1.5 var(--valetkey-font, inherit); color: var(--ink);
      --ink: var(--valetkey-ink, light-dark(#10181e, #e9eff2)); --ink-2: var(--valetkey-ink-2, light-dark(#4a5762, #a8b6bf));
      --surface: var(--valetkey-surface, light-dark(#fff, #182127)); --sunken: light-dark(#eef2f4, #1c262d);
      --line: var(--valetkey-line, light-dark(#dce3e7, #2a363e)); --strong: light-dark(#74828d, #748591);
      --accent: var(--valetkey-accent, light-dark(#0b5d74, #74c7dd)); --on-accent: var(--valetkey-on-accent, light-dark(#fff, #05212a));
      --radius: var(--valetkey-radius, 16px); }
    :host([hidden]) { display: none; }
    :host([theme=light]) { color-scheme: light; } :host([theme=dark]) { color-scheme: dark; }
    * { box-sizing: border-box; } p { margin: 0; }
    .card { container-type: inline-size; display: grid; grid-template-columns: 40px minmax(0, 1fr); gap: 12px; padding: 16px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); }
    .title { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 12px; font-weight: 600; }
    .text, .note { font-size: .875rem; line-height: 20px; color: var(--ink-2); }
    .note { font-size: .8125rem; }
    .letter, ::slotted([slot=logo]) { inline-size: 40px; block-size: 40px; border-radius: 10px; }
    .letter { display: grid; place-items: center; background: #30545c; color: #fff; font-weight: 600; font-size: 1.25rem; }
    .foot { grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; }
    .btn { flex: 1 1 auto; display: inline-flex; align-items: center; justify-content: center; gap: 8px; min-block-size: 44px; padding: 6px 12px; border: 1px solid var(--strong); border-radius: 10px; background: var(--surface); color: var(--ink); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
    @container (min-width: 420px) { .btn { flex: 0 0 auto; padding-inline: 16px; } }
    .btn:hover { background: var(--sunken); } .btn:disabled { background: var(--sunken); color: var(--ink-2); border-color: var(--line); cursor: default; }
    .main, .main:hover { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
    .slim { grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; padding: 12px 16px; font-size: .875rem; line-height: 20px; }
    .slim > * { grid-column: auto; } .slim .text { color: inherit; }
    .link { border: 0; padding: 4px 0; background: none; color: var(--accent); font: inherit; text-decoration: underline; text-underline-offset: 3px; cursor: pointer; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    svg { inline-size: 20px; block-size: 20px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
    .ok { color: light-dark(#17683a, #74d19b); } .none { color: var(--ink-2); }
    .mark { display: inline-flex; align-items: center; gap: 6px; font-size: .8125rem; line-height: 20px; }
    .mark svg { fill: currentColor; stroke: none; inline-size: 14px; block-size: 14px; }
    .read { color: light-dark(#3b4f66, #afc2d8); } .write { color: light-dark(#8a4a00, #f0b564); } .delete { color: light-dark(#ab241c, #ff948b); }
    .spin { inline-size: 16px; block-size: 16px; border-radius: 50%; border: 2px solid currentColor; border-inline-end-color: transparent; }
    @media (prefers-reduced-motion: no-preference) { .spin { animation: spin .8s linear infinite; } @keyframes spin { to { rotate: 1turn; } } }`);

  const PATHS = {
    check: "m4 10.5 4 4 8-9", minus: "M4 10h12",
    read: "M10 1a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", write: "M2 2h16v16H2z", delete: "M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z",
  };

  function icon(name, className = "") {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", className);
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
  }

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  class ValetkeyConnect extends HTMLElement {
    static observedAttributes = ["session-id", "url", "provider", "assistant", "heading", "text", "risk", "reconnect", "portal-url"];
    headers = {};
    labels = {};
    #root = this.attachShadow({ mode: "open" });
    // One skeleton for all states, so that a change of the words in it is read out.
    #lead = make("div", {});
    #said = make("div", {});
    #foot = make("div", { className: "foot" });
    #card = make("div", { className: "card" }, this.#lead, this.#said, this.#foot);
    #state = "ask";
    #session = null;
    #origin = null;
    #popup = null;
    #closedAt = 0;
    #watching = 0;
    #account = "";
    #hear = (event) => this.#onMessage(event);

    constructor() {
      super();
      this.#said.setAttribute("role", "status");
      this.#card.setAttribute("role", "group");
      this.#card.setAttribute("part", "card");
      this.#root.adoptedStyleSheets = [SHEET];
      this.#root.append(this.#card);
    }

    connectedCallback() {
      window.addEventListener("message", this.#hear);
      if (["waiting", "choosing"].includes(this.#state)) this.#watch();
      this.#render();
    }

    disconnectedCallback() {
      window.removeEventListener("message", this.#hear);
      clearInterval(this.#watching);
    }

    attributeChangedCallback(name, before, now) {
      if (before === now) return;
      if (name === "session-id" && now) this.#reset();
      if (this.isConnected) this.#render();
    }

    get state() { return this.#state; }

    /** A session that exists already: {id, url}. Setting one begins anew. */
    get session() { return this.#session; }
    set session(session) {
      this.#reset();
      this.#session = session ? { id: session.id, url: session.url } : null;
      this.#render();
    }

    #reset() {
      clearInterval(this.#watching);
      this.#session = this.#popup = this.#origin = null;
      this.#state = "ask";
    }

    /** Opens the window. Call it from a click: browsers block windows that open by themselves. */
    async connect() {
      if (["waiting", "choosing", "confirming"].includes(this.#state)) return;
      // The window first: only what happens on the click itself may open one.
      this.#popup = window.open("about:blank", "valetkey", this.#features());
      this.#to("waiting");
      try {
        const url = await this.#ready();
        if (!this.#popup) return this.#to("blocked");
        this.#popup.location.replace(url);
        this.#watch();
      } catch (error) {
        this.#popup?.close();
        this.#fail(error.reason || "session_refused");
      }
    }

    #features() {
      const [width, height] = [520, 760];
      const left = Math.max(0, window.screenX + (window.outerWidth - width) / 2);
      const top = Math.max(0, window.screenY + (window.outerHeight - height) / 2);
      return `popup,width=${width},height=${height},left=${Math.round(left)},top=${Math.round(top)}`;
    }

    /** The address of the connect page; asks your endpoint for a session where there is none yet. */
    async #ready() {
      if (!this.#session && this.hasAttribute("session-id")) {
        this.#session = { id: this.getAttribute("session-id"), url: this.getAttribute("url") };
      }
      if (!this.#session) {
        const { id, url } = await this.#post(this.getAttribute("src-session"), this.#wish(), "session_refused");
        this.#session = { id, url };
      }
      const url = new URL(this.#session.url, location.href);
      if (!["https:", "http:"].includes(url.protocol)) throw new TypeError("not a web address");
      this.#origin = url.origin;
      return url.href;
    }

    #wish() {
      const wish = { connector: this.getAttribute("connector"), tools: (this.getAttribute("tools") || "").split(/[\s,]+/).filter(Boolean), origin: location.origin };
      for (const name of ["purpose", "account"]) if (this.hasAttribute(name)) wish[name] = this.getAttribute(name);
      return wish;
    }

    async #post(address, body, reason) {
      const answer = await fetch(address, {
        method: "POST", body: JSON.stringify(body),
        headers: { "Content-Type": "application/json", Accept: "application/json", ...this.headers },
      });
      const data = await answer.json().catch(() => ({}));
      if (!answer.ok) throw Object.assign(new Error(reason), { reason: data.code || reason, more: answer.status === 409 && (data.code || "account_required") === "account_required" });
      return data;
    }

    #onMessage(event) {
      if (!this.#session || event.origin !== this.#origin || (this.#popup && event.source !== this.#popup)) return;
      const { type, session, code, reason } = Object(event.data);
      if (session !== this.#session.id || !["waiting", "choosing", "blocked", "closed"].includes(this.#state)) return;
      if (type === "valetkey:authorized" && typeof code === "string") this.#confirm(code);
      else if (type === "valetkey:denied") this.#decline("denied");
      else if (type === "valetkey:failed") this.#fail(reason || "failed");
    }

    async #confirm(code) {
      const session = this.#session.id;
      this.#to("confirming");
      try {
        const answer = await this.#post(this.getAttribute("src-confirm") || this.getAttribute("src-session"), { session, code }, "confirm_refused");
        this.#account = answer.grant?.account?.label || answer.account || "";
        this.#to("connected");
        this.#tell("connected", { session, grant: answer.grant || null, answer });
      } catch (error) {
        if (error.more) this.#choose();
        else this.#fail(error.reason || "confirm_refused");
      }
    }

    /** The window asks for an account now; its next message brings the code to confirm. */
    #choose() {
      this.#to("choosing");
      this.#watch();
    }

    #decline(reason) {
      const session = this.#session?.id || null;
      if (reason === "denied") this.#spent();
      this.#to("declined");
      this.#tell("denied", { session, reason });
    }

    #fail(reason) {
      const session = this.#session?.id || null;
      if (reason !== "closed") this.#spent();
      this.#to({ closed: "closed", session_ended: "ended" }[reason] || (reason.startsWith("provider_") ? "provider" : "failed"));
      this.#tell("failed", { session, reason });
    }

    /** An ended session is of no more use: the next click asks for a new one. */
    #spent() {
      if (!this.hasAttribute("src-session")) return;
      this.#session = null;
      this.removeAttribute("session-id");
      this.removeAttribute("url");
    }

    #tell(name, detail) {
      this.dispatchEvent(new CustomEvent(`valetkey:${name}`, { detail, bubbles: true, composed: true }));
    }

    /** Notices that the window is gone, a little later: its last message may still be on the way. */
    #watch() {
      clearInterval(this.#watching);
      this.#closedAt = 0;
      this.#watching = setInterval(() => {
        if (!["waiting", "choosing"].includes(this.#state)) return clearInterval(this.#watching);
        if (!this.#popup?.closed) return;
        this.#closedAt ||= Date.now();
        if (Date.now() - this.#closedAt > 1500) this.#fail("closed");
      }, 300);
    }

    // ---- what is shown

    #words(text) {
      const provider = this.getAttribute("provider") || (this.getAttribute("connector") || "your account").replace(/^./, (first) => first.toUpperCase());
      const names = { provider, assistant: this.getAttribute("assistant") || "The assistant", account: this.#account };
      return text.replace(/\{(\w+)\}/g, (_, name) => names[name]);
    }

    #label(name) {
      const label = this.labels[name] || LABELS[name];
      return Array.isArray(label) ? label.map((text) => this.#words(text)) : this.#words(label);
    }

    #to(state) {
      this.#state = state;
      this.#render();
    }

    #button(label, action, className = "btn") {
      const button = make("button", { type: "button", className }, this.#label(label));
      button.addEventListener("click", action);
      return button;
    }

    #buttons() {
      const open = () => this.connect();
      switch (this.#state) {
        case "ask": return [this.#button("notNow", () => this.#decline("not_now")), this.#button(this.hasAttribute("reconnect") ? "redo" : "review", open, "btn main"), make("p", { className: "note" }, this.#label("small"))];
        case "waiting":
        case "choosing":
        case "confirming": return [make("button", { type: "button", className: "btn", disabled: true }, make("span", { className: "spin" }), this.#label("busy")), this.#state !== "confirming" ? this.#button("show", () => this.#popup?.focus()) : null];
        case "blocked": return [this.#tab()];
        case "closed": return [this.#button("notNow", () => this.#decline("not_now")), this.#button("reopen", open, "btn main")];
        default: return [this.#button("retry", open, "btn main")];
      }
    }

    #tab() {
      const link = make("a", { className: "btn main", href: this.#session.url, target: "_blank", rel: "opener" }, this.#label("tab"));
      link.addEventListener("click", (event) => {
        const tab = window.open(this.#session.url, "_blank");      // a window we hold can be told from any other
        if (!tab) return;                                          // else the link opens it, and the origin has to do
        event.preventDefault();
        this.#popup = tab;
        this.#to("waiting");
        this.#watch();
      });
      return link;
    }

    #mark() {
      const risk = this.getAttribute("risk");
      return PATHS[risk] && LABELS[risk] ? make("span", { className: `mark ${risk}` }, icon(risk), this.#label(risk)) : null;
    }

    #slim(title, text) {
      const connected = this.#state === "connected";
      const portal = this.getAttribute("portal-url");
      this.#lead.replaceChildren(icon(connected ? "check" : "minus", connected ? "ok" : "none"));
      this.#said.replaceChildren(make("p", { className: "text" }, make("b", {}, title), " ", connected && this.#account ? this.#label("as") : text));
      if (!connected) this.#foot.replaceChildren(this.#button("again", () => this.#to("ask"), "link"));
      else this.#foot.replaceChildren(...(portal ? [make("a", { className: "link", href: portal, target: "_blank", rel: "noopener" }, this.#label("see"))] : []));
    }

    #full(title, text) {
      const asking = this.#state === "ask";
      if (asking) [title, text] = [this.getAttribute("heading") || title, this.getAttribute("text") || text];
      this.#lead.replaceChildren(make("slot", { name: "logo" }, make("span", { className: "letter", ariaHidden: "true" }, this.#words("{provider}")[0])));
      this.#said.replaceChildren(
        make("p", { className: "title" }, make("span", {}, title), asking ? this.#mark() : null),
        make("p", { className: "text" }, asking ? make("slot", {}, text) : text),
      );
      this.#foot.replaceChildren(...this.#buttons().filter(Boolean));
    }

    #render() {
      const state = this.#state === "ask" && this.hasAttribute("reconnect") ? "reconnect" : this.#state;
      const slim = ["connected", "declined"].includes(state);
      const [title, text] = this.#label(state);
      const focused = this.#root.activeElement;
      this.#card.className = slim ? "card slim" : "card";
      this.#card.ariaLabel = title;
      if (slim) this.#slim(title, text);
      else this.#full(title, text);
      if (focused) this.#foot.querySelector("button:not(:disabled), a")?.focus();
    }
  }

  customElements.define("valetkey-connect", ValetkeyConnect);
})();
