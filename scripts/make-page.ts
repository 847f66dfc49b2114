/** Writes firmware/app/fw_page.c, the device's own page as a C array, from page.html. Run from the repository root. */
import { readFileSync, writeFileSync } from 'node:fs';
import { pageSource } from '../src/device/page.js';

writeFileSync('firmware/app/fw_page.c', pageSource(readFileSync('firmware/app/page.html')));
