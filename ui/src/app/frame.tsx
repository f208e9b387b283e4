/** The frame of every page: header, navigation, content. */
import { ActionIcon, AppShell, Badge, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Outlet, useLocation } from 'react-router';
import { client, done, key } from '~/api/client';
import { Icon, type IconName } from '~/components/icon';
import { Waiting } from '~/components/page';
import { KeyForm } from '~/features/users/key';
import { Controls } from './controls';
import icon from './icon.svg';

interface Place {
  to: string;
  word: 'overview' | 'devices' | 'waiting' | 'log' | 'alarms' | 'audit';
  icon: IconName;
}

const PLACES: { group: 'phones' | 'box'; places: Place[] }[] = [
  {
    group: 'phones',
    places: [
      { to: '/', word: 'overview', icon: 'overview' },
      { to: '/devices', word: 'devices', icon: 'phone' },
      { to: '/waiting', word: 'waiting', icon: 'waiting' },
      { to: '/log', word: 'log', icon: 'log' },
      { to: '/alarms', word: 'alarms', icon: 'bell' },
    ],
  },
  { group: 'box', places: [{ to: '/audit', word: 'audit', icon: 'list' }] },
];

export function Frame() {
  const { t } = useTranslation();
  const [opened, menu] = useDisclosure();
  const [entered, setEntered] = useState(key.get() !== null);
  const header = (
    <AppShell.Header>
      <Group h="100%" px="md" justify="space-between" wrap="nowrap">
        <Group gap="sm" wrap="nowrap">
          {entered && <Burger opened={opened} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t('app.menu')} />}
          <Group component={Link} gap={8} wrap="nowrap" className="tile" {...{ to: '/' }}>
            <img src={icon} alt="" width={26} height={26} />
            <Text fw={650}>Phonebox</Text>
          </Group>
        </Group>
        <Group gap={2} wrap="nowrap">
          <Controls />
          {entered && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('app.logout')}
              onClick={() => {
                key.forget();
                setEntered(false);
              }}
            >
              <Icon name="leave" />
            </ActionIcon>
          )}
        </Group>
      </Group>
    </AppShell.Header>
  );
  if (!entered) {
    return (
      <AppShell header={{ height: 52 }} padding="md">
        {header}
        <AppShell.Main>
          <KeyForm entered={() => { setEntered(true); }} />
        </AppShell.Main>
      </AppShell>
    );
  }
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
      <a href="#content" className="skip">
        {t('app.skip')}
      </a>
      {header}
      <AppShell.Navbar p="xs" aria-label={t('app.menu')}>
        <ScrollArea>
          <Places leave={menu.close} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

function Places({ leave }: { leave: () => void }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const overview = useQuery({ queryKey: ['overview'], queryFn: () => done(client.GET('/api/v1/overview')), refetchInterval: 30_000 });
  const counts: Partial<Record<Place['word'], number>> = { waiting: overview.data?.devices.waiting, alarms: overview.data?.alarms };
  return PLACES.map(({ group, places }) => (
    <div key={group}>
      <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4}>
        {t(`nav.${group}`)}
      </Text>
      {places.map(({ to, word, icon }) => (
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
          rightSection={counts[word] ? <Badge size="sm" variant="filled" color="petrol">{counts[word]}</Badge> : undefined}
        />
      ))}
    </div>
  ));
}
