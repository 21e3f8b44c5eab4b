// Small behaviours of the pages. Everything works without them, only less comfortably.
"use strict";

document.addEventListener("submit", (event) => {
  const words = event.target.dataset.ask;
  if (words && !window.confirm(words)) event.preventDefault();
});

// What the box would refuse is not sent at all: a browser that is cut off in the midst of it shows no reason.
document.addEventListener("change", (event) => {
  const field = event.target, told = document.documentElement.dataset;
  if (field.type !== "file" || !field.form) return;
  const size = [...field.files].reduce((sum, file) => sum + file.size, 0);
  field.setCustomValidity(size > Number(told.mostUpload) ? told.tooLarge : "");
  field.reportValidity();
});

// Rows of tables become little cards on a phone; each cell then says what its column is called.
function stack(root) {
  for (const table of root.querySelectorAll(".table-responsive > table.card-table:not(.calls):not(.audit):not(.tenants)")) {
    const names = [...table.querySelectorAll("thead th")].map((each) => each.textContent.trim());
    if (!names.length) continue;
    table.classList.add("stack");
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, n) => { if (names[n]) cell.dataset.name = names[n]; });
    }
  }
}

// A table wider than its place is moved by the arrow keys, too.
function reach(root) {
  for (const place of root.querySelectorAll(".table-responsive")) {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
}
document.addEventListener("DOMContentLoaded", () => { stack(document); reach(document); });
document.addEventListener("htmx:afterSwap", (event) => { stack(event.target); reach(event.target); });
window.addEventListener("resize", () => reach(document));

document.addEventListener("alpine:init", () => {
  Alpine.data("side", () => ({
    open: false,
    toggle() { this.open = !this.open; },
    get state() { return this.open ? "side-open" : ""; },
  }));

  Alpine.data("row", () => ({
    open: false,
    init() { this.open = "open" in this.$root.dataset; },
    toggle() { this.open = !this.open; },
  }));

  Alpine.data("speed", () => ({
    choose() {
      const player = this.$root.parentElement.querySelector("audio");
      player.playbackRate = Number(this.$el.dataset.speed);
      player.play();
    },
  }));

  Alpine.data("sortable", () => ({
    dragged: null,
    before: "",
    list() { return [...document.querySelector("ol.bound").children]; },
    order() { return this.list().map((each) => each.dataset.number).join("\n"); },
    item(event) { return event.target.closest("li"); },
    start() {
      this.dragged = this.item(this.$event);
      this.before = this.order();
      this.dragged.classList.add("dragged");
    },
    over() {
      const over = this.item(this.$event);
      if (!this.dragged || !over || over === this.dragged) return;
      const box = over.getBoundingClientRect();
      const below = this.$event.clientY > box.top + box.height / 2;
      over.parentElement.insertBefore(this.dragged, below ? over.nextSibling : over);
    },
    finish() {
      if (!this.dragged) return;
      this.dragged.classList.remove("dragged");
      this.dragged = null;
      if (this.order() !== this.before) this.save();
    },
    up() { this.move(-1); },
    down() { this.move(1); },
    move(by) {
      const rows = this.list();
      const row = this.$el.closest("li");
      const place = rows.indexOf(row);
      const other = rows[place + by];
      if (!other) return;
      row.parentElement.insertBefore(row, by < 0 ? other : other.nextSibling);
      this.save();
    },
    save() {
      const form = document.getElementById("order");
      for (const row of this.list()) {
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = "order";
        field.value = row.dataset.number;
        form.append(field);
      }
      form.submit();
    },
  }));
});
