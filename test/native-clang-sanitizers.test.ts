/** As native-gcc-sanitizers.test.ts, with clang's, which find other things. */
import { testVariants } from './native-support.js';

testVariants('clang-san');
