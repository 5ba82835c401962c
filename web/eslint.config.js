import formatjs from 'eslint-plugin-formatjs';
import hooks from 'eslint-plugin-react-hooks';
import { globalIgnores } from 'eslint/config';
import typescript from 'typescript-eslint';

/** Texts that are the same in every language, or that are shown before the catalogue is loaded. */
const WITHOUT_CATALOGUE = ['src/app/**', 'src/features/tasks-page/PageSkeleton.tsx'];

/** A sentence, or words that start like one: people see it. */
const SENTENCE = '/^[A-Z“][^ ]* .*[a-z]{2}/';
/** The message of a thrown error is for developers. */
const NOT_THROWN = ':not(NewExpression[callee.name=/Error$/])';
const USE_CATALOGUE = 'Put the text into messages/*.json and use `t` of ui/messages.';

export default typescript.config(
  globalIgnores(['out/', '.next/', 'src/catalog/', 'src/gql/', 'next-env.d.ts']),
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
  {
    files: ['src/**'],
    ignores: WITHOUT_CATALOGUE,
    plugins: { formatjs },
    rules: {
      'formatjs/no-literal-string-in-jsx': ['error', { props: { include: [['*', '{label,placeholder,title}']] } }],
      'no-restricted-syntax': [
        'error',
        { selector: `${NOT_THROWN} > Literal[value=${SENTENCE}]`, message: USE_CATALOGUE },
        {
          selector: `${NOT_THROWN} > TemplateLiteral > TemplateElement[value.raw=${SENTENCE}]`,
          message: USE_CATALOGUE,
        },
      ],
    },
  },
  { files: ['**/*.js'], extends: [typescript.configs.disableTypeChecked] },
);
