// Besides the usual rules: who may import whom. lib < api < components < features < app; no feature imports another.
import hooks from 'eslint-plugin-react-hooks';
import { readdirSync } from 'node:fs';
import ts from 'typescript-eslint';

const LAYERS = ['lib', 'api', 'components', 'features', 'app'];
const above = (layer) => LAYERS.slice(LAYERS.indexOf(layer) + 1).map((name) => `~/${name}`);
const boundary = (files, forbidden, message) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ regex: `^(${forbidden.join('|')})(/|$)`, message }, { regex: '^\\.\\./', message: 'Write ~/…: it shows the layer.' }] },
    ],
  },
});

export default ts.config(
  { ignores: ['dist', 'generated', 'node_modules'] },
  ...ts.configs.strict,
  hooks.configs.flat['recommended-latest'],
  ...LAYERS.filter((layer) => layer !== 'features').map((layer) =>
    boundary([`src/${layer}/**`], [...above(layer), 'nowhere'], `${layer} must not import what stands above it.`),
  ),
  ...readdirSync('src/features').map((name) =>
    boundary(
      [`src/features/${name}/**`],
      ['~/app', `~/features/(?!${name}(/|$))[a-z]+`],
      'A feature imports neither the app nor another feature.',
    ),
  ),
);
