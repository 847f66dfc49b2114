/** A page's side of the workers. */
export type * from './protocol.js';
