/** The one door to the box: typed by its OpenAPI document, errors in the server's own words. */
import createClient from 'openapi-fetch';
import type { components, paths } from '~/api/schema';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** What the box refused or failed at. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly next: string,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

/** The word that goes with every change; told with the session, and of no use without its cookie. */
let csrf = '';

export function tellCsrf(word: string) {
  csrf = word;
}

export const client = createClient<paths>({ baseUrl: '/' });
client.use({
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('X-CSRF-Token', csrf);
  },
});

export function problemOf(response: Response, body: unknown): Problem {
  const said = (body as Partial<Schema<'ErrorBody'>> | undefined)?.error;
  const id = response.headers.get('x-request-id');
  return new Problem(response.status, said?.code ?? 'unknown', said?.message ?? response.statusText, said?.next ?? '', id);
}

/** The body of a success; anything else is thrown as a Problem. */
export async function done<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}
