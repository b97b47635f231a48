/* Every page. Writes times in the reader's own zone (the forms of web/pages/times.py, twin by twin), copies values,
   prints, and hides what only makes sense without script. Everything works without it. */
"use strict";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const hours = (date) => String(date.getHours()).padStart(2, "0") + ":" + String(date.getMinutes()).padStart(2, "0");
const dated = (date, year) => `${date.getDate()} ${MONTHS[date.getMonth()]}${year ? " " + date.getFullYear() : ""}`;

const FORMS = {
  day(date, now) {
    const away = Math.round((midnight(date) - midnight(now)) / 86400000);
    return { "0": "today", "-1": "yesterday", "1": "tomorrow" }[away] || dated(date, date.getFullYear() !== now.getFullYear());
  },
  when: (date, now) => `${FORMS.day(date, now)}, ${hours(date)}`,
  on: (date, now) => FORMS.when(date, now).replace(/^(?=\d)/, "on "),
  at: (date, now) => (FORMS.day(date, now) === "today" ? `at ${hours(date)}` : FORMS.on(date, now)),
  stamp: (date) => `${dated(date, true)}, ${hours(date)}`,
};

function localTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[data-form]")) {
    const form = FORMS[element.dataset.form];
    if (!form) continue;                                  // "ago" says the same in every zone
    element.title = element.dateTime;
    element.textContent = form(new Date(element.dateTime), now);
  }
}

function copying(button) {
  const word = button.querySelector("span") || button;
  const before = word.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    word.textContent = "Copied";
    setTimeout(() => { word.textContent = before; }, 2000);
  });
}

localTimes(document);
document.querySelectorAll("[data-copy]").forEach(copying);
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
