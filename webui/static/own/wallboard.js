// The wall board for a big screen: what waits, who serves, and the figures of today.
"use strict";

document.addEventListener("alpine:init", () => {
  const FIGURES_MS = 15000;

  Alpine.data("wallboard", () => page({
    queues: [],
    agents: [],
    figures: {},
    clock: "",
    waiting: "–",
    longest: "",
    talking: "–",
    free: "–",
    serving: "",
    async init() {
      this.start();
      await this.count();
      window.setInterval(() => this.count(), FIGURES_MS);
    },
    async count() {
      const answer = await fetch(this.$root.dataset.figures, { redirect: "manual", headers: { Accept: "application/json" } }).catch(() => null);
      if (answer && answer.ok) this.figures = await answer.json();
    },
    show() {
      const now = this.stream.now();
      this.clock = new Date(now * 1000).toLocaleTimeString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
      const calls = this.told.calls || [];
      this.queues = (this.told.queues || []).map((each) => ({
        ...each,
        time: each.first === null ? "" : clockOf(now - each.first),
        edge: each.waiting ? "wb-row wb-bad" : "wb-row",
      }));
      this.agents = (this.told.agents || []).filter((each) => each.state !== "offline").map((each) => ({
        ...each, words: this.say(each.state), time: clockOf(now - each.since), edge: `wb-agent wb-${COLOURS[each.state] || "plain"}`,
      }));
      const firsts = this.queues.filter((each) => each.first !== null).map((each) => now - each.first);
      this.waiting = String(this.queues.reduce((sum, each) => sum + each.waiting, 0));
      this.longest = firsts.length ? clockOf(Math.max(...firsts)) : "";
      this.talking = String(calls.filter((each) => ["talking", "held", "consulting"].includes(each.state)).length);
      this.free = String(this.agents.filter((each) => each.state === "idle").length);
      this.serving = `/ ${this.agents.length}`;
    },
    get alarm() { return Number(this.waiting) > 0 ? "wb-tile wb-alarm" : "wb-tile"; },
    full() {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen().catch(() => {});
    },
  }));
});
