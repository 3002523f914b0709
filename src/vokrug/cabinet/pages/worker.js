// One page for when there is no line, and its style. Pages of the person are never kept: a phone may be lost.
const KEPT = "cabinet-1";
const OFFLINE = ["/me/offline", "/sign-in/style.css", "/favicon.ico"];

self.addEventListener("install", (event) => event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(OFFLINE)).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match("/me/offline")));
});
