// The picture of a recording above its player: the caller upwards, who talked with him downwards. The player works without.
"use strict";
async function draw(place) {
  const answer = await fetch(place.dataset.peaks).catch(() => null); // whoever leaves the page meanwhile
  if (!answer?.ok) return;
  const { seconds, peaks } = await answer.json();
  const colour = (name) => getComputedStyle(place).getPropertyValue(name);
  place.hidden = false;
  WaveSurfer.create({
    container: place, media: place.parentElement.querySelector("audio"), peaks, duration: seconds,
    height: 72, barWidth: 2, barGap: 1, normalize: true, cspNonce: place.dataset.nonce,
    waveColor: colour("--faint"), progressColor: colour("--accent"), cursorColor: colour("--ink"),
  });
}
for (const place of document.querySelectorAll(".waveform")) draw(place);
