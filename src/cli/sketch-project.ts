/** Folders for sketches, from the sources in the package. */
import { basename, resolve } from 'node:path';
import * as board from '../board/sketch.js';
import { LIBRARY, libraryJson, sketchParts } from '../node/library.js';
import { VERSION } from '../run/version.js';
import { openEngine } from './engine.js';

export { BOARDS, type BoardChip } from '../board/sketch.js';

/** The header of a model. @param name of the array; default tinylm_model */
export const headerOf = (tlm: Uint8Array, name?: string): Promise<string> => board.headerOf(tlm, openEngine, name);

/** The files of a sketch folder, which bears the sketch's name. @throws UsageError when that is no name for a sketch */
export const arduinoProject = (folder: string, tlm: Uint8Array, chip: board.BoardChip): Promise<board.LibraryFile[]> =>
  board.arduinoProject(basename(resolve(folder)), tlm, chip, sketchParts(), openEngine);

/** The files of a PlatformIO project. */
export const platformioProject = (tlm: Uint8Array, chip: board.BoardChip): Promise<board.LibraryFile[]> =>
  board.platformioProject(
    tlm,
    chip,
    sketchParts(),
    { name: LIBRARY.name, json: libraryJson({ version: VERSION }) },
    openEngine,
  );
