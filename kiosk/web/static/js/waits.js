// Looks every two seconds whether somebody began to help; nothing else happens on this page.

const EVERY_MS = 2000;

setInterval(async () => {
  try {
    const response = await fetch("/screen", { headers: { "X-Requested-With": "fetch" }, redirect: "error" });
    if (response.ok && !(await response.text()).includes('data-boot="closed"')) window.location.reload();
  } catch {
    // The process is starting anew; the next look finds it.
  }
}, EVERY_MS);
