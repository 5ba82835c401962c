import type { CodegenConfig } from '@graphql-codegen/cli';

/** These operations have a module of their own, by its name, so that the first load of the list does not hold them. */
const LATER = {
  administration: 'src/features/administration/*.graphql',
  bulk: 'src/features/bulk-changes/Bulk*.graphql',
  insight: 'src/features/insight/*.graphql',
};
/** The fragment that is spread in the first load and by bulk changes. */
const SHARED = 'src/features/tasks/BulkTask.graphql';

const OUTPUT = {
  plugins: ['typescript-operations', 'typed-document-node'],
  config: {
    inlineFragmentTypes: 'mask',
    customDirectives: { apolloUnmask: true },
    nonOptionalTypename: true,
    skipTypeNameForRoot: true,
    useTypeImports: true,
    arrayInputCoercion: false,
    scalars: { ID: 'string', DateTime: 'string', JSONObject: 'Record<string, unknown>' },
    optimizeDocumentNode: true,
    dedupeFragments: true,
  },
};

/** Generates a typed document for each operation and fragment in a .graphql file, from the snapshot of the schema. */
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  silent: true,
  generates: {
    'src/gql/index.ts': {
      documents: ['src/**/*.graphql', ...Object.values(LATER).map((path) => `!${path}`)],
      ...OUTPUT,
    },
    ...Object.fromEntries(
      Object.entries(LATER).map(([name, path]) => [
        `src/gql/${name}.ts`,
        { documents: name === 'bulk' ? [path, SHARED] : [path], ...OUTPUT },
      ]),
    ),
  },
};

export default config;
