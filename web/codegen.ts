import type { CodegenConfig } from '@graphql-codegen/cli';

/** Generates a typed document for each operation and fragment in a .graphql file, from the snapshot of the schema. */
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  documents: ['src/**/*.graphql'],
  silent: true,
  generates: {
    'src/gql/index.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        inlineFragmentTypes: 'mask',
        customDirectives: { apolloUnmask: true },
        nonOptionalTypename: true,
        skipTypeNameForRoot: true,
        useTypeImports: true,
        arrayInputCoercion: false,
        scalars: { ID: 'string', DateTime: 'string' },
        optimizeDocumentNode: true,
        dedupeFragments: true,
      },
    },
  },
};

export default config;
