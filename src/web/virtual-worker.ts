/** The script of the virtual chip's worker. */
import { serve } from './calls.js';
import type { VirtualCalls } from './protocol.js';
import { scope } from './scope.js';
import { virtualHandlers } from './virtual-calls.js';

serve<VirtualCalls>(scope(), virtualHandlers());
