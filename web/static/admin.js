/* Admin pages. Says how many rows are selected and offers "select all on this page"; keeps the steps of a connector's form to the
   tools and settings that are chosen. Without script rows are ticked one by one and the button says "the selected", and a button
   shows the steps anew; everything else is page.js. */
"use strict";

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;

function selecting(form) {
  const boxes = [...form.querySelectorAll('input[name="grant"]')];
  const all = [...form.querySelectorAll("[data-pick-all]")];
  const said = form.querySelector("[data-picked]");
  const action = form.querySelector("[data-picked-action]");
  if (!boxes.length || !said) return;
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    said.textContent = count === 1 ? "1 grant is selected." : `${count} grants are selected.`;
    action.textContent = `Revoke ${count}…`;
    for (const box of all) {
      box.checked = count === boxes.length;
      box.indeterminate = count > 0 && count < boxes.length;
    }
  };
  for (const box of boxes) box.addEventListener("change", tell);
  for (const one of all) {
    one.addEventListener("change", () => {
      for (const box of boxes) box.checked = one.checked;
      tell();
    });
  }
  tell();
}

document.querySelectorAll('form[action="/admin/grants/revoke"]').forEach(selecting);

/* What follows from a form's choices is made where the page is made: the form is sent as for "show", nothing is saved, and the
   parts marked data-follows are taken from the answer. Secrets stay here. */
function following(form) {
  let asked = null;
  let timer = 0;
  const follow = async () => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const fields = new FormData(form);
    for (const secret of form.querySelectorAll('input[type="password"]')) fields.delete(secret.name);
    fields.set("show", "yes");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), signal });
      if (!answer.ok) return;
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-follows]")) {
        const fresh = made.getElementById(part.id);
        if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
      }
    } catch { /* a newer choice took its place, or the service is away: saving will tell */ }
  };
  form.addEventListener("change", (event) => {
    if (event.target.name !== "tools" && !event.target.name.startsWith("config.")) return;
    clearTimeout(timer);
    timer = setTimeout(follow, 150);
  });
}

document.querySelectorAll("form[data-draft]").forEach(following);
