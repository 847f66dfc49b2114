/** Light, dark, or as the system is. */
import { computed, effect, signal } from '@preact/signals';
import { remember, remembered } from './remember.js';

export type Theme = 'system' | 'light' | 'dark';
const asked = new URLSearchParams(location.search).get('theme') ?? remembered('theme');
export const theme = signal<Theme>(asked === 'light' || asked === 'dark' ? asked : 'system');

const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);
system.addEventListener('change', () => {
  systemDark.value = system.matches;
});

/** What shows now. */
export const scheme = computed(() => (theme.value === 'system' ? (systemDark.value ? 'dark' : 'light') : theme.value));

export function setTheme(wanted: Theme): void {
  theme.value = wanted;
  remember('theme', wanted === 'system' ? null : wanted);
}

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
});
