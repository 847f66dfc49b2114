/** Files for the person to keep. */
export function save(name: string, bytes: Uint8Array<ArrayBuffer> | string, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Whether this browser can hand a file to other programs. */
export function canShare(name: string, bytes: Uint8Array<ArrayBuffer>): boolean {
  return typeof navigator.canShare === 'function' && navigator.canShare({ files: [shared(name, bytes)] });
}

export const share = (name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> =>
  navigator.share({ files: [shared(name, bytes)], title: name });

const shared = (name: string, bytes: Uint8Array<ArrayBuffer>): File =>
  new File([bytes], name, { type: 'application/octet-stream' });

/** A name for a file, of whatever a text was called. */
export const fileName = (name: string): string =>
  name
    .replace(/\.[^.]*$/, '')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^-+|-+$/g, '') || 'model';
