/** Words the findings of advice in the language of the page. */
import { actorName } from '@/features/administration/actorName';
import type { AdviceCode } from '@/gql/insight';
import { isolate } from '@/ui/bidi';
import { formatLongDate } from '@/ui/format';
import { t } from '@/ui/messages';
import { formatBytes, formatNumber, formatShare } from './formatFigure';
import { operationLabel } from './names';
import type { Figures } from './useInsight';

type Advice = Figures['advice'][number];
type Finding = Advice['findings'][number];

/** The values of a finding by their names. */
interface Values {
  numbers: Partial<Record<string, number>>;
  texts: Partial<Record<string, string>>;
}

/** Returns the sentence of a finding, or undefined if a value that it needs is absent or unknown. */
type Sentence = (values: Values) => string | undefined;

export interface AdviceText {
  /** One for each finding, or the English text of the service. */
  sentences: string[];
  /** The language, if it is not that of the page. */
  lang?: 'en';
}

/** Return advice in the language of the page. With a finding that only a newer service has, return its English text. */
export function wordAdvice({ text, findings }: Pick<Advice, 'text' | 'findings'>): AdviceText {
  const sentences = findings.map(sentenceOf).filter((sentence) => sentence !== undefined);
  const complete = sentences.length > 0 && sentences.length === findings.length;
  return complete ? { sentences } : { sentences: [text], lang: 'en' };
}

function sentenceOf({ code, values }: Finding): string | undefined {
  const numbers: Values['numbers'] = {};
  const texts: Values['texts'] = {};
  for (const { name, number, text } of values) {
    if (number !== null) numbers[name] = number;
    if (text !== null) texts[name] = text;
  }
  // A newer service can have other codes.
  return (SENTENCES as Partial<typeof SENTENCES>)[code]?.({ numbers, texts });
}

/** Return a sentence that needs these numbers. */
function withNumbers<Name extends string>(
  names: Name[],
  write: (numbers: Record<Name, number>, values: Values) => string | undefined,
): Sentence {
  return (values) =>
    names.every((name) => values.numbers[name] !== undefined)
      ? write(values.numbers as Record<Name, number>, values)
      : undefined;
}

const SENTENCES: Record<AdviceCode, Sentence> = {
  NOT_ENOUGH_DATA: withNumbers(['needed'], notEnoughData),
  REDIS_IS_SHARED: ({ texts: { workspace } }) => workspace && t('insight.finding.redisIsShared', { workspace }),
  SIZE_FOR_HIT_RATE: withNumbers(['hitRate', 'bytes', 'tasks'], ({ hitRate, bytes, tasks }) =>
    t('insight.finding.sizeForHitRate', { hitRate: formatShare(hitRate), size: formatBytes(bytes), tasks }),
  ),
  HIT_RATE_OUT_OF_REACH: withNumbers(['hitRate'], ({ hitRate }) =>
    t('insight.finding.hitRateOutOfReach', { hitRate: formatShare(hitRate) }),
  ),
  HIT_RATE_OF_MAXMEMORY: withNumbers(['hitRate', 'bytes'], ({ hitRate, bytes }) =>
    t('insight.finding.hitRateOfMaxmemory', { hitRate: formatShare(hitRate), size: formatBytes(bytes) }),
  ),
  SIZE_OF_ENTRIES: withNumbers(['indexBytes', 'entryBytes'], ({ indexBytes, entryBytes }) =>
    t('insight.finding.sizeOfEntries', { index: formatBytes(indexBytes), entry: formatBytes(entryBytes) }),
  ),
  EXPIRED_MISSES: withNumbers(['expired', 'misses', 'share'], ({ expired, misses, share }) =>
    t('insight.finding.expiredMisses', { expired, misses, share: formatShare(share) }),
  ),
  HIT_RATE_OF_LONGER_LIFE: withNumbers(['hitRate', 'highest'], ({ hitRate, highest }) =>
    t('insight.finding.hitRateOfLongerLife', { hitRate: formatShare(hitRate), highest: formatShare(highest) }),
  ),
  EXPENSIVE_OPERATION: withNumbers(['share', 'requests', 'pointsEach'], expensiveOperation),
  PAGES_AT_DEPTH: withNumbers(['share', 'fromPosition'], pagesAtDepth),
  INDEX_GROWTH: withNumbers(['bytes', 'hours', 'bytesPerDay'], ({ bytes, hours, bytesPerDay }) => {
    const size = formatBytes(bytes);
    return bytesPerDay > 0
      ? t('insight.finding.indexGrowth', { size, hours, growth: formatBytes(bytesPerDay) })
      : t('insight.finding.indexNotGrowing', { size, hours });
  }),
  INDEX_FULL_AT: withNumbers(
    ['bytes'],
    ({ bytes }, { texts: { at } }) =>
      at && t('insight.finding.indexFullAt', { size: formatBytes(bytes), date: formatLongDate(at) }),
  ),
  INDEX_NEVER_FULL: withNumbers(['bytes'], ({ bytes }) =>
    t('insight.finding.indexNeverFull', { size: formatBytes(bytes) }),
  ),
};

function notEnoughData({ needed }: Record<'needed', number>, { numbers, texts }: Values): string | undefined {
  if (texts.unit === 'HOURS') return t('insight.finding.notEnoughHours', { needed: formatNumber(needed) });
  const unit = unitLabel(texts.unit);
  if (unit === undefined || numbers.found === undefined) return undefined;
  return t('insight.finding.notEnoughData', { found: formatNumber(numbers.found), needed: formatNumber(needed), unit });
}

function unitLabel(unit: string | undefined): string | undefined {
  switch (unit) {
    case 'TASKS_READ':
      return t('insight.finding.unit.tasksRead');
    case 'TASKS_IN_REDIS':
      return t('insight.finding.unit.tasksInRedis');
    case 'REQUESTS':
      return t('insight.finding.unit.requests');
    case 'PAGES':
      return t('insight.finding.unit.pages');
    default:
      return undefined;
  }
}

function expensiveOperation(
  { share, requests, pointsEach }: Record<'share' | 'requests' | 'pointsEach', number>,
  { numbers: { clientShare }, texts: { operation, hash, client } }: Values,
): string | undefined {
  if (operation === undefined) return undefined;
  const values = {
    operation: operationLabel(operation, hash),
    share: formatShare(share),
    requests,
    points: Math.round(pointsEach),
  };
  if (client === undefined || clientShare === undefined) return t('insight.finding.expensiveOperation', values);
  return t('insight.finding.expensiveOperationOfClient', {
    ...values,
    client: isolate(actorName(client)),
    clientShare: formatShare(clientShare),
  });
}

/** Rows count from 1, as in the list. The position at which a range ends is exclusive. */
function pagesAtDepth(
  { share: portion, fromPosition }: Record<'share' | 'fromPosition', number>,
  { numbers: { toPosition } }: Values,
): string {
  const [share, first] = [formatShare(portion), formatNumber(fromPosition + 1)];
  if (toPosition === undefined) return t('insight.finding.pagesFromRow', { share, first });
  if (toPosition - fromPosition === 1) return t('insight.finding.pagesAtRow', { share, first });
  return t('insight.finding.pagesAtRows', { share, first, last: formatNumber(toPosition) });
}
