import { formatValues } from '@/ui/format';

/** Return the details of an entry of the audit log as text: `name: Deploy, scopes: tasks:read`. */
export function describeDetails(json: string): string {
  const details = parseObject(json);
  return formatValues(
    Object.entries(details).map(
      ([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') : String(value)}`,
    ),
  );
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
