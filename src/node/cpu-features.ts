/**
 * Which instructions a build uses and which a processor offers. A hypervisor may hide some of them under the same
 * model name, and a compiler may be told to use more than there are: both end with an illegal instruction.
 */
import { readFileSync } from 'node:fs';

/** Sets of instructions: the macro by which gcc and clang tell that they use one, and its name in /proc/cpuinfo. */
const FEATURES: Readonly<Record<string, string>> = {
  __SSE3__: 'pni',
  __SSSE3__: 'ssse3',
  __SSE4_1__: 'sse4_1',
  __SSE4_2__: 'sse4_2',
  __POPCNT__: 'popcnt',
  __AVX__: 'avx',
  __F16C__: 'f16c',
  __FMA__: 'fma',
  __BMI__: 'bmi1',
  __BMI2__: 'bmi2',
  __LZCNT__: 'abm',
  __MOVBE__: 'movbe',
  __AVX2__: 'avx2',
  __FMA4__: 'fma4',
  __XOP__: 'xop',
  __GFNI__: 'gfni',
  __ADX__: 'adx',
  __AES__: 'aes',
  __VAES__: 'vaes',
  __PCLMUL__: 'pclmulqdq',
  __VPCLMULQDQ__: 'vpclmulqdq',
  __SHA__: 'sha_ni',
  __AVX512F__: 'avx512f',
  __AVX512CD__: 'avx512cd',
  __AVX512BW__: 'avx512bw',
  __AVX512DQ__: 'avx512dq',
  __AVX512VL__: 'avx512vl',
  __AVX512IFMA__: 'avx512ifma',
  __AVX512VBMI__: 'avx512vbmi',
  __AVX512VBMI2__: 'avx512_vbmi2',
  __AVX512VNNI__: 'avx512_vnni',
  __AVX512BITALG__: 'avx512_bitalg',
  __AVX512VPOPCNTDQ__: 'avx512_vpopcntdq',
  __AVX512BF16__: 'avx512_bf16',
  __AVX512FP16__: 'avx512_fp16',
  __AVXVNNI__: 'avx_vnni',
  __AVXIFMA__: 'avx_ifma',
  __AMX_TILE__: 'amx_tile',
  __AMX_INT8__: 'amx_int8',
  __AMX_BF16__: 'amx_bf16',
  __ARM_FEATURE_SVE: 'sve',
  __ARM_FEATURE_SVE2: 'sve2',
  __ARM_FEATURE_DOTPROD: 'asimddp',
  __ARM_FEATURE_FP16_VECTOR_ARITHMETIC: 'asimdhp',
  __ARM_FEATURE_BF16: 'bf16',
  __ARM_FEATURE_MATMUL_INT8: 'i8mm',
  __ARM_FEATURE_ATOMICS: 'atomics',
  __ARM_FEATURE_CRC32: 'crc32',
};

/** What a build with these macros (`cc -dM -E`) uses, by the names of /proc/cpuinfo, sorted. */
export function featuresUsed(macros: string): string[] {
  const defined = new Set([...macros.matchAll(/^#define (\w+) /gm)].map(([, name]) => name));
  return Object.entries(FEATURES)
    .filter(([macro]) => defined.has(macro))
    .map(([, name]) => name)
    .sort();
}

/**
 * What all of this machine's processors offer.
 * @param cpuinfo the text of /proc/cpuinfo
 * @returns undefined where it is not told
 */
export function featuresOffered(cpuinfo: string | undefined): Set<string> | undefined {
  const each = [...(cpuinfo ?? '').matchAll(/^(?:flags|Features)\s*:(.*)$/gm)].map(([, words]) =>
    words.trim().split(/\s+/),
  );
  if (each.length === 0) return undefined;
  return new Set(each[0].filter((name) => each.every((names) => names.includes(name))));
}

/** /proc/cpuinfo, where there is one. */
export function readCpuinfo(): string | undefined {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined; // another system: its compiler's word is taken
  }
}

/** What a build uses and a processor lacks; empty where all is there, or nothing is told. */
export function featuresMissing(macros: string, cpuinfo: string | undefined): string[] {
  const offered = featuresOffered(cpuinfo);
  return offered === undefined ? [] : featuresUsed(macros).filter((name) => !offered.has(name));
}
