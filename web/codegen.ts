import type { CodegenConfig } from '@graphql-codegen/cli';

/** The operations of views that are loaded later have a module of their own, so that the first load does not hold them. */
const LATER = 'src/features/administration/*.graphql';

const OUTPUT = {
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
};

/** Generates a typed document for each operation and fragment in a .graphql file, from the snapshot of the schema. */
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  silent: true,
  generates: {
    'src/gql/index.ts': { documents: ['src/**/*.graphql', `!${LATER}`], ...OUTPUT },
    'src/gql/administration.ts': { documents: [LATER], ...OUTPUT },
  },
};

export default config;
