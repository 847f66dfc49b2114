/** The package's version, for rooms that cannot read package.json. scripts/versions.ts knows this place. */
export const VERSION = '0.1.0';
