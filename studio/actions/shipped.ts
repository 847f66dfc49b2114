/** Models that come with TinyLM: those in models/, whatever there is when the page is built. */
import { addModel } from './models.js';

interface Registry {
  readonly models: readonly { readonly name: string; readonly language: string; readonly about: string }[];
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

/** Loads one, to be tried. @returns whether it is there */
export async function openShipped({ name, url }: Shipped): Promise<boolean> {
  const answer = await fetch(url);
  return addModel({ name, from: 'shipped', tlm: new Uint8Array(await answer.arrayBuffer()) });
}
