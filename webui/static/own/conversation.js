// A conversation: canned answers go into the answer.
"use strict";

document.addEventListener("alpine:init", () => {
  Alpine.data("answer", () => ({
    put() {
      const field = this.$refs.text;
      if (this.$el.value) field.value = field.value ? `${field.value}\n${this.$el.value}` : this.$el.value;
      this.$el.value = "";
      field.focus();
    },
  }));
});
