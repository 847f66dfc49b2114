/** What bytes are like as text. */
export interface ByteCensus {
  bytes: number;
  /** Bytes that belong to no valid UTF-8 character (overlong forms and surrogates are not valid). */
  invalid: number;
  /** Control bytes other than line ends, tab and the separator of JSON sequences (RS); NUL and DEL among them. */
  control: number;
}

/** The same, with what finding the encoding needs. */
export interface Census extends ByteCensus {
  /** Valid characters of more than one byte. */
  wide: number;
  /** Where the invalid bytes are, the first million of them. */
  stray: number[];
}

const MOST_STRAY = 1_000_000;

/** Counts invalid UTF-8 and control bytes. A character cut off by the end of the bytes counts as invalid. */
export function censusBytes(bytes: Uint8Array): ByteCensus {
  const { invalid, control } = surveyBytes(bytes);
  return { bytes: bytes.length, invalid, control };
}

/** Counts, and says where the invalid bytes are. */
export function surveyBytes(bytes: Uint8Array): Census {
  const stray: number[] = [];
  let invalid = 0;
  let control = 0;
  let wide = 0;
  for (let i = 0; i < bytes.length; ) {
    const b = bytes[i];
    if (b < 0x80) {
      if (b === 0x7f || (b < 0x20 && !(b >= 9 && b <= 13) && b !== 0x1e)) control++;
      i++;
      continue;
    }
    const length = b >= 0xc2 && b <= 0xdf ? 2 : (b & 0xf0) === 0xe0 ? 3 : b >= 0xf0 && b <= 0xf4 ? 4 : 0;
    // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF (Unicode, table 3-7).
    const low = b === 0xe0 ? 0xa0 : b === 0xf0 ? 0x90 : 0x80;
    const high = b === 0xed ? 0x9f : b === 0xf4 ? 0x8f : 0xbf;
    let whole = length > 0 && i + length <= bytes.length && bytes[i + 1] >= low && bytes[i + 1] <= high;
    for (let k = 2; whole && k < length; k++) whole = (bytes[i + k] & 0xc0) === 0x80;
    if (whole) wide++;
    else if (invalid++ < MOST_STRAY) stray.push(i);
    i += whole ? length : 1;
  }
  return { bytes: bytes.length, invalid, control, wide, stray };
}
