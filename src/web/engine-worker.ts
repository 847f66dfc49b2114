/** The script of the engine worker. */
import { engineCode } from './assets.js';
import { serve } from './calls.js';
import { engineHandlers } from './engine-calls.js';
import type { EngineCalls } from './protocol.js';
import { scope } from './scope.js';

serve<EngineCalls>(scope(), engineHandlers(engineCode));
