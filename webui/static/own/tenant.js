// Behaviours of the tenant's forms. Everything works without them, only less comfortably.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("schedule", () => ({
    add() {
      const field = this.$root.querySelector("textarea");
      const line = this.$el.dataset.line;
      field.value = field.value.trim() ? `${field.value.trimEnd()}\n${line}` : line;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
  }));
});
