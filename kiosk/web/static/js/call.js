// The call screen: asks every second, shows what holds, and says each new call once, one after another.
// What was called before the page was opened is not said. Nothing is kept but the number of the last call.

const EVERY_MS = 1000;
const STALE_AFTER_MS = 15000;
const CHIME = "vi:sound.done";
const PAUSE_MS = 700;

const calls = document.getElementById("calls");
const lost = document.getElementById("lost");
const sound = document.getElementById("sound");
const player = new Audio();
const waiting = []; // calls that are still to be said, the oldest first
const speaks = document.documentElement.dataset.speech !== "off";

let last = newest();
let knows = isFresh(); // what is heard first was called before: nobody says it again
let shown = "";
let talking = false;
let freshAt = Date.now();

function listed() {
  return [...calls.querySelectorAll("[data-seq]")].map((each) => ({ seq: Number(each.dataset.seq), clips: each.dataset.clips }));
}

function isFresh() {
  return calls.firstElementChild?.dataset.fresh === "yes";
}

function newest() {
  return Math.max(0, ...listed().map((call) => call.seq));
}

const holds = (seq) => listed().some((call) => call.seq === seq);

function put(html) {
  if (html === shown) return;
  calls.innerHTML = html;
  shown = html;
  const found = listed().filter((call) => call.seq > last).sort((one, other) => one.seq - other.seq);
  last = newest(); // a new day counts from the beginning again
  const heard = knows;
  knows ||= isFresh();
  if (!heard || !speaks) return;
  waiting.push(...found.filter((call) => call.clips));
  sayNext();
}

// A call that comes while another is said waits for its turn; one that was taken back meanwhile is not said.
async function sayNext() {
  if (talking) return;
  talking = true;
  document.documentElement.dataset.talking = "yes";
  while (waiting.length > 0) {
    const call = waiting[0];
    if (holds(call.seq)) {
      document.documentElement.dataset.saying = call.seq;
      if (!(await say([CHIME, ...call.clips.split(" ")]))) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    waiting.shift();
  }
  delete document.documentElement.dataset.talking;
  delete document.documentElement.dataset.saying;
  talking = false;
}

async function say(names) {
  for (const name of names) {
    const [language, clip] = name.split(":");
    player.src = `/speech/${language}/${clip}.opus`;
    try {
      await player.play();
    } catch (problem) {
      if (problem.name === "NotAllowedError") {
        sound.hidden = false; // a browser that wants to be touched first: docs/queue.md
        return false;
      }
      continue;
    }
    await new Promise((resolve) => {
      player.onended = player.onerror = resolve;
    });
  }
  return true;
}

sound.addEventListener("click", () => {
  sound.hidden = true;
  sayNext();
});

async function refresh() {
  try {
    const response = await fetch(calls.dataset.address, { signal: AbortSignal.timeout(5000), redirect: "error" });
    if (!response.ok) throw new Error(String(response.status));
    put(await response.text());
    freshAt = Date.now();
  } catch {
    // What stands there grows old; from some age on it says so.
  }
  lost.hidden = Date.now() - freshAt < STALE_AFTER_MS;
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
