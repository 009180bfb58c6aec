"use strict";
// Shows one volunteer's pictures, each for one second by the browser's frame clock, and sends every answer at once.
const GAP = 500; // milliseconds of a cross before each picture
const HALF = 8; // half a frame at 60 Hz: the nearest frame is the 60th, also when the clock is a hair short
const KEYS = { r: "real", arrowleft: "real", g: "generated", f: "generated", arrowright: "generated" };
const api = `/api/${location.pathname.split("/").pop()}`;
const part = (id) => document.getElementById(id);
const buttons = [...document.querySelectorAll("[data-answer]")];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise(requestAnimationFrame);
const loading = new Map(); // picture id -> promise of its bytes
let give = null; // takes the answer while one is asked for

async function ask(path, options) {
  for (;;) {
    try {
      const reply = await fetch(path, { cache: "no-store", ...options });
      if (reply.ok) return reply;
      if (reply.status < 500) throw new Refusal((await reply.text()).slice(0, 200));
    } catch (error) {
      if (error instanceof Refusal) throw error;
    }
    say("No connection; your answers are kept. Trying again …");
    await pause(1000);
  }
}

class Refusal extends Error {}

const say = (text) => { part("message").textContent = text; };
const state = async () => (await ask(api)).json();
const note = async (id, what, ms = 0) =>
  (await ask(api, { method: "POST", keepalive: true, body: JSON.stringify({ id, what, ms }) })).json();

function load(id) {
  if (!loading.has(id)) loading.set(id, ask(`/i/${id}`).then((reply) => reply.blob()));
  return loading.get(id);
}

// Puts the loaded picture on the screen for `exposure` ms; returns when it appeared and a promise of how long it stayed.
async function expose(exposure) {
  const stage = part("stage");
  await frame();
  const start = performance.now(); // of a late frame, the frame's own time would be too early
  stage.classList.add("shown");
  const watched = new AbortController();
  const gone = out(watched.signal);
  const over = (async () => {
    for (;;) {
      await Promise.race([frame(), gone]);
      const now = performance.now();
      if (document.hidden || now - start >= exposure - HALF) {
        stage.classList.remove("shown");
        part("picture").removeAttribute("src");
        watched.abort();
        return now - start;
      }
    }
  })();
  return { start, over };
}

// When the page goes out of sight, where no frames come.
const out = (signal) => new Promise((done) => {
  document.addEventListener("visibilitychange", done, { once: true, signal });
});

// The next answer and its time; until then the buttons and keys are live.
function answer() {
  for (const button of buttons) button.disabled = false;
  return new Promise((done) => {
    give = (kind) => {
      give = null;
      for (const button of buttons) button.disabled = true;
      done({ kind, at: performance.now() });
    };
  });
}

async function show(now, exposure) {
  const url = URL.createObjectURL(await load(now.id));
  const picture = part("picture");
  picture.src = url;
  await picture.decode();
  await pause(GAP);
  const shown = await expose(exposure);
  URL.revokeObjectURL(url);
  loading.delete(now.id);
  return shown;
}

async function trial(where) {
  const { now, next, exposure, done, total, practice } = where;
  part("progress").textContent = `${done + 1} of ${total}${done < practice ? ", practice" : ""}`;
  let start = performance.now();
  const notes = [];
  if (now.seen) {
    say("You have seen this picture before the page was loaded again. Was it real?");
  } else {
    say("");
    const shown = await show(now, exposure);
    start = shown.start;
    notes.push(note(now.id, "begun"), shown.over.then((ms) => note(now.id, "shown", ms)));
    if (next) load(next.id);
  }
  const given = await answer();
  const [after] = await Promise.all([note(now.id, given.kind, given.at - start), ...notes]);
  return after;
}

async function go(label) {
  const button = part("go");
  button.textContent = label;
  button.hidden = false;
  part("answers").hidden = true;
  button.focus();
  await new Promise((done) => button.addEventListener("click", done, { once: true }));
  button.hidden = true;
  part("answers").hidden = false;
}

async function main() {
  let where = await state();
  part("stage").style.cssText = `width: ${where.width}px; aspect-ratio: ${where.width} / ${where.height}`;
  if (where.now) {
    say("");
    if (!where.now.seen) load(where.now.id);
    await go(where.done ? "Go on" : "Show the first picture");
  }
  while (where.now) where = await trial(where);
  for (const name of ["stage", "answers"]) part(name).hidden = true;
  part("progress").textContent = `${where.done} of ${where.total}`;
  say("That was the last one. Thank you! You may close this page.");
}

document.addEventListener("keydown", (event) => {
  const kind = KEYS[event.key.toLowerCase()];
  if (give && kind && !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey) give(kind);
});
for (const button of buttons) button.addEventListener("click", () => give && give(button.dataset.answer));
main().catch((error) => say(`${error.message || error}. Begin anew at ${location.origin}`));
