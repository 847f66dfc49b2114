/** Files that are no text, known by their first bytes: what they are, and the way to the text inside. */

export interface Kind {
  /** With its article: `a PDF`. */
  readonly what: string;
  readonly way: string;
}

interface Magic extends Kind {
  readonly at?: number;
  /** The bytes, as Latin-1. */
  readonly start: string;
}

const PICTURE = 'Give a text file; a picture of text needs OCR first, e.g. tesseract.';
const SOUND = 'Give a text file; speech needs a transcript first, e.g. by whisper.';
const MODEL = 'It is a model, not a text. Give the text itself; tinylm generate writes with a model.';

/** Most telling first. */
const MAGICS: readonly Magic[] = [
  { start: 'TLM\x1a', what: 'a .tlm model of TinyLM', way: MODEL },
  { start: 'TLS\x1a', what: 'a snapshot of TinyLM', way: MODEL },
  { start: '{"', at: 8, what: 'a safetensors checkpoint', way: MODEL },
  { start: 'GGUF', what: 'a GGUF model', way: MODEL },
  { start: '\x1f\x8b', what: 'a gzip archive', way: 'Unpack it first: gunzip -c FILE | tinylm train -' },
  { start: 'BZh', what: 'a bzip2 archive', way: 'Unpack it first: bunzip2 -c FILE | tinylm train -' },
  { start: '\xfd7zXZ\0', what: 'an xz archive', way: 'Unpack it first: xz -dc FILE | tinylm train -' },
  { start: '\x28\xb5\x2f\xfd', what: 'a Zstandard archive', way: 'Unpack it first: zstd -dc FILE | tinylm train -' },
  { start: '\x04\x22\x4d\x18', what: 'an LZ4 archive', way: 'Unpack it first: lz4 -dc FILE | tinylm train -' },
  { start: '7z\xbc\xaf\x27\x1c', what: 'a 7-Zip archive', way: 'Unpack it first, e.g. with 7z x.' },
  { start: 'Rar!', what: 'a RAR archive', way: 'Unpack it first, e.g. with unrar x.' },
  { start: 'ustar', at: 257, what: 'a tar archive', way: 'Unpack it first with tar xf, and give the folder.' },
  { start: '%PDF-', what: 'a PDF', way: 'Extract its text first: pdftotext FILE text.txt' },
  {
    start: '{\\rtf',
    what: 'a document in RTF',
    way: 'Save it as plain text first: soffice --headless --convert-to txt:Text FILE',
  },
  {
    start: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
    what: 'an old Office document (.doc, .xls)',
    way: 'Save it as plain text first: soffice --headless --convert-to txt:Text FILE',
  },
  {
    start: 'SQLite format 3\0',
    what: 'an SQLite database',
    way: 'Export the text first: sqlite3 -csv -header FILE "select …" > text.csv',
  },
  { start: 'BOOKMOBI', at: 60, what: 'a Kindle book', way: 'Save it as text first: ebook-convert FILE text.txt' },
  { start: 'ARROW1', what: 'an Arrow file', way: 'Save it as Parquet first (pyarrow, datasets: to_parquet).' },
  { start: '\x89HDF', what: 'an HDF5 file', way: 'Export its text first, e.g. as JSON lines.' },
  { start: '\x93NUMPY', what: 'a NumPy array', way: 'Export its text first, e.g. as JSON lines.' },
  { start: '\x80\x02', what: 'a Python pickle', way: 'Export its text first, e.g. as JSON lines.' },
  { start: '\x89PNG', what: 'a PNG picture', way: PICTURE },
  { start: '\xff\xd8\xff', what: 'a JPEG picture', way: PICTURE },
  { start: 'GIF8', what: 'a GIF picture', way: PICTURE },
  { start: 'WEBP', at: 8, what: 'a WebP picture', way: PICTURE },
  { start: 'ID3', what: 'an MP3 recording', way: SOUND },
  { start: 'OggS', what: 'an Ogg recording', way: SOUND },
  { start: 'fLaC', what: 'a FLAC recording', way: SOUND },
  { start: 'WAVE', at: 8, what: 'a WAV recording', way: SOUND },
  { start: 'ftyp', at: 4, what: 'a video or recording (MP4)', way: SOUND },
  { start: '\x1aE\xdf\xa3', what: 'a video (Matroska)', way: SOUND },
  { start: '\x7fELF', what: 'a program', way: 'Give a text file.' },
  { start: '\0asm', what: 'a WebAssembly module', way: 'Give a text file.' },
];

const LFS = /^version https:\/\/git-lfs\.github\.com\/spec\//;

/** What is inside a zip archive, by the names and types that stand in its first bytes. */
const ZIPS: readonly (readonly [RegExp, Kind])[] = [
  [
    /mimetypeapplication\/epub/,
    { what: 'an EPUB book', way: 'Save it as text first: pandoc FILE -t plain -o text.txt (or ebook-convert)' },
  ],
  [
    /mimetypeapplication\/vnd\.oasis/,
    { what: 'an OpenDocument text', way: 'Save it as plain text first: pandoc FILE -t plain -o text.txt' },
  ],
  [/word\//, { what: 'a Word document (.docx)', way: 'Save it as plain text first: pandoc FILE -t plain -o text.txt' }],
  [/xl\//, { what: 'an Excel sheet (.xlsx)', way: 'Save it as CSV first, e.g. from the spreadsheet program.' }],
  [/ppt\//, { what: 'a PowerPoint file (.pptx)', way: 'Save its text first, e.g. as an outline.' }],
  [
    /\[Content_Types\]\.xml|_rels\//,
    { what: 'an Office document (.docx, .xlsx)', way: 'Save it as plain text first: pandoc FILE -t plain -o text.txt' },
  ],
  [/data\.pkl/, { what: 'a PyTorch checkpoint', way: MODEL }],
  [/\.npy/, { what: 'a NumPy archive', way: 'Export its text first, e.g. as JSON lines.' }],
];

const ZIP: Kind = { what: 'a zip archive', way: 'Unpack it first with unzip, and give the folder or the text in it.' };

/** How many first bytes `binaryKind` looks at. */
export const MAGIC_BYTES = 4096;

/** What a file is that is no text for us, by its first bytes; undefined for all others. */
export function binaryKind(head: Uint8Array): Kind | undefined {
  const start = Array.from(head.subarray(0, MAGIC_BYTES), (b) => String.fromCharCode(b)).join('');
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06'))
    return ZIPS.find(([inside]) => inside.test(start))?.[1] ?? ZIP;
  if (LFS.test(start))
    return { what: 'a Git LFS pointer: the name of a file, not the file', way: 'Fetch the file itself: git lfs pull' };
  const found = MAGICS.find(({ start: magic, at = 0 }) => start.startsWith(magic, at) && plausible(magic, start));
  return found && { what: found.what, way: found.way };
}

/** Some magics are letters that a text could begin with: then what follows must be no text. */
function plausible(magic: string, start: string): boolean {
  if (magic === '{"') return start.slice(4, 8) === '\0\0\0\0';
  if (['BZh', 'ID3', 'GGUF', 'WAVE', 'WEBP', 'ftyp', 'ustar', 'OggS', 'fLaC', 'GIF8', 'Rar!'].includes(magic))
    return /[\0-\x08\x0e-\x1f]/.test(start.slice(0, 600));
  return true;
}
