/** The frame of every page: header, navigation, content; before that, the door. */
import { AppShell, Box, Burger, Button, Group, ScrollArea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Outlet, useLocation, useMatches } from 'react-router';
import { client, done } from '~/api/client';
import { useEnter, useSession, type Session } from '~/api/session';
import { HelpOf } from '~/components/help';
import { Notice } from '~/components/notice';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Foot } from './foot';
import { Header, Person, Shortcuts } from './header';
import { Places } from './navigation';
import { helpOf } from './places';

const Login = lazy(async () => ({ default: (await import('~/features/users/login')).Login }));
const Setup = lazy(async () => ({ default: (await import('~/features/users/setup')).Setup }));
const DueNow = lazy(async () => ({ default: (await import('~/features/users/due')).DueNow }));

/** Of the addresses that lead to no page. */
export const NOWHERE = 'nowhere';

/** What needs no login. */
export function Bare({ children }: { children?: ReactNode }) {
  return (
    <AppShell header={{ height: 52 }} padding="md">
      <Header />
      <AppShell.Main className="bare">
        <Suspense fallback={<Waiting />}>{children ?? <Outlet />}</Suspense>
      </AppShell.Main>
      <Foot />
    </AppShell>
  );
}

/** What everybody may read: with the navigation for whoever is inside. */
export function Either() {
  const { data: session, isPending } = useSession();
  if (isPending) return <Bare><Waiting /></Bare>;
  return session && !session.due ? <Inside session={session} /> : <Bare />;
}

export function Frame() {
  const session = useSession();
  const isNowhere = useMatches().some(({ handle }) => handle === NOWHERE);
  if (session.error) return <Bare><ProblemBox error={session.error} retry={() => void session.refetch()} /></Bare>;
  if (session.data === undefined) return <Bare><Waiting /></Bare>;
  // After the login there must be something to see.
  if (session.data === null) return isNowhere ? <Navigate to="/" replace /> : <Bare><Door /></Bare>;
  if (session.data.due) return <Bare><DueNow due={session.data.due} /></Bare>;
  return <Inside session={session.data} />;
}

/** Whoever comes first sets the box up; everybody else logs in. */
function Door() {
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => done(client.GET('/api/v1/setup')) });
  if (setup.error) return <ProblemBox error={setup.error} retry={() => void setup.refetch()} />;
  if (!setup.data) return <Waiting />;
  return setup.data.needed ? <Setup /> : <Login />;
}

function Inside({ session }: { session: Session }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const [opened, menu] = useDisclosure();
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
      <a href="#content" className="skip">
        {t('app.skip')}
      </a>
      <Header burger={<Burger opened={opened} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t('app.menu')} />} shortcuts={<Shortcuts />}>
        <Person session={session} />
      </Header>
      <AppShell.Navbar p="xs" aria-label={t('app.menu')}>
        <ScrollArea>
          <Places leave={menu.close} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {session.acting_in && <Acting name={session.acting_in.name} />}
        <HelpOf value={pathname.startsWith('/help') ? null : helpOf(pathname)}>
          <Suspense fallback={<Waiting />}>
            <Outlet />
          </Suspense>
        </HelpOf>
      </AppShell.Main>
    </AppShell>
  );
}

/** Whoever works inside another account never forgets it. */
function Acting({ name }: { name: string }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const leave = useMutation({ mutationFn: () => done(client.DELETE('/api/v1/switch')), onSuccess: enter });
  return (
    <Box mb="md">
      <Notice tone="notice" role="status">
        <Group justify="space-between">
          {t('acting.text', { name })}
          <Button size="xs" loading={leave.isPending} onClick={() => { leave.mutate(); }}>
            {t('acting.leave')}
          </Button>
        </Group>
        {leave.error && <ProblemBox error={leave.error} />}
      </Notice>
    </Box>
  );
}
