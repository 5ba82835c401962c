import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import type { NextConfig } from 'next';

/** Everything that the build depends on. */
const SOURCES = [
  'src/**',
  'messages/**',
  'package-lock.json',
  'next.config.ts',
  'codegen.ts',
  'compileMessages.ts',
  'neededAtOnce.ts',
  '../schema/schema.graphql',
];
/** Generated from the schema and the messages. */
const GENERATED = ['src/gql/**', 'src/catalog/**'];

/** Return a name for this build. Builds of the same sources have the same name, on whichever machine they run. */
function buildName(): string {
  const hash = createHash('sha256');
  const paths = globSync(SOURCES, { exclude: GENERATED }).filter((path) => statSync(path).isFile());
  for (const path of paths.sort()) hash.update(path).update(readFileSync(path));
  return hash.digest('hex').slice(0, 20);
}

const build = buildName();

/** A static export into `out/`, which the service serves at the origin of its API. */
const config: NextConfig = {
  output: 'export',
  trailingSlash: true,
  reactStrictMode: true,
  generateBuildId: () => build,
  env: { PAGE_BUILD: build },
  // The package offers its modern build under a condition that the bundler does not set. Its default build is ES5.
  turbopack: { resolveAlias: { rxjs: './node_modules/rxjs/dist/esm/index.js' } },
  experimental: {
    optimizePackageImports: ['@mantine/core', '@mantine/hooks', '@mantine/dates'],
    // Fewer chunks for the list: larger ones are compressed better.
    turbopackChunking: { priorityRoutes: [/^\/$/], minChunkSize: 200_000, maxMergeChunkSize: 1_000_000 },
  },
};

export default config;
