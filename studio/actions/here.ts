/** What this browser can do for the page. */
import { signal } from '@preact/signals';
import type { TrainerCalls } from '../../src/web/protocol.js';
import { trainer } from './workers.js';

export const about = signal<TrainerCalls['about']['answer'] | undefined>(undefined);
export const offline = signal(false);
export const hasSerial = 'serial' in navigator;
export const secure = isSecureContext;

export async function lookAround(): Promise<void> {
  about.value = await trainer().call('about', {});
}

/** Keeps the page for later, and gives it shared memory on hosts that send no headers: for that it loads once more. */
export async function stayOffline(): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  try {
    const registration = await navigator.serviceWorker.register('./service-worker.js');
    await navigator.serviceWorker.ready;
    offline.value = true;
    if (crossOriginIsolated || sessionStorage.getItem('tinylm-isolating') !== null) return;
    sessionStorage.setItem('tinylm-isolating', '1');
    if (registration.active) location.reload();
  } catch {
    // Closed in this window (private mode, or not https): the page works, with a network and one thread.
  }
}
