/**
 * Keeps the page for the next visit, which may be without a network, and gives every answer the headers of cross-origin
 * isolation that hosts like GitHub Pages do not send: threads need shared memory, and that needs isolation.
 */
declare const FILES: readonly string[];
declare const VERSION: string;

export {};

/** The worker's own scope, which the page's types do not know. */
const scope = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `tinylm-${VERSION}`;

scope.addEventListener('install', (event) => {
  // `reload`: what the browser's own cache has may be of another version
  const load = async (): Promise<void> => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })));
    await scope.skipWaiting();
  };
  event.waitUntil(load());
});

scope.addEventListener('activate', (event) => {
  const tidy = async (): Promise<void> => {
    for (const name of await caches.keys()) if (name.startsWith('tinylm-') && name !== CACHE) await caches.delete(name);
    await scope.clients.claim();
  };
  event.waitUntil(tidy());
});

function isolated(answer: Response): Response {
  if (answer.type === 'opaque' || answer.type === 'error') return answer;
  const headers = new Headers(answer.headers);
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-embedder-policy', 'require-corp');
  headers.set('cross-origin-resource-policy', 'same-origin');
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  const answer = async (): Promise<Response> => {
    const kept = await (await caches.open(CACHE)).match(request.mode === 'navigate' ? './' : request, { ignoreSearch: true });
    return isolated(kept ?? (await fetch(request)));
  };
  event.respondWith(answer());
});
