/** Icons of lucide (ISC): drawn beside words, never instead of them. One by one: its index has thousands, and a build reads them all. */
import { h } from 'preact';
import type { IconNode } from 'lucide';

export { default as ArrowLeft } from 'lucide/dist/esm/icons/arrow-left.mjs';
export { default as ArrowRight } from 'lucide/dist/esm/icons/arrow-right.mjs';
export { default as BookOpen } from 'lucide/dist/esm/icons/book-open.mjs';
export { default as Cable } from 'lucide/dist/esm/icons/cable.mjs';
export { default as Check } from 'lucide/dist/esm/icons/check.mjs';
export { default as CircleAlert } from 'lucide/dist/esm/icons/circle-alert.mjs';
export { default as CircleCheck } from 'lucide/dist/esm/icons/circle-check.mjs';
export { default as ClipboardPaste } from 'lucide/dist/esm/icons/clipboard-paste.mjs';
export { default as Cpu } from 'lucide/dist/esm/icons/cpu.mjs';
export { default as Download } from 'lucide/dist/esm/icons/download.mjs';
export { default as FileUp } from 'lucide/dist/esm/icons/file-up.mjs';
export { default as FolderOpen } from 'lucide/dist/esm/icons/folder-open.mjs';
export { default as Hand } from 'lucide/dist/esm/icons/hand.mjs';
export { default as Info } from 'lucide/dist/esm/icons/info.mjs';
export { default as Keyboard } from 'lucide/dist/esm/icons/keyboard.mjs';
export { default as LoaderCircle } from 'lucide/dist/esm/icons/loader-circle.mjs';
export { default as Lock } from 'lucide/dist/esm/icons/lock.mjs';
export { default as MemoryStick } from 'lucide/dist/esm/icons/memory-stick.mjs';
export { default as Pause } from 'lucide/dist/esm/icons/pause.mjs';
export { default as Play } from 'lucide/dist/esm/icons/play.mjs';
export { default as Plug } from 'lucide/dist/esm/icons/plug.mjs';
export { default as RefreshCw } from 'lucide/dist/esm/icons/refresh-cw.mjs';
export { default as RotateCcw } from 'lucide/dist/esm/icons/rotate-ccw.mjs';
export { default as Send } from 'lucide/dist/esm/icons/send.mjs';
export { default as Share2 } from 'lucide/dist/esm/icons/share-2.mjs';
export { default as Sparkles } from 'lucide/dist/esm/icons/sparkles.mjs';
export { default as Square } from 'lucide/dist/esm/icons/square.mjs';
export { default as Trash2 } from 'lucide/dist/esm/icons/trash.mjs';
export { default as TriangleAlert } from 'lucide/dist/esm/icons/triangle-alert.mjs';
export { default as Unplug } from 'lucide/dist/esm/icons/unplug.mjs';
export { default as Upload } from 'lucide/dist/esm/icons/upload.mjs';
export { default as Wifi } from 'lucide/dist/esm/icons/wifi.mjs';
export { default as Wrench } from 'lucide/dist/esm/icons/wrench.mjs';
export { default as Zap } from 'lucide/dist/esm/icons/zap.mjs';

export function Icon({ of, size = 20, spin = false }: { of: IconNode; size?: number; spin?: boolean }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      class={spin ? 'spin' : undefined}
    >
      {of.map(([tag, attributes]) => h(tag, attributes as object))}
    </svg>
  );
}
