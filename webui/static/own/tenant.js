// Behaviours of the tenant's forms. Everything works without them, only less comfortably.
"use strict";

function sendOrder(names) {
  const form = document.getElementById("order");
  for (const name of names) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "order";
    field.value = name;
    form.append(field);
  }
  form.submit();
}

document.addEventListener("alpine:init", () => {
  Alpine.data("rules", () => ({
    up() { this.move(-1); },
    down() { this.move(1); },
    move(by) {
      const names = [...this.$root.querySelectorAll("[data-rule]")].map((each) => each.dataset.rule);
      const place = names.indexOf(this.$el.closest("[data-rule]").dataset.rule);
      const other = place + by;
      if (other < 0 || other >= names.length) return;
      [names[place], names[other]] = [names[other], names[place]];
      sendOrder(names);
    },
  }));

  Alpine.data("goal", () => ({
    init() { this.show(); },
    choose() { this.show(); },
    show() {
      const split = this.$root.querySelector("[name=goal]:checked").value === "split";
      for (const each of this.$root.querySelectorAll("[name^=to_], [name^=percent_]")) each.disabled = !split;
      this.$root.querySelector("[name=to]").disabled = split;
    },
  }));

  Alpine.data("message", () => ({
    heard() {
      htmx.ajax("POST", this.$root.dataset.mark, { values: { mark: "heard" }, swap: "none" });
    },
  }));

  Alpine.data("schedule", () => ({
    add() {
      const field = this.$root.querySelector("textarea");
      const line = this.$el.dataset.line;
      field.value = field.value.trim() ? `${field.value.trimEnd()}\n${line}` : line;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
  }));
});
