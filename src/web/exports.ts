/** Files for the person to keep. */
import { zipSync } from 'fflate';
import { arduinoProject, headerOf, type SketchParts } from '../board/index.js';
import { TinyLMError } from '../model/errors.js';
import type { OpenEngine } from '../run/index.js';
import type { ExportedFile, ExportKind } from './protocol.js';
import type { RunStore } from './store.js';

export interface ExportTools {
  readonly store: RunStore;
  readonly open: OpenEngine;
  readonly sketch: () => Promise<SketchParts>;
}

/** A zip's times: the same model gives the same bytes. */
const MTIME = new Date(1980, 0, 1);
const TYPES: Readonly<Record<ExportKind, string>> = {
  tlm: 'application/octet-stream',
  header: 'text/x-c',
  arduino: 'application/zip',
  checkpoint: 'application/octet-stream',
};

/** What a sketch folder and a file may be called. */
const safe = (name: string): string => name.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^[^A-Za-z0-9_]+/, '').slice(0, 60) || 'model';

/** @throws TinyLMError `export-what` without the model or run, `tlm-…` */
export async function exportFile(
  { kind, name, tlm, run }: { readonly kind: ExportKind; readonly name: string; readonly tlm?: Uint8Array; readonly run?: string },
  { store, open, sketch }: ExportTools,
): Promise<ExportedFile> {
  const file = (ending: string, bytes: Uint8Array): ExportedFile => ({ name: safe(name) + ending, type: TYPES[kind], bytes: bytes.slice() });
  if (kind === 'checkpoint') {
    const bytes = run === undefined ? undefined : ((await store.read(run, 'best')) ?? (await store.read(run, 'last')));
    if (bytes === undefined) throw new TinyLMError('export-what', `${run ?? 'this model'} has no checkpoint here`, 'export the model itself');
    return file('.safetensors', bytes);
  }
  if (tlm === undefined) throw new TinyLMError('export-what', 'no model was given', 'train or load one first');
  switch (kind) {
    case 'tlm':
      return file('.tlm', tlm);
    case 'header':
      return file('.h', new TextEncoder().encode(await headerOf(tlm, open)));
    case 'arduino': {
      const folder = safe(name);
      const files = await arduinoProject(folder, tlm, 'esp32c3', await sketch(), open);
      const zipped = zipSync(Object.fromEntries(files.map(({ path, bytes }) => [`${folder}/${path}`, bytes])), { mtime: MTIME });
      return file('.zip', zipped);
    }
    default:
      return kind satisfies never;
  }
}
