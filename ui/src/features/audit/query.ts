/** What the log is asked for: it stands in the address, so that a question can be kept and sent to somebody. */
import type { paths } from '~/api/schema';

export type Query = NonNullable<paths['/api/v1/audit']['get']['parameters']['query']>;

/** Words that are looked for anywhere in their column. */
export const WORDS = ['account_name', 'actor', 'ip', 'process', 'object', 'path'] as const;
export type Word = (typeof WORDS)[number];

const SORTS = ['at', 'account', 'actor', 'ip', 'process', 'action', 'object', 'result'];
const HOUR = 3_600_000;
/** ALE-075: nothing said is the last 24 hours. */
export const SPANS = { day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR } as const;
export const SPAN_WORDS = ['day', 'week', 'month', 'all', 'between'] as const;
export type Span = (typeof SPAN_WORDS)[number];

export function spanOf(params: URLSearchParams): Span {
  return SPAN_WORDS.find((word) => word === params.get('span')) ?? 'day';
}

/** A point in time as the browser's field writes it: in the time of whoever looks. */
const moment = (text: string | null) => (text ? new Date(text).getTime() || undefined : undefined);

/** As the API takes it; what is not understood is left out. */
export function asked(params: URLSearchParams, now: number): Query {
  const span = spanOf(params);
  const query: Query = {
    from: span === 'between' ? moment(params.get('from')) : span === 'all' ? undefined : now - SPANS[span],
    to: span === 'between' ? moment(params.get('to')) : undefined,
    result: (['success', 'fail'] as const).find((word) => word === params.get('result')),
    action: params.get('action')?.trim() || undefined,
    text: params.get('text')?.trim() || undefined,
    sort: SORTS.find((word) => word === params.get('sort')?.replace(/^-/, '')) && (params.get('sort') ?? undefined),
  };
  for (const word of WORDS) {
    const text = params.get(word)?.trim();
    if (text) query[word] = text.includes('*') ? text : `*${text}*`;
  }
  return query;
}

/** The same as a file. */
export function fileOf(query: Query, format: 'csv' | 'json'): string {
  const params = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(query)) if (value != null) params.set(name, String(value));
  return `/api/v1/audit?${params}`;
}
