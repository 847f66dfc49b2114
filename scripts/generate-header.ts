/**
 * Writes the C headers that carry SPEC.md's numbers, tables and rules. Run from the repository root after changing
 * src/format/constants.ts, src/model/layers, src/train/abi.ts or SPEC.md.
 */
import { writeFileSync } from 'node:fs';
import { GENERATED_HEADERS } from '../src/format/header.js';
import { ABI_HEADER, abiHeader } from '../src/train/abi.js';

for (const [file, text] of Object.entries(GENERATED_HEADERS)) writeFileSync(file, text());
writeFileSync(ABI_HEADER, abiHeader());
