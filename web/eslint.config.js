import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist', 'src/lib/api-types.ts', 'e2e/screenshots'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    // Links are made by `href` of lib/here.svelte.ts: there is no SvelteKit to resolve them.
    rules: {
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/no-at-html-tags': 'error',
      // A style attribute is against the content security policy; `style:` directives set styles by the CSSOM.
      'no-restricted-syntax': [
        'error',
        { selector: "SvelteAttribute[key.name='style']", message: 'Use style: directives.' },
      ],
    },
  },
  { rules: { '@typescript-eslint/consistent-type-imports': 'error', eqeqeq: 'error', 'no-console': 'error' } },
  { files: ['scripts/**', 'e2e/**'], rules: { 'no-console': 'off' } },
);
