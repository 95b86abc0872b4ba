// The camera looks for a QR code where one is of use, and nowhere else. Frames go to the server, which decodes them
// and keeps none. Where there is no camera, or it is not allowed, nothing happens: the card lane stays open.

const EVERY_MS = 200;
const WIDTH = 1280;
const SMALL = { width: 32, height: 18 };
const MOVED = 6; // mean difference of brightness, 0 to 255, that counts as movement
const STILL_EVERY_MS = 1000; // a still picture is sent now and then all the same

let stream = null;
let opening = false;
let wanted = null;
let timer = null;
let before = null;
let sentAt = 0;
let underWay = false;

const video = document.createElement("video");
video.muted = true;
video.playsInline = true;
const canvas = document.createElement("canvas");
const small = Object.assign(document.createElement("canvas"), SMALL);

// Starts or stops with the screen; null stops.
export function look(part) {
  wanted = part?.dataset.camera === "on" ? part : null;
  if (wanted === null) return stop();
  if (stream === null) open();
  else show();
}

async function open() {
  if (opening || !navigator.mediaDevices?.getUserMedia) return;
  opening = true;
  try {
    const found = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: WIDTH } } });
    stream = found;
    video.srcObject = found;
    await video.play();
    timer = setInterval(frame, EVERY_MS);
    if (wanted === null) stop();
    else show();
  } catch {
    stop();
  } finally {
    opening = false;
  }
}

function stop() {
  clearInterval(timer);
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  before = null;
  video.srcObject = null;
}

function show() {
  const preview = wanted?.querySelector("[data-preview]");
  if (!preview) return;
  const picture = preview.querySelector("video");
  picture.srcObject = stream;
  picture.play().catch(() => {});
  preview.hidden = false;
}

function frame() {
  if (wanted === null || underWay || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  if (!moved() && Date.now() - sentAt < STILL_EVERY_MS) return;
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  underWay = true;
  sentAt = Date.now();
  const { visit } = wanted.dataset; // whoever held the code up; the next person may stand there when it is sent
  canvas.toBlob((blob) => post(blob, visit), "image/jpeg", 0.85);
}

function moved() {
  const context = small.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, SMALL.width, SMALL.height);
  const { data } = context.getImageData(0, 0, SMALL.width, SMALL.height);
  const grey = new Uint8Array(data.length / 4);
  for (let i = 0; i < grey.length; i += 1) grey[i] = (data[4 * i] + 2 * data[4 * i + 1] + data[4 * i + 2]) >> 2;
  const difference = before === null ? 255 : grey.reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0) / grey.length;
  before = grey;
  return difference > MOVED;
}

async function post(blob, visit) {
  try {
    const part = document.querySelector("#stage [data-csrf]");
    if (blob === null || part === null || wanted === null) return;
    await fetch("/camera", {
      method: "POST",
      body: blob,
      headers: { "Content-Type": "image/jpeg", "X-CSRFToken": part.dataset.csrf, "X-Visit": visit, "X-Requested-With": "fetch" },
      signal: AbortSignal.timeout(5000),
    });
  } catch {
    // a frame that was lost is followed by another
  } finally {
    underWay = false;
  }
}
