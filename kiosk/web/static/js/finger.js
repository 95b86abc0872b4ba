// Whether somebody touches the screen now: a key that is taken away between finger down and finger up is never pressed.

const LONGEST_MS = 3000; // whoever holds a finger there longer, or whose lifting was never told, stops no news

const down = new Set();
let since = 0;
let waiting = null;

export const touching = () => down.size > 0 && Date.now() - since < LONGEST_MS;

// Does it once no finger is down, and the tap that it made has been told; what was to be done then before is not done.
export function whenLifted(act) {
  waiting = act;
  setTimeout(lifted, LONGEST_MS);
}

function lifted() {
  if (touching()) return;
  down.clear();
  const act = waiting;
  waiting = null;
  act?.();
}

function up(event) {
  down.delete(event.pointerId);
  setTimeout(lifted); // the click comes after the finger
}

document.addEventListener("pointerdown", (event) => {
  if (!touching()) {
    down.clear();
    since = Date.now();
  }
  down.add(event.pointerId);
}, { capture: true });
document.addEventListener("pointerup", up, { capture: true });
document.addEventListener("pointercancel", up, { capture: true });
