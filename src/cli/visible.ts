/**
 * The one filter between foreign text and a terminal. Names in files, a device's words, a model's text may hold
 * characters that command a terminal (colours, titles, the clipboard) or turn the order of what is read around.
 */

/** C0 but for line ends and tabs, DEL, C1; and the Unicode controls that embed, override or isolate a direction. */
const COMMANDS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const escaped = (c: string): string => {
  const code = c.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
};

/** Text whose characters command nothing: those that would are written as \xNN or \uNNNN. Line ends and tabs stay. */
export const visible = (text: string): string => text.replace(COMMANDS, escaped);

/** The same for what must stay on its line: a name, a field, a cell. */
export const visibleLine = (text: string): string => visible(text).replace(/[\t\n]/g, escaped);

/** JSON that commands nothing either, of the same value: what JSON.stringify leaves as it is is escaped too. */
export const visibleJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
