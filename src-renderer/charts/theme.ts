import { onScopeDispose, readonly, shallowRef } from 'vue';

export interface ChartTheme {
  readonly grid: string;
  readonly line: string;
  readonly faint: string;
  readonly text: string;
  readonly background: string;
  readonly series: Readonly<Record<1 | 2, string>>;
  readonly font: string;
}

function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    grid: token('--grid'),
    line: token('--line'),
    faint: token('--faint'),
    text: token('--text'),
    background: token('--bg'),
    series: { 1: token('--c1'), 2: token('--c2') },
    font: getComputedStyle(document.body).fontFamily,
  };
}

/** The chart colours of the current theme; read again whenever the theme changes. */
export function useChartTheme() {
  const theme = shallowRef(readTheme());
  const refresh = () => {
    theme.value = readTheme();
  };
  const observer = new MutationObserver(refresh);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class'] });
  const systemTheme = matchMedia('(prefers-color-scheme: light)');
  systemTheme.addEventListener('change', refresh);
  onScopeDispose(() => {
    observer.disconnect();
    systemTheme.removeEventListener('change', refresh);
  });
  return readonly(theme);
}
