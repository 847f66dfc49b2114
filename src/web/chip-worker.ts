/** The script of the chip worker. */
import { engineCode, openEngine, prebuilt } from './assets.js';
import { serve } from './calls.js';
import { chipHandlers } from './chip-calls.js';
import type { ChipCalls } from './protocol.js';
import { scope } from './scope.js';

serve<ChipCalls>(scope(), chipHandlers({ code: engineCode, open: openEngine, prebuilt, host: navigator.userAgent }));
