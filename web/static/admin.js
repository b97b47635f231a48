/* Admin pages. Says how many rows are selected and offers "select all on this page". Without script rows are ticked one by one
   and the button says "the selected"; everything else is page.js. */
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
