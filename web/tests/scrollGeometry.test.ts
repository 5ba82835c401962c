import { describe, expect, test } from 'vitest';
import {
  afterScroll,
  MAX_INNER_HEIGHT_PX,
  offsetToReveal,
  positionAt,
  rowsPerScreen,
  sameSlice,
  scrollGeometry,
  visibleSlice,
} from '@/features/task-list/scrollGeometry';

const ROW = 36;
const VIEWPORT = 720;
const short = scrollGeometry(1_000, ROW, VIEWPORT);
const million = scrollGeometry(1_000_000, ROW, VIEWPORT);

describe('scrollGeometry', () => {
  test('a list below the height limit is not scaled', () => {
    expect(short).toMatchObject({ innerHeight: 36_000, maxScrollTop: 35_280, maxOffset: 35_280, scale: 1 });
  });

  test('a list above the height limit is capped and scaled', () => {
    expect(million.innerHeight).toBe(MAX_INNER_HEIGHT_PX);
    expect(million.maxOffset).toBe(36_000_000 - VIEWPORT);
    expect(million.scale * million.maxScrollTop).toBeCloseTo(million.maxOffset);
  });

  test('a list shorter than the viewport does not scroll', () => {
    expect(scrollGeometry(3, ROW, VIEWPORT)).toMatchObject({ maxScrollTop: 0, maxOffset: 0, scale: 1 });
  });
});

describe('positionAt', () => {
  test('the last row of a million is at the end of the scroll bar', () => {
    expect(positionAt(Infinity, million)).toEqual({
      offset: million.maxOffset,
      scrollTop: million.maxOffset / million.scale,
    });
  });

  test('an offset before the first row is clamped', () => {
    expect(positionAt(-50, short)).toEqual({ offset: 0, scrollTop: 0 });
  });
});

describe('afterScroll', () => {
  test('a small movement is not scaled in a long list', () => {
    const before = positionAt(18_000_000, million);
    const { position, jumped } = afterScroll(before, before.scrollTop + 108, million);
    expect(position.offset).toBe(18_000_000 + 108);
    expect(jumped).toBe(false);
  });

  test('a drag of the scroll bar is scaled', () => {
    const { position, jumped } = afterScroll({ offset: 0, scrollTop: 0 }, million.maxScrollTop / 2, million);
    expect(position.offset).toBeCloseTo(million.maxOffset / 2);
    expect(jumped).toBe(true);
  });

  test('the end of the scroll bar is the end of the list', () => {
    const before = { offset: million.maxOffset - 200, scrollTop: million.maxScrollTop - 10 };
    expect(afterScroll(before, million.maxScrollTop, million).position.offset).toBe(million.maxOffset);
  });

  test('the start of the scroll bar is the start of the list', () => {
    const before = { offset: 500, scrollTop: 10 };
    expect(afterScroll(before, 0, million).position.offset).toBe(0);
  });

  test('far from its ends, the end of the scroll bar does not skip rows', () => {
    const before = { offset: 10_000, scrollTop: 10 };
    expect(afterScroll(before, 0, million).position.offset).toBe(9_990);
  });
});

describe('visibleSlice', () => {
  test('rows beyond both edges of the viewport are drawn', () => {
    expect(visibleSlice({ offset: 3_600, scrollTop: 3_600 }, short)).toEqual({
      first: 92,
      last: 128,
      top: 100,
      shift: 0,
    });
  });

  test('the slice ends at the last row', () => {
    const { last, top } = visibleSlice(positionAt(Infinity, million), million);
    expect(last).toBe(999_999);
    expect(top).toBe(999_980);
  });

  test('rows are shifted by the difference between offset and scroll bar', () => {
    expect(visibleSlice({ offset: 5_000, scrollTop: 2_000 }, million).shift).toBe(-3_000);
  });

  test('equal slices are recognized', () => {
    const slice = visibleSlice({ offset: 0, scrollTop: 0 }, short);
    expect(sameSlice(slice, { ...slice })).toBe(true);
    expect(sameSlice(slice, { ...slice, shift: 1 })).toBe(false);
  });
});

describe('offsetToReveal', () => {
  test('a row above the viewport moves to its top', () => expect(offsetToReveal(10, 1_000, short)).toBe(360));
  test('a row below the viewport moves to its bottom', () => expect(offsetToReveal(100, 0, short)).toBe(2_916));
  test('a visible row does not move', () => expect(offsetToReveal(5, 0, short)).toBeUndefined());
});

test('Page Down keeps one row of the previous screen', () => {
  expect(rowsPerScreen(short)).toBe(19);
  expect(rowsPerScreen(scrollGeometry(10, ROW, 0))).toBe(1);
});
