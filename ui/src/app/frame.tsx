/** The frame of every page: header, navigation, content; before that, the door. */
import { ActionIcon, AppShell, Badge, Box, Burger, Button, Group, Menu, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Outlet, useLocation } from 'react-router';
import { client, done } from '~/api/client';
import { useEnter, useMay, useSession, type Session } from '~/api/session';
import { Icon } from '~/components/icon';
import { Notice } from '~/components/notice';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Controls } from './controls';
import icon from './icon.svg';
import { PLACES, type Place } from './places';

const Login = lazy(async () => ({ default: (await import('~/features/users/login')).Login }));
const Setup = lazy(async () => ({ default: (await import('~/features/users/setup')).Setup }));
const DueNow = lazy(async () => ({ default: (await import('~/features/users/due')).DueNow }));

function Header({ children, burger }: { children?: ReactNode; burger?: ReactNode }) {
  return (
    <AppShell.Header>
      <Group h="100%" px="md" justify="space-between" wrap="nowrap">
        <Group gap="sm" wrap="nowrap">
          {burger}
          <Link to="/" className="home">
            <img src={icon} alt="" width={26} height={26} />
            <Text fw={650} component="span">
              Phonebox
            </Text>
          </Link>
        </Group>
        <Group gap={2} wrap="nowrap">
          <Controls />
          {children}
        </Group>
      </Group>
    </AppShell.Header>
  );
}

/** What needs no login. */
export function Bare({ children }: { children?: ReactNode }) {
  return (
    <AppShell header={{ height: 52 }} padding="md">
      <Header />
      <AppShell.Main>
        <Suspense fallback={<Waiting />}>{children ?? <Outlet />}</Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

export function Frame() {
  const session = useSession();
  if (session.error) return <Bare><ProblemBox error={session.error} retry={() => void session.refetch()} /></Bare>;
  if (session.data === undefined) return <Bare><Waiting /></Bare>;
  if (session.data === null) return <Bare><Door /></Bare>;
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
  const [opened, menu] = useDisclosure();
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
      <a href="#content" className="skip">
        {t('app.skip')}
      </a>
      <Header burger={<Burger opened={opened} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t('app.menu')} />}>
        <Person session={session} />
      </Header>
      <AppShell.Navbar p="xs" aria-label={t('app.menu')}>
        <ScrollArea>
          <Places leave={menu.close} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {session.acting_in && <Acting name={session.acting_in.name} />}
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
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

function Person({ session }: { session: Session }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const leave = () => done(client.DELETE('/api/v1/session')).finally(() => { enter(null); });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={session.user.name}>
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.user.name} · {(session.acting_in ?? session.account).name}
        </Menu.Label>
        <Menu.Item component={Link} to="/me">
          {t('nav.me')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="leave" />} onClick={() => void leave()}>
          {t('app.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Places({ leave }: { leave: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { pathname } = useLocation();
  const overview = useQuery({
    queryKey: ['overview'],
    queryFn: () => done(client.GET('/api/v1/overview')),
    refetchInterval: 30_000,
    enabled: may('device.read'),
  });
  // Two are enough to know that there are others.
  const others = useQuery({
    queryKey: ['accounts', 'others'],
    queryFn: () => done(client.GET('/api/v1/accounts', { params: { query: { limit: 2 } } })),
    enabled: may('account.read'),
  });
  const isAlone = (others.data?.items.length ?? 1) < 2;
  const counts: Partial<Record<Place['word'], number>> = { waiting: overview.data?.devices.waiting, alarms: overview.data?.alarms };
  const shown = (place: Place) => may(place.permission) && (place.alone === undefined || place.alone === isAlone);
  return PLACES.map(({ group, places }) => {
    const seen = places.filter(shown);
    return (
      seen.length > 0 && (
        <div key={group}>
          <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4}>
            {t(`nav.${group}`)}
          </Text>
          {seen.map(({ to, word, icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              onClick={leave}
              className="nav-link"
              active={to === '/' ? pathname === to : pathname.startsWith(to)}
              aria-current={pathname === to ? 'page' : undefined}
              label={t(`nav.${word}`)}
              leftSection={<Icon name={icon} />}
              rightSection={counts[word] ? <Badge size="sm" variant="filled">{counts[word]}</Badge> : undefined}
            />
          ))}
        </div>
      )
    );
  });
}
