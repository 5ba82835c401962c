import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { initialsOf } from '@/features/tasks/initials';
import { changeLabels, hueOf } from '@/features/tasks/taskLabels';

const LABELS = ['bug', 'Bug', 'urgent', 'عاجل', '重要', 'label 1', 'label 2', '🙂', ' '];

test('the hue of a text is always the same, and texts have different hues', () => {
  expect(LABELS.map(hueOf)).toEqual(LABELS.map(hueOf));
  expect(new Set(Array.from({ length: 100 }, (_, i) => hueOf(`label ${i}`))).size).toBe(12);
  expect(hueOf('bug')).toBe(BUG_HUE);
});

/** A change would give all labels of all people other colours. */
const BUG_HUE = 0;

test('a change adds and removes labels, and keeps the order of the others', () => {
  const change = { add: ['c', 'a'], remove: ['b', 'x'] };
  expect(changeLabels(['b', 'a', 'd'], change)).toEqual(['a', 'd', 'c']);
  expect(changeLabels([], change)).toEqual(['c', 'a']);
});

test.each([
  ['maria.lopez@example.com', 'ML'],
  ['Ödön von Horváth', 'ÖH'],
  ['user_42', 'U4'],
  ['anna', 'A'],
  ['田中 太郎', '田太'],
  ['محمد علي', 'مع'],
  ['@', '@'],
  ['🙂🙃', '🙂'],
  ['019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f', '0F'],
  ['  ', ''],
])('the initials of "%s" are %s', (assignee, initials) => {
  expect(initialsOf(assignee)).toBe(initials);
});

describe('labels are readable', () => {
  const css = readFileSync('src/features/tasks/TaskBadges.module.css', 'utf8');
  const colours = [...css.matchAll(/--label-(?:ground|text): oklch\((?<l>[\d.]+) (?<c>[\d.]+) var\(--hue\)\)/g)].map(
    ({ groups }) => ({ lightness: Number(groups?.['l']), chroma: Number(groups?.['c']) }),
  );

  test.each([
    ['light', 0],
    ['dark', 2],
  ])('in the %s theme, with every hue', (_, first) => {
    expect(colours).toHaveLength(4);
    for (let hue = 0; hue < 360; hue += 30) {
      const [ground = 0, text = 0] = colours
        .slice(first, first + 2)
        .map(({ lightness, chroma }) => luminance(lightness, chroma, hue));
      const contrast = (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
      expect(contrast, `hue ${hue}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});

/** Return the relative luminance of WCAG. From https://bottosson.github.io/posts/oklab/. */
function luminance(lightness: number, chroma: number, hue: number): number {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (value: number) => Math.min(Math.max(value, 0), 1);
  const red = clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
