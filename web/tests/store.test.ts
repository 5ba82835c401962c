import { expect, test } from 'vitest';
import { createStore } from '@/ui/store';

test('subscribers are told of changes until they unsubscribe', () => {
  const store = createStore(1);
  const seen: number[] = [];
  const unsubscribe = store.subscribe(() => seen.push(store.get()));
  store.set(2);
  store.set((current) => current + 1);
  store.set(3);
  unsubscribe();
  store.set(4);
  expect(seen).toEqual([2, 3]);
});
