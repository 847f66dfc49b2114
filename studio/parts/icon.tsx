/** Icons of lucide (ISC): drawn beside words, never instead of them. */
import { h } from 'preact';
import type { IconNode } from 'lucide';

export { ArrowLeft, ArrowRight, BookOpen, Cable, Check, ChevronRight, CircleAlert, CircleCheck, ClipboardPaste, Cpu, Download, FileText, FileUp, FolderOpen,
  Hand, Info, Keyboard, LoaderCircle, Lock, MemoryStick, Pause, Play, Plug, RefreshCw, RotateCcw, Send, Share2, Sparkles, Square, Trash2, TriangleAlert,
  Unplug, Upload, Wifi, Wrench, Zap } from 'lucide';

export function Icon({ of, size = 20, spin = false }: { of: IconNode; size?: number; spin?: boolean }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"
      aria-hidden="true" class={spin ? 'spin' : undefined}>
      {of.map(([tag, attributes]) => h(tag, attributes as object))}
    </svg>
  );
}
