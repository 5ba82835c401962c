import hooks from 'eslint-plugin-react-hooks';
import { globalIgnores } from 'eslint/config';
import typescript from 'typescript-eslint';

export default typescript.config(
  globalIgnores(['out/', '.next/', 'src/gql/', 'next-env.d.ts']),
  typescript.configs.strictTypeChecked,
  hooks.configs.flat['recommended-latest'],
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      'max-lines': ['error', 250],
      'no-console': 'error',
      // One chunk that cannot be loaded would take down the whole page, for good.
      'no-restricted-imports': [
        'error',
        { name: 'next/dynamic', message: 'Use lazyPart of features/lazy-parts.' },
        { name: 'react', importNames: ['lazy'], message: 'Use lazyPart of features/lazy-parts.' },
      ],
    },
  },
  { files: ['**/*.js'], extends: [typescript.configs.disableTypeChecked] },
);
