/** Of shipped.plugin.ts. */
declare module 'virtual:shipped-bytes' {
  const bytes: Readonly<Record<string, number>>;
  export default bytes;
}
