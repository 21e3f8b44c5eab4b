// Record a prompt in the browser: mono, 16-bit WAV, put into the form's file field.
"use strict";

const MOST_SECONDS = 600;
const MOST_BYTES = 50_000_000;

function wavOf(blocks, rate) {
  const count = blocks.reduce((sum, block) => sum + block.length, 0);
  const view = new DataView(new ArrayBuffer(44 + count * 2));
  const text = (at, word) => [...word].forEach((char, n) => view.setUint8(at + n, char.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + count * 2, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  text(36, "data"); view.setUint32(40, count * 2, true);
  let at = 44;
  for (const block of blocks) {
    for (const sample of block) {
      view.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
      at += 2;
    }
  }
  return new File([view.buffer], "recording.wav", { type: "audio/wav" });
}

document.addEventListener("alpine:init", () => {
  Alpine.data("recorder", () => ({
    busy: false,
    recorded: false,
    trouble: "",
    samples: 0,
    rate: 1,
    get idle() { return !this.busy; },
    get look() { return this.busy ? "btn-danger" : ""; },
    get clock() {
      const seconds = Math.floor(this.samples / this.rate);
      return this.samples ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "";
    },
    chosen() {
      const field = this.$el;
      const large = field.files.length > 0 && field.files[0].size > MOST_BYTES;
      this.trouble = large ? this.$root.dataset.large : "";
      if (large) field.value = "";
    },
    toggle() { return this.busy ? this.stop() : this.start(); },
    async start() {
      this.trouble = "";
      const page = this.$root;
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        this.context = new AudioContext();
        await this.context.audioWorklet.addModule(page.dataset.worklet);
      } catch {
        this.trouble = page.dataset.refused;
        return;
      }
      const blocks = [];
      this.blocks = () => blocks;
      this.rate = this.context.sampleRate;
      this.samples = 0;
      const tap = new AudioWorkletNode(this.context, "tap");
      tap.port.onmessage = (event) => {
        blocks.push(event.data);
        this.samples += event.data.length;
        if (this.busy && this.samples / this.rate > MOST_SECONDS) this.stop();
      };
      this.context.createMediaStreamSource(this.stream).connect(tap);
      this.busy = true;
    },
    stop() {
      this.busy = false;
      this.stream.getTracks().forEach((track) => track.stop());
      this.context.close();
      const file = wavOf(this.blocks(), this.rate);
      const given = new DataTransfer();
      given.items.add(file);
      this.$root.querySelector("[type=file]").files = given.files;
      const player = this.$root.querySelector("audio");
      player.src = URL.createObjectURL(file);
      this.recorded = true;
    },
  }));
});
