/* eslint-disable @typescript-eslint/no-deprecated -- only keyCode tells it in Safari */
import { expect, test } from 'vitest';
import { isCompositionKey } from '@/ui/compositionKeys';

test('keys of a composition belong to the input method, also the one that ends it in Safari', () => {
  expect(isCompositionKey({ isComposing: true, keyCode: 13 })).toBe(true);
  expect(isCompositionKey({ isComposing: false, keyCode: 229 })).toBe(true);
  expect(isCompositionKey({ isComposing: false, keyCode: 13 })).toBe(false);
});
