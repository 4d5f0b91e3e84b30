"use strict";
const form = document.getElementById("filter");
const cards = [...document.querySelectorAll(".file > ol > li")];
const texts = cards.map((card) => card.textContent.toLowerCase());
function filter() {
  const kinds = new Set([...form.querySelectorAll("[name=severity]:checked")].map((box) => box.value));
  const rule = form.elements.rule.value;
  const words = form.elements.text.value.trim().toLowerCase();
  let shown = 0;
  cards.forEach((card, number) => {
    card.hidden = !(kinds.has(card.dataset.severity) && (!rule || card.dataset.rule === rule) && texts[number].includes(words));
    shown += card.hidden ? 0 : Number(card.dataset.count);
  });
  for (const section of document.querySelectorAll(".file")) {
    section.hidden = !section.querySelector("ol > li:not([hidden])");
  }
  form.querySelector("output").value = shown;
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
filter();
