import { expect, test } from 'vitest';
import { buildToOffer } from '@/features/page-build/pageBuild';

test('another build than that of the page is offered', () => {
  expect(buildToOffer('one', 'two')).toBe('two');
});

test('the same build is not offered, as during a rolling deployment', () => {
  expect(buildToOffer('one', 'one')).toBeUndefined();
});

test('nothing is offered if a build is unknown', () => {
  expect(buildToOffer(undefined, 'two')).toBeUndefined();
  expect(buildToOffer('one', undefined)).toBeUndefined();
  expect(buildToOffer('one', 7)).toBeUndefined();
});
