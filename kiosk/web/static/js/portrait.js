// Shows a face once, for its seconds, and takes it away: the server has it no more, and nothing here keeps it.

const button = document.getElementById("face-show");
const here = document.getElementById("face-here");
const left = document.getElementById("face-left");
const gone = document.getElementById("face-gone");
let clock = 0;

function takeAway() {
  clearInterval(clock);
  here.querySelector("img")?.remove();
  here.hidden = true;
  gone.hidden = false;
}

function count(seconds) {
  left.textContent = left.dataset.words.replace("%n", seconds);
}

function show() {
  button.hidden = true;
  document.getElementById("face-why").hidden = true;
  const image = new Image();
  let seconds = Number(button.dataset.seconds);
  image.alt = button.dataset.alt;
  image.addEventListener("error", takeAway);
  image.addEventListener("load", () => {
    count(seconds);
    clock = setInterval(() => {
      seconds -= 1;
      if (seconds <= 0) takeAway();
      else count(seconds);
    }, 1000);
  });
  image.src = button.dataset.address;
  here.prepend(image);
  here.hidden = false;
}

button?.addEventListener("click", show);
addEventListener("pagehide", () => button && takeAway());
document.querySelector(".seen")?.addEventListener("submit", () => button && takeAway());
