/** Models that come with TinyLM: those in models/, whatever there is when the page is built. */
import { rows } from '../../bench/results/sizes.json';
import bytesOf from 'virtual:shipped-bytes';
import type { Measured } from '../state/expected.js';
import { addModel } from './models.js';

interface Registry {
  readonly models: readonly {
    readonly name: string;
    readonly language: string;
    readonly about: string;
    readonly measured: { readonly bitsPerByte: number; readonly own?: boolean };
  }[];
}

const urls = import.meta.glob<string>('../../models/*/*.tlm', { eager: true, query: '?url', import: 'default' });
const registries = import.meta.glob<Registry>('../../models/models.json', { eager: true, import: 'default' });

export interface Shipped {
  readonly name: string;
  /** As in HTML's lang. */
  readonly language: string;
  /** In English. */
  readonly about: string;
  readonly url: string;
}

export const shipped: readonly Shipped[] = Object.values(registries)
  .flatMap(({ models }) => models)
  .flatMap(({ name, language, about }) => {
    const url = urls[`../../models/${name}/${name}.tlm`];
    return url === undefined ? [] : [{ name, language, about, url }];
  });

/** What those in English reach on stories that they have not seen, by their sizes. */
export const measuredModels: readonly Measured[] = Object.values(registries)
  .flatMap(({ models }) => models)
  .filter(({ language, measured }) => language === 'en' && measured.own !== true)
  .flatMap(({ name, measured }) =>
    bytesOf[name] === undefined ? [] : [{ bytes: bytesOf[name], bits: measured.bitsPerByte }],
  )
  .sort((a, b) => a.bytes - b.bytes);

/** What models reach that the bench trained briefly, one trit a weight (RESULTS.md, "Quality by size"); ascending. */
export const briefModels: readonly Measured[] = rows.map(({ bytes, exported }) => ({ bytes, bits: exported }));

/** Loads one, to be tried. @returns whether it is there */
export async function openShipped({ name, url }: Shipped): Promise<boolean> {
  const answer = await fetch(url);
  return addModel({ name, from: 'shipped', tlm: new Uint8Array(await answer.arrayBuffer()) });
}
