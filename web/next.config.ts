import type { NextConfig } from 'next';

/** A static export into `out/`, which the service serves at the origin of its API. */
const config: NextConfig = {
  output: 'export',
  trailingSlash: true,
  reactStrictMode: true,
  experimental: { optimizePackageImports: ['@mantine/core', '@mantine/hooks', '@mantine/dates'] },
};

export default config;
