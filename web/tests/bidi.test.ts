import { expect, test } from 'vitest';
import { isolate, quote } from '@/ui/bidi';

test.each(['לכתוב מכתב', 'Call דוד', 'كتابة الرسالة', 'a\u202eb'])('isolates %s', (title) => {
  expect(isolate(title)).toBe(`\u2068${title}\u2069`);
});

test.each(['', 'Write the letter', '手紙を書く', 'Ünïcödé 12 😀'])('leaves %s unchanged', (title) => {
  expect(isolate(title)).toBe(title);
});

test('a quoted title keeps its quotation marks in the direction of the sentence', () => {
  expect(quote('לכתוב')).toBe('“\u2068לכתוב\u2069”');
  expect(quote('Write')).toBe('“Write”');
});
