// Bring a large file in parts: no single request is large, and each is signed in for.
"use strict";

const PART = 4 * 1024 * 1024;

document.addEventListener("alpine:init", () => {
  Alpine.data("upload", () => ({
    busy: false,
    percent: 0,
    wrong: "",
    async send() {
      const file = this.$el.files[0];
      if (!file || this.busy) return;
      this.busy = true;
      this.wrong = "";
      try {
        await this.bring(file);
        window.location.reload();
      } catch (failure) {
        this.wrong = failure instanceof TypeError ? this.$root.dataset.failed : failure.message;
        this.busy = false;
        document.getElementById("bundle").value = "";
      }
    },
    async bring(file) {
      const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];
      let offset = 0;
      do {
        const end = Math.min(offset + PART, file.size);
        const asked = new URLSearchParams({ name: file.name, offset, last: end === file.size ? "1" : "0" });
        const answer = await fetch(`${this.$root.dataset.to}?${asked}`, {
          method: "POST", headers: { "X-CSRF-Token": token, "Content-Type": "application/octet-stream" },
          body: file.slice(offset, end),
        });
        const told = await answer.json();
        if (!answer.ok) throw new Error(told.error || answer.statusText);
        offset = end;
        this.percent = Math.round(100 * offset / file.size);
      } while (offset < file.size);
    },
  }));
});
