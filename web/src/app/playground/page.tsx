'use client';

import dynamic from 'next/dynamic';

/** The editor needs a browser and is large: neither the build nor any other page loads it. */
const Playground = dynamic(() => import('./Playground'), {
  ssr: false,
  loading: () => <p style={{ padding: '1rem' }}>Loading the playground …</p>,
});

export default function Page() {
  return <Playground />;
}
