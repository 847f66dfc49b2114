/** The C tests of the engine with this machine's compilers. */
import { testVariants } from './native-support.js';

testVariants('gcc', 'gcc-m32', 'clang');
