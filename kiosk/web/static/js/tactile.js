// A tactile keypad: which key does what is a setting. Its keys walk over what can be pressed, and each says what it is.

import { again, change, sayLabel } from "./speech.js";

const table = JSON.parse(document.documentElement.dataset.keypad);
const SOUND = ["louder", "softer", "headphones_in", "headphones_out"];

// What the screen asks comes first, the tools above it last.
const pressable = (part) => ["main button", ".bar button", ".tools button"].flatMap((places) => [...part.querySelectorAll(places)]);

// Whether the key is one of the keypad's, and was taken.
export function pressKey(part, key) {
  const act = table[key];
  if (act === undefined || part === null) return false;
  if (SOUND.includes(act)) change(act, part);
  else if (act === "next" || act === "previous") walk(part, act === "next" ? 1 : -1);
  else if (act === "press") return pressFocused();
  else if (act === "repeat") again(part);
  else part.querySelector({ help: 'form[action*="/tap/help"] button', stop: 'form[action*="/tap/stop"] button', language: "[data-language]" }[act])?.click();
  return true;
}

function walk(part, by) {
  const buttons = pressable(part);
  if (buttons.length === 0) return;
  const at = buttons.indexOf(document.activeElement);
  const place = at < 0 ? (by > 0 ? 0 : buttons.length - 1) : (at + by + buttons.length) % buttons.length;
  buttons[place].focus();
  document.documentElement.dataset.keys = "on"; // shows where the keys are, from the first press on
  sayLabel(buttons[place], part.dataset.lang);
}

// The browser itself presses what has the focus: only where nothing has it, the key is ours to ignore.
function pressFocused() {
  return !document.activeElement?.matches("button");
}
