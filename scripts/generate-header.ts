/** Writes engine/src/tlm_spec.h and engine/src/tlm_tables.h. Run from the repository root after changing SPEC.md. */
import { writeFileSync } from 'node:fs';
import { specHeader, tablesHeader } from '../src/format/header.js';

writeFileSync('engine/src/tlm_spec.h', specHeader());
writeFileSync('engine/src/tlm_tables.h', tablesHeader());
