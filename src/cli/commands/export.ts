import { join } from 'node:path';
import type { Command } from 'commander';
import { cHeader, exportBins, readTlm, writeTlm, type Packing } from '../../format/index.js';
import { keepOthers, makeFolder, writeAtomic } from '../../node/files.js';
import { verb, type Context } from '../context.js';
import { openTlm } from '../model-source.js';
import { addOptions } from '../options.js';
import { table } from '../terminal.js';
import { count } from '../values.js';

interface Options {
  packing: Packing;
  out: string;
  force?: boolean;
  header: boolean | string;
  json?: boolean;
}

export function exportCommand(context: Context): Command {
  const command = verb(
    'export',
    'Write a model for other programs: the .tlm, one .bin a tensor, and a C header on request.',
    ['tinylm export run/demo --out model', 'tinylm export run/demo --packing t2 --header --out firmware/model'],
  ).argument('<model>', 'a run folder, a .tlm file or a checkpoint');
  addOptions(command, ['packing', 'out'], { out: { about: 'folder to write into', initial: 'export' } });
  command.option(
    '--header [name]',
    'also model.h, the file as a C array of this name (default name: tinylm_model)',
    false,
  );
  addOptions(command, ['force', 'json']);
  return command.action((path: string, options: Options) => exportFiles(context, path, options));
}

function exportFiles({ terminal }: Context, path: string, { packing, out, header, force, json }: Options): void {
  const { file } = openTlm(path);
  const bytes = writeTlm({ model: file.model, tokenizer: file.tokenizer, metadata: file.metadata, packing });
  const files = [{ name: 'model.tlm', bytes }, ...exportBins(readTlm(bytes), bytes)];
  if (header !== false)
    files.push({
      name: 'model.h',
      bytes: new TextEncoder().encode(cHeader(bytes, header === true ? 'tinylm_model' : header)),
    });
  const there = files.map((f) => ({ path: join(out, f.name), bytes: f.bytes }));
  if (!force) keepOthers(there);
  makeFolder(out);
  for (const { path: file, bytes: content } of there) writeAtomic(file, content);
  const written = there.map((f) => ({ file: f.path, bytes: f.bytes.length }));
  if (json) terminal.json({ packing, files: written });
  else terminal.out(table(written.map((f) => [f.file, `${count(f.bytes)} bytes`])));
}
