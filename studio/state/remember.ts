/** Small choices that outlive a reload. In private windows storage may be closed: then they last as long as the page. */
const here = new Map<string, string>();

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`tinylm-${name}`) ?? here.get(name) ?? null;
  } catch {
    return here.get(name) ?? null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`tinylm-${name}`);
    else localStorage.setItem(`tinylm-${name}`, value);
  } catch {
    // kept below
  }
  if (value === null) here.delete(name);
  else here.set(name, value);
}
