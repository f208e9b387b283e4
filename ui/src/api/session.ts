/** Who is logged in, and what they may do. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { chooseLanguage, languageOf } from '~/lib/i18n';
import { client, done, Problem, tellCsrf, type Schema } from './client';

export type Session = Schema<'LoggedIn'>;
/** A word of the permission table: what is not in it does not compile. */
export type Permission = Schema<'Permission'>;
const KEY = ['session'];

/** `null`: nobody. */
export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Session | null> => {
      try {
        const session = await done(client.GET('/api/v1/session'));
        tellCsrf(session.csrf);
        return session;
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}

/** After a login, a logout, a new password: everything that was read belongs to somebody else. */
export function useEnter() {
  const queries = useQueryClient();
  return (session: Session | null) => {
    tellCsrf(session?.csrf ?? '');
    // Whoever logs in is spoken to in their own language.
    const language = session && languageOf(session.user.locale);
    if (language) void chooseLanguage(language);
    queries.setQueryData(KEY, session);
    const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== KEY[0] };
    // What is on the screen is read anew; after a logout nothing is.
    if (session) void queries.resetQueries(others);
    else queries.removeQueries(others);
  };
}

/** The same person with another cookie: what is on the screen stays. */
export function useRenew() {
  const queries = useQueryClient();
  return (session: Session) => {
    tellCsrf(session.csrf);
    queries.setQueryData(KEY, session);
    void queries.invalidateQueries({ queryKey: ['sessions'] });
  };
}

/** Whether whoever is logged in may do something of the permission table. */
export function useMay() {
  const { data } = useSession();
  return (permission: Permission) => data?.permissions.includes(permission) ?? false;
}
