// Live pages: what moves comes by one stream a page, opened with a ticket that the page asks for.
"use strict";

class Stream {
  // A browser keeps few connections to one host: what nobody looks at has none, unless it must ring out.
  constructor(ticket, told, sign, keeps) {
    this.ticket = ticket;
    this.told = told;
    this.sign = sign;
    this.tries = 0;
    this.ahead = 0;
    this.rests = !keeps && document.hidden;
    if (!keeps) document.addEventListener("visibilitychange", () => this.look());
    if (!this.rests) this.open();
  }

  look() {
    if (document.hidden === this.rests) return;
    this.rests = document.hidden;
    window.clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
    if (!this.rests) this.open();
  }

  async open() {
    try {
      const answer = await fetch(this.ticket, { redirect: "manual", headers: { Accept: "application/json" } });
      if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) {
        window.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(answer.status);
      const { url } = await answer.json();
      if (this.rests || this.source) return;
      this.source = new EventSource(url);
    } catch {
      this.again();
      return;
    }
    this.source.onmessage = (event) => {
      this.tries = 0;
      this.sign(true);
      this.told(JSON.parse(event.data));
    };
    this.source.addEventListener("clock", (event) => { this.ahead = Number(event.data) - Date.now() / 1000; });
    this.source.onerror = () => {
      this.source.close();
      this.source = null;
      this.again();
    };
  }

  again() {
    this.sign(false);
    this.tries += 1;
    if (this.rests) return;
    this.timer = window.setTimeout(() => this.open(), Math.min(15, 2 ** this.tries) * (400 + Math.random() * 600));
  }

  now() { return Date.now() / 1000 + this.ahead; }
}

function clockOf(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(whole % 60)}`;
  return hours ? `${hours}:${two(Math.floor(whole / 60) % 60)}:${rest}` : `${Math.floor(whole / 60)}:${rest}`;
}

const COLOURS = { talking: "good", idle: "good", ringing: "warn", queued: "warn", held: "warn", "wrap-up": "warn", paused: "bad" };

function nicely(number) {
  return /^400\d{7}$/.test(number) ? `${number.slice(0, 3)}-${number.slice(3, 6)}-${number.slice(6)}` : number;
}

// What every live page has: words, the stream, a clock that ticks.
function livePage() {
  return {
    up: false,
    told: null,
    start() {
      this.words = JSON.parse(this.$root.dataset.words);
      this.stream = new Stream(
        this.$root.dataset.ticket,
        (told) => { this.told = told; this.show(); },
        (up) => { this.up = up; },
        this.rings === true,
      );
      window.setInterval(() => { if (this.told) this.show(); }, 1000);
    },
    say(value) { return this.words.states[value] || value; },
    shown(call) {
      return {
        ...call,
        caller: call.caller || this.words.withheld,
        place: call.place || this.words.unknown,
        number: nicely(call.number),
        who: call.who || "—",
        words: this.say(call.state),
        colour: `tag-${COLOURS[call.state] || "plain"}`,
        time: clockOf(this.stream.now() - call.since),
      };
    },
    get off() { return !this.up; },
    get down() { return this.told !== null && !this.told.up; },
  };
}

// Getters must stay getters, which the spread operator would not let them.
function page(own) {
  const made = livePage();
  Object.defineProperties(made, Object.getOwnPropertyDescriptors(own));
  return made;
}

document.addEventListener("alpine:init", () => {
  Alpine.data("board", () => page({
    calls: [],
    init() { this.start(); },
    show() { this.calls = (this.told.calls || []).map((call) => this.shown(call)); },
    get idle() { return this.told !== null && this.told.up && this.calls.length === 0; },
    get busy() { return this.calls.length > 0; },
    get count() { return this.told === null || !this.told.up ? "–" : String(this.calls.length); },
  }));
});
