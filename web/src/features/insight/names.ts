/** What people call the values of the service. */
import { actorName } from '@/features/administration/actorName';
import type { AdviceTopic, GateState, MissCause, PageMissCause } from '@/gql/insight';
import { t } from '@/ui/messages';

/** As in the advice. */
const HASH_CHARACTERS = 12;

export function causeLabel(cause: MissCause): string {
  const labels: Record<MissCause, () => string> = {
    NEVER_CACHED: () => t('insight.cause.neverCached'),
    EXPIRED: () => t('insight.cause.expired'),
    EVICTED: () => t('insight.cause.evicted'),
    CHANGED: () => t('insight.cause.changed'),
    DEGRADED: () => t('insight.cause.degraded'),
  };
  return labels[cause]();
}

export function pageCauseLabel(cause: PageMissCause): string {
  const labels: Record<PageMissCause, () => string> = {
    NOT_CACHED: () => t('insight.pageCause.notCached'),
    INVALIDATED: () => t('insight.pageCause.invalidated'),
    EXPIRED: () => t('insight.pageCause.expired'),
    REBUILT: () => t('insight.pageCause.rebuilt'),
    DEGRADED: () => t('insight.pageCause.degraded'),
  };
  return labels[cause]();
}

export function gateLabel(state: GateState): string {
  const labels: Record<GateState, () => string> = {
    ON: () => t('insight.gate.on'),
    BUILDING: () => t('insight.gate.building'),
    CLOSING: () => t('insight.gate.closing'),
    OFF: () => t('insight.gate.off'),
  };
  return labels[state]();
}

/** Return what an operation is called. The service writes `(unnamed)` and `(other)`. A hash tells unnamed ones apart. */
export function operationLabel(name: string, hash?: string | null): string {
  if (name === '(unnamed)') {
    return t('insight.operation.unnamed') + (hash ? ` (${hash.slice(0, HASH_CHARACTERS)})` : '');
  }
  return name === '(other)' ? t('insight.operation.other') : name;
}

/** Return the kind of a search. */
export function searchLabel(kind: string): string {
  if (kind === 'words') return t('insight.search.words');
  return kind === 'filter' ? t('insight.search.filter') : kind;
}

export function topicLabel(topic: AdviceTopic): string {
  const labels: Record<AdviceTopic, () => string> = {
    REDIS_SIZE: () => t('insight.topic.redisSize'),
    TTL: () => t('insight.topic.ttl'),
    OPERATIONS: () => t('insight.topic.operations'),
    DEPTH: () => t('insight.topic.depth'),
    MEMORY: () => t('insight.topic.memory'),
  };
  return labels[topic]();
}

/** Return the name of a client in a table. */
export function clientLabel(actor: string): string {
  return actor === 'anonymous' ? t('insight.anonymous') : actorName(actor);
}
