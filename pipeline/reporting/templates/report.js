"use strict";
const controls = [...document.querySelectorAll("[data-key]")];
const cards = [...document.querySelectorAll("article")];
function choose() {
  const wanted = Object.fromEntries(controls.map(c => [c.dataset.key, c.value]));
  const name = (wanted.name || "").toLowerCase();
  const differs = (element, key) => wanted[key] && element.dataset[key] !== wanted[key];
  let shown = 0;
  for (const card of cards) {
    const title = card.querySelector("h3").title.toLowerCase();
    let some = false;
    for (const figure of card.querySelectorAll("figure[data-method]")) {
      figure.hidden = ["predicted", "method", "classifier", "correctness"].some(key => differs(figure, key));
      some = some || !figure.hidden;
    }
    card.hidden = !some || differs(card, "true") || !title.includes(name);
    shown += !card.hidden;
  }
  document.querySelector("output").textContent = shown + " of " + cards.length + " shown";
}
if (controls.length) {
  controls.forEach(control => control.addEventListener("input", choose));
  choose();
}

const words = new Intl.Collator("en", { numeric: true });
function sortBy(header) {
  const table = header.closest("table"), body = table.tBodies[0], column = header.cellIndex;
  const falls = header.getAttribute("aria-sort") === "ascending";
  const isNumber = header.classList.contains("number");
  const keyOf = row => isNumber ? row.cells[column].dataset.sort : row.cells[column].textContent;
  const keyed = [...body.rows].map(row => [keyOf(row), row]);
  const order = (a, b) => isNumber ? a - b : words.compare(a, b);
  keyed.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // n/a stays last
    return falls ? order(b, a) : order(a, b);
  });
  table.querySelectorAll("[aria-sort]").forEach(other => other.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", falls ? "descending" : "ascending");
  body.append(...keyed.map(([, row]) => row));
}
document.querySelectorAll("table.sortable thead button").forEach(button =>
  button.addEventListener("click", () => sortBy(button.closest("th"))));

const dialog = document.querySelector("dialog");
document.querySelector("main")?.addEventListener("click", event => {
  const figure = event.target.closest("figure");
  if (!figure || !event.target.closest("button")) return;
  const original = figure.closest(".row").firstElementChild;
  const enlarged = [...new Set([original, figure])].map(element => element.cloneNode(true));
  dialog.firstElementChild.replaceChildren(...enlarged);
  dialog.showModal();
});
dialog.addEventListener("click", event => {
  if (event.target === dialog || event.target.closest("button")) dialog.close();
});
