/** A path as it can be pasted into a shell's command line: quoted where it has to be. */
export const shellWord = (path: string): string =>
  /^[\w@%+=:,./~\\-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
