// The agent's workbench: state, screen pop, call controls, keys. Everything that moves comes by the stream.
"use strict";

const FREE_FIRST = { idle: 0, "wrap-up": 1, ringing: 2, talking: 3, paused: 4, offline: 5 };

async function post(path, fields) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  try {
    const answer = await fetch(path, { method: "POST", headers, body: new URLSearchParams(fields), redirect: "error" });
    if (!answer.ok) return { done: false, text: `${answer.status}` };
    return await answer.json();
  } catch (failure) {
    return { done: false, text: String(failure.message) };
  }
}

function typing(element) {
  return element.matches("input:not([type=radio]), textarea, select, [contenteditable]");
}

document.addEventListener("alpine:init", () => {
  Alpine.data("desk", () => page({
    rings: true,
    choosing: false,
    asking: false,
    said: "",
    fine: true,
    shownCall: "",
    time: "",
    callTime: "",
    colleagues: [],
    queues: [],
    plainTitle: document.title,

    init() { this.start(); },
    show() {
      const now = this.stream.now();
      const me = this.me;
      this.time = me === null ? "" : clockOf(me.until === null ? now - me.since : me.until - now);
      this.callTime = this.call === null ? "" : clockOf(now - (this.call.talk || this.call.since));
      this.queues = (this.told.queues || []).filter((each) => me !== null && me.queues.includes(each.name)).map((each) => ({
        ...each, colour: each.waiting ? "text-danger" : "", time: each.first === null ? "" : clockOf(now - each.first),
      }));
      this.colleagues = (this.told.agents || []).filter((each) => me === null || each.agent !== me.agent)
        .sort((one, other) => FREE_FIRST[one.state] - FREE_FIRST[other.state])
        .map((each) => ({ ...each, words: this.say(each.state), colour: `tag-${COLOURS[each.state] || "plain"}` }));
      this.popUp();
    },
    popUp() {
      const wanted = this.call !== null ? this.call.id : this.me !== null && this.me.state === "wrap-up" ? this.me.last : "";
      document.title = this.ringing ? `☎ ${this.caller}` : this.plainTitle;
      if (this.call === null) this.asking = false;
      if (wanted && wanted !== this.shownCall) {
        this.shownCall = wanted;
        htmx.ajax("GET", `/desk/pop?call=${encodeURIComponent(wanted)}`, { target: "#pop", swap: "innerHTML" });
      }
      if (!wanted && this.shownCall && !this.looked) document.body.dispatchEvent(new Event("looked"));
      this.looked = !wanted;
    },

    // -- what is shown --
    get me() { return this.told === null || !this.told.up ? null : this.told.me; },
    get call() { return this.told === null || !this.told.up ? null : this.told.call; },
    get phase() { return this.call === null ? "" : this.call.state; },
    get state() { return this.down ? this.words.away : this.me === null ? this.words.unknown : this.say(this.me.state); },
    get colour() { return `tag-${this.me === null ? "bad" : COLOURS[this.me.state] || "plain"}`; },
    get reason() { return this.me === null ? "" : this.me.reason; },
    get saidColour() { return this.fine ? "text-secondary" : "text-danger"; },
    get onCall() { return this.call !== null; },
    get quiet() { return this.shownCall === ""; },
    get ringing() { return this.me !== null && this.me.state === "ringing"; },
    get caller() { return this.call === null ? "" : this.call.caller || this.words.withheld; },
    get callPlace() { return this.call === null ? "" : this.call.place; },
    get callState() { return this.call === null ? "" : this.threeWay ? this.words.threeWay : this.say(this.ringing ? "ringing" : this.phase); },
    get callColour() { return `tag-${COLOURS[this.ringing ? "ringing" : this.phase] || "plain"}`; },
    get threeWay() { return this.phase === "talking" && Object.values(this.call.parts).filter((part) => part === "talk").length > 1; },
    get mine() {
      return this.call !== null && this.me !== null && ["talk", "hold"].includes(this.call.parts[this.me.target]);
    },

    // -- what may be done --
    get mayLogin() { return this.me !== null && this.me.state === "offline"; },
    get mayResume() { return this.me !== null && ["paused", "wrap-up"].includes(this.me.state); },
    get mayPause() { return this.me !== null && !["offline", "paused"].includes(this.me.state); },
    get mayLogout() { return this.me !== null && this.me.state !== "offline"; },
    get mayHold() { return this.mine && this.phase === "talking" && !this.threeWay; },
    get mayTake() { return this.mine && this.phase === "held"; },
    get mayTransfer() { return this.mayHold || this.mayTake; },
    get mayComplete() { return this.mine && (this.phase === "consulting" || this.threeWay); },
    get mayJoin() { return this.mine && this.phase === "consulting"; },
    get mayReturn() { return this.mayComplete; },
    get mayLeave() { return this.mine; },

    // -- doing it --
    async send(path, fields) {
      const answer = await post(path, fields);
      this.fine = answer.done;
      this.said = answer.text;
    },
    setState() {
      const { what, reason } = this.$el.dataset;
      this.choosing = false;
      this.send("/desk/state", { what, reason: reason || "" });
    },
    act() {
      const { what, target } = this.$el.dataset;
      this.wish(what, target || "");
    },
    wish(what, target) {
      if (this.call === null) return;
      this.asking = false;
      this.send("/desk/call", { call: this.call.id, what, target });
    },
    askReason() { this.choosing = !this.choosing; },
    askTarget() {
      this.asking = !this.asking;
      if (this.asking) this.$nextTick(() => this.$refs.target.focus());
    },
    askNoMore() { this.asking = false; },
    typed() { return this.$refs.target.value.trim(); },
    transferTyped() { if (this.typed()) this.wish("transfer", this.typed()); },
    consultTyped() { if (this.typed()) this.wish("consult", this.typed()); },

    // -- keys: each is written on its button --
    key() {
      const event = this.$event;
      const form = event.target.closest("#note-form");
      if (form && event.ctrlKey && event.key === "Enter") { form.requestSubmit(); return; }
      if (event.key === "Escape") { event.target.blur(); this.choosing = false; this.asking = false; return; }
      if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
      const done = this.choosing && /^[1-9]$/.test(event.key)
        ? this.press(`.desk-reasons button:nth-child(${event.key})`)
        : this.keyed(event.key.toLowerCase());
      if (done) event.preventDefault();
    },
    keyed(key) {
      switch (key) {
        case "i": return this.press("[data-what=login], .desk-states [data-what=resume]");
        case "p": return this.press(".desk-states button:nth-child(3)");
        case "h": return this.press("[data-what=hold], .desk-call [data-what=resume]");
        case "t": return this.press(".desk-call .buttons button:nth-child(3)");
        case "g": return this.press("[data-what=complete]");
        case "j": return this.press("[data-what=join]");
        case "b": return this.press("[data-what=return]");
        case "x": return this.press("[data-what=leave]");
        case "n": return this.focus("#note");
        default: return false;
      }
    },
    press(which) {
      const button = [...this.$root.querySelectorAll(which)].find((each) => each.offsetParent !== null);
      if (button) button.click();
      return Boolean(button);
    },
    focus(which) {
      const field = this.$root.querySelector(which);
      if (field) field.focus();
      return Boolean(field);
    },
  }));

  Alpine.data("wall", () => page({
    calls: [],
    agents: [],
    queues: [],
    said: "",
    fine: true,
    init() { this.start(); },
    show() {
      const now = this.stream.now();
      this.queues = (this.told.queues || []).map((each) => ({
        ...each, tile: each.waiting ? "tile-bad" : "", time: each.first === null ? "" : clockOf(now - each.first),
      }));
      this.agents = (this.told.agents || []).map((each) => {
        const colour = COLOURS[each.state] || "plain";
        return {
          ...each, words: this.say(each.state), colour: `tag-${colour}`, edge: `wall-${colour}`, time: clockOf(now - each.since),
          paused: ["paused", "wrap-up"].includes(each.state), there: each.state !== "offline",
        };
      });
      this.calls = (this.told.calls || []).map((call) => ({
        ...this.shown(call),
        talks: ["talking", "held", "consulting"].includes(call.state),
        others: Object.entries(call.parts).filter(([, part]) => !["talk", "hold"].includes(part)).map(([who, part]) => `${who} ${this.words.parts[part] || part}`).join(" "),
      }));
    },
    get idle() { return this.told !== null && this.told.up && this.calls.length === 0; },
    get serving() { return `${this.agents.filter((each) => each.there).length} / ${this.agents.length}`; },
    get saidColour() { return this.fine ? "text-success" : "text-danger"; },
    async send(path, fields) {
      const answer = await post(path, fields);
      this.fine = answer.done;
      this.said = answer.text;
    },
    supervise() { this.send("/desk/supervise", { call: this.$el.dataset.call, mode: this.$el.dataset.mode }); },
    takeDown() {
      const { call, words } = this.$el.dataset;
      if (window.confirm(words)) this.send("/desk/take-down", { call });
    },
    setAgent() { this.send("/desk/set-agent", { agent: this.$el.dataset.agent, what: this.$el.dataset.what }); },
  }));
});
