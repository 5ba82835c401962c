import type { CodegenConfig } from '@graphql-codegen/cli';

/** The operations of these folders have a module of their own, so that the first load of the list does not hold them. */
const LATER = ['administration', 'insight'];

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

function documentsOf(feature: string): string {
  return `src/features/${feature}/*.graphql`;
}

/** Generates a typed document for each operation and fragment in a .graphql file, from the snapshot of the schema. */
const config: CodegenConfig = {
  schema: '../schema/schema.graphql',
  silent: true,
  generates: {
    'src/gql/index.ts': { documents: ['src/**/*.graphql', ...LATER.map((name) => `!${documentsOf(name)}`)], ...OUTPUT },
    ...Object.fromEntries(LATER.map((name) => [`src/gql/${name}.ts`, { documents: [documentsOf(name)], ...OUTPUT }])),
  },
};

export default config;
