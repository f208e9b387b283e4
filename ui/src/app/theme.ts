/** Calm colours, enough contrast in both schemes. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const petrol: MantineColorsTuple = [
  '#eaf6f7', '#d5eaec', '#a9d4d9', '#79bdc5', '#52aab5', '#3c9eaa', '#2b8f9c', '#1a7f8c', '#0b6e7a', '#005c68',
];

export const theme = createTheme({
  colors: { petrol },
  primaryColor: 'petrol',
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.78rem', sm: '0.875rem', md: '0.94rem' },
  headings: { fontWeight: '650' },
  // What would take the focus in place of the first item is no item of a menu.
  components: { Menu: { defaultProps: { withInitialFocusPlaceholder: false } } },
});

/** Mantine's dimmed grey is too faint to read well, and so is its red. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#5c6670', '--mantine-color-error': '#c22727' },
  dark: { '--mantine-color-dimmed': '#a3aab2', '--mantine-color-error': '#ff8a82' },
});
