/** The C tests under AddressSanitizer and UndefinedBehaviorSanitizer: every truncation, every bit, every vector. */
import { testVariants } from './native-support.js';

testVariants('gcc-san');
