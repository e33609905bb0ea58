// A help, never needed: every page works without it. It stores nothing and asks nobody.
(() => {
  "use strict";

  const leaving = document.querySelector("a[data-leave]");

  const clear = () => {
    for (const name of ["sessionStorage", "localStorage"]) {
      try { window[name].clear(); } catch { /* switched off in this browser */ }
    }
    try {
      caches.keys().then((keys) => keys.forEach((key) => caches.delete(key)));
      navigator.serviceWorker.getRegistrations().then((all) => all.forEach((one) => one.unregister()));
    } catch { /* there are none without HTTPS */ }
  };

  const leave = () => {
    // Blank at once: on a slow network the other site takes seconds to come.
    document.documentElement.hidden = true;
    document.title = " ";
    clear();
    location.replace(leaving.href);
  };

  if (leaving) {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-leave]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      leave();
    });

    let presses = [];
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Shift") { presses = []; return; }
      if (event.repeat) return;
      presses = [...presses.filter((then) => event.timeStamp - then < 2000), event.timeStamp];
      if (presses.length === 3) leave();
    });
  }

  // What opened over the page closes when the focus goes on, so that it covers nothing in use.
  document.addEventListener("focusin", (event) => {
    for (const list of document.querySelectorAll(".top details[open]")) {
      if (!list.contains(event.target)) list.open = false;
    }
  });

  // A picture waits until it is asked for, unless this page came quickly.
  const page = performance.getEntriesByType("navigation")[0];
  const saves = navigator.connection?.saveData || matchMedia("(prefers-reduced-data: reduce)").matches;
  if (!saves && page && page.responseEnd - page.requestStart < 300) {
    for (const picture of document.querySelectorAll("details.waits")) picture.open = true;
  }

  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
