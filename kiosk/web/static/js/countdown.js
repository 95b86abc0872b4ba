// The seconds that are left before the screen clears itself. The server decides; this only shows.

let ticking = null;

export function countDown(part) {
  clearInterval(ticking);
  const place = part?.querySelector("#seconds");
  const seconds = Number.parseInt(part?.dataset.seconds ?? "", 10);
  if (!place || Number.isNaN(seconds)) return;
  const end = Date.now() + seconds * 1000;
  ticking = setInterval(() => {
    place.textContent = String(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
  }, 250);
}
