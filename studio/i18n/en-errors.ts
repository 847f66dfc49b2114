/** Errors by their code: what happened, and what to do next. The message with the figures stands below it. */
export interface ErrorWords {
  readonly title: string;
  readonly next: string;
}

const table: Record<string, ErrorWords> = {
  unknown: {
    title: 'Something went wrong',
    next: 'Try again. If it happens again, reload the page: trained models and runs are kept.',
  },
  // families: what stands before the first hyphen of a code
  corpus: {
    title: 'This file cannot be read as it is',
    next: 'Choose its kind or encoding under “How it is read”, or give it as plain text.',
  },
  tlm: {
    title: 'The model file is damaged, or of another version',
    next: 'Get the file again from where you have it.',
  },
  checkpoint: { title: 'The run cannot go on from where it was', next: 'Start a new run.' },
  store: { title: 'The browser could not keep this', next: 'Remove earlier runs, or free space on the disk.' },
  device: { title: 'The board has refused', next: 'Try again; RESET on the board helps when it hangs.' },
  port: { title: 'The port gives trouble', next: 'Unplug the board, plug it in again and choose its port.' },
  flash: {
    title: 'Writing has failed',
    next: 'Nothing is lost: check the cable, plug the board in again and write once more. It works again when all was written.',
  },
  unexpected: {
    title: 'This is a fault of TinyLM itself',
    next: 'Reload the page: models and runs are kept. Please report it with these words.',
  },
  usage: {
    title: 'These options do not go together',
    next: 'Change the option that is named under “Every option”, or go back to the slider.',
  },
  model: { title: 'This model cannot be', next: 'Go back to the slider, or change the option that is named.' },
  train: { title: 'It cannot be trained this way', next: 'Change the option that is named.' },
  tokenizer: {
    title: 'The vocabulary cannot be made',
    next: 'Choose another vocabulary under “Every option”, or give more text.',
  },
  quantize: {
    title: 'The weights cannot be made small',
    next: 'Train again, with a lower learning rate under “Every option”.',
  },
  safetensors: { title: 'What was kept of the run is damaged', next: 'Start a new run.' },
  run: { title: 'This run cannot be used', next: 'Remove it, and train again.' },
  engine: { title: 'The model cannot be run here', next: 'Open it again, or reload the page.' },
  export: { title: 'The file cannot be made', next: 'Try again with another name for the model.' },
  asset: {
    title: 'A part of this page could not be loaded',
    next: 'Reload the page. Without a network it works only after a first visit with one.',
  },
  chip: { title: 'The virtual chip has stopped', next: 'Disconnect, and start it again.' },
  virtual: { title: 'The virtual chip has stopped', next: 'Disconnect, and start it again.' },
  partition: { title: 'The flash of this board is laid out in another way', next: 'Write firmware and model.' },
  prebuilt: { title: 'The firmware of this page is damaged', next: 'Reload the page, and try again.' },
  idf: {
    title: 'Such a firmware is not written from here',
    next: 'Write it with “tinylm flash --build”, then write the model here.',
  },
  settings: {
    title: 'The board does not keep this setting',
    next: 'Set it again after each restart, or use the whole firmware.',
  },
  frame: { title: 'The board’s answer is damaged', next: 'Use a shorter cable or another USB socket, then try again.' },
  evaluate: { title: 'There is nothing to measure on', next: 'Give more text.' },
  'worker-failed': {
    title: 'A part of this page could not be loaded',
    next: 'Reload the page. Without a network it works only after a first visit with one.',
  },
  'model-size': {
    title: 'No model for this text is that small',
    next: 'Choose a larger size, or fewer tokens under “Every option”.',
  },
  'model-unknown': { title: 'This model is not loaded any more', next: 'Open it again, or reload the page.' },
  'train-busy': { title: 'A model is being trained already', next: 'Stop it first, or wait for its end.' },
  'run-idle': { title: 'This run does not train any more', next: 'Go on with it from the list of earlier runs.' },
  'corpus-unknown': { title: 'The text is not there any more', next: 'Choose it again in the step Text.' },
  'corpus-not-found': {
    title: 'The text of this run is not there any more',
    next: 'Choose it again in the step Text, and train anew.',
  },
  'corpus-empty': { title: 'There is no text in it', next: 'Give a file with text, or choose another way to read it.' },
  'corpus-binary': {
    title: 'This is no text',
    next: 'Export it as text first: a document as .txt or .html, a sheet as .csv.',
  },
  'corpus-too-large': {
    title: 'This file is very large',
    next: 'Limit how much of it is read under “How it is read”.',
  },
  'corpus-too-small': {
    title: 'This is too little to learn from',
    next: 'Give some sentences at least; from about 100 KB on it writes sentences of its own.',
  },
  'corpus-small': {
    title: 'This is too little to learn from',
    next: 'Give some sentences at least; from about 100 KB on it writes sentences of its own.',
  },
  'corpus-encoding': { title: 'The letters cannot be read', next: 'Choose the encoding under “How it is read”.' },
  'model-config': {
    title: 'These sizes do not go together',
    next: 'Change the option that is named, or go back to the slider.',
  },
  'tokenizer-vocab': { title: 'This vocabulary cannot be', next: 'Choose another number under “Every option”.' },
  'train-options': { title: 'It cannot be trained this way', next: 'Change the option that is named.' },
  'train-diverged': {
    title: 'The training ran away',
    next: 'Choose a lower learning rate under “Every option” and train again.',
  },
  'train-memory': {
    title: 'The browser gives no more memory',
    next: 'Close other tabs, or choose a smaller model or batch.',
  },
  'checkpoint-corpus': { title: 'The run belongs to another text', next: 'Start a new run with this text.' },
  'store-full': { title: 'The browser’s storage is full', next: 'Remove earlier runs, or free space on the disk.' },
  'run-locked': { title: 'A run trains in another tab', next: 'Go to that tab, or close it.' },
  'tlm-magic': { title: 'This is not a model', next: 'Choose a .tlm file. Texts go into the step Text.' },
  'tlm-crc': { title: 'The model file is damaged', next: 'Get the file again from where you have it.' },
  'sampler-option': { title: 'One of the numbers cannot be', next: 'Set it within the range that is named.' },
  'port-missing': { title: 'The board is gone', next: 'Plug it in again and choose its port.' },
  'port-lost': {
    title: 'The board was unplugged',
    next: 'Plug it in again, try another cable, then begin again. What was written half is written again.',
  },
  'port-busy': {
    title: 'Another program holds the port',
    next: 'Close serial monitors and other tabs that talk to the board, then try again.',
  },
  'port-denied': {
    title: 'No permission for the port',
    next: 'On Linux: sudo usermod -aG dialout $USER, then log out and in again.',
  },
  'port-closed': { title: 'The port was closed', next: 'Choose the port again.' },
  'port-stalled': { title: 'The board takes no more bytes', next: 'Unplug it, plug it in again and try again.' },
  'device-silent': {
    title: 'The board does not answer',
    next: 'Press RESET on the board and try again. If it was never flashed, write firmware and model.',
  },
  'device-line': {
    title: 'Bytes were damaged on the way',
    next: 'Use a shorter cable or another USB socket, then try again.',
  },
  'device-bad-model': {
    title: 'The board refuses the model',
    next: 'Its firmware may be older than the model: write firmware and model.',
  },
  'device-unsupported': {
    title: 'The firmware on this board cannot do that',
    next: 'The small firmware of this page has no Wi-Fi: build the whole one with ESP-IDF (firmware/README.md).',
  },
  'device-too-large': {
    title: 'The model does not fit into the board',
    next: 'Choose a smaller size and train again, or use a board with more flash.',
  },
  'device-forbidden': {
    title: 'The board wants its token',
    next: 'It was set when the board joined its network; over the cable it can be changed.',
  },
  'device-busy': { title: 'The board is busy', next: 'Wait for it, or press Stop.' },
  'flash-connect': {
    title: 'The chip does not enter its loader',
    next: 'Hold BOOT, press and release RESET, release BOOT, and try again.',
  },
  'flash-stalled': {
    title: 'The chip has stopped answering',
    next: 'Try again; if it stops again, use another cable or USB socket.',
  },
  'flash-verify': {
    title: 'What was written is not what is there',
    next: 'Try again with another cable. If it stays so, the flash of the board is damaged.',
  },
  'flash-stopped': {
    title: 'Stopped before all was written',
    next: 'Write again: until then the board may not start.',
  },
  'flash-chip': {
    title: 'This firmware is for another chip',
    next: 'For this chip, build the firmware once with ESP-IDF and write the model alone.',
  },
  'flash-size': { title: 'The flash of this board is too small', next: 'Use a board with 4 MB or more.' },
  'partition-table': { title: 'There is no TinyLM on this board yet', next: 'Write firmware and model.' },
  'no-model-partition': {
    title: 'The board has no place for a model',
    next: 'It runs another program. Write firmware and model to replace it.',
  },
  'model-too-large': { title: 'The model is larger than its place', next: 'Choose a smaller size and train again.' },
  'model-ram': {
    title: 'The model needs more memory than the board has',
    next: 'Choose a smaller size and train again.',
  },
};

/** The words of a code, else of its family (`corpus-yaml` is of `corpus`); undefined for one of neither. */
export const errorWords = (words: Readonly<Record<string, ErrorWords>>, code: string): ErrorWords | undefined =>
  words[code] ?? words[code.replace(/-.*/, '')];

export const errors = {
  table,
  details: 'What exactly',
  said: 'It said',
};
