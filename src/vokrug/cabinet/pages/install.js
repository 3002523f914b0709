if ("serviceWorker" in navigator) navigator.serviceWorker.register("/me/worker.js", { scope: "/me" }).catch(() => {});
