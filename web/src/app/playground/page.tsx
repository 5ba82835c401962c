'use client';

import dynamic from 'next/dynamic';

/** GraphiQL needs a browser and is large, so it is loaded on this page only and not rendered during the build. */
const Playground = dynamic(() => import('./Playground'), {
  ssr: false,
  loading: () => <p style={{ padding: '1rem' }}>Loading the playground…</p>,
});

export default function Page() {
  return <Playground />;
}
