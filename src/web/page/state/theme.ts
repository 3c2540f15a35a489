/** Light, dark, or as the system says. */
import { computed, signal } from '@preact/signals';
import { keptSignal } from './kept.ts';

export const themes = ['system', 'light', 'dark'] as const;
export const theme = keptSignal('theme', 'system', themes);

const dark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(dark.matches);
dark.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches;
});

export const isDark = computed(() => (theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'));
isDark.subscribe((on) => {
  document.documentElement.dataset.theme = on ? 'dark' : 'light';
});

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
}
