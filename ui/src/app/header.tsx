/** The bar at the top: home, the devices, what is unread, language, colours, the person. */
import { ActionIcon, AppShell, Group, Menu, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { useEnter, useMay, type Session } from '~/api/session';
import { Icon } from '~/components/icon';
import { Bell } from '~/features/alarms/bell';
import { Controls } from './controls';
import icon from './icon.svg';

export function Header({ children, burger, shortcuts }: { children?: ReactNode; burger?: ReactNode; shortcuts?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <AppShell.Header>
      <Group h="100%" px={{ base: 'xs', sm: 'md' }} justify="space-between" wrap="nowrap" gap="xs">
        <Group gap="sm" wrap="nowrap">
          {burger}
          <Link to="/" className="home" aria-label={`Phonebox: ${t('app.homeShort')}`}>
            <img src={icon} alt="" width={26} height={26} />
            <Text fw={650} component="span" visibleFrom="xs">
              Phonebox
            </Text>
          </Link>
        </Group>
        <Group gap={2} wrap="nowrap">
          {shortcuts}
          <Controls />
          {children}
        </Group>
      </Group>
    </AppShell.Header>
  );
}

/** One click from every page (AVA-051, YMC-009…011). */
export function Shortcuts() {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <>
      <ActionIcon component={Link} to="/" variant="subtle" color="gray" size="lg" aria-label={t('app.homeShort')} title={t('app.homeShort')} visibleFrom="xs">
        <Icon name="home" />
      </ActionIcon>
      {may('device.read') && (
        <ActionIcon component={Link} to="/devices" variant="subtle" color="gray" size="lg" aria-label={t('nav.devices')} title={t('nav.devices')}>
          <Icon name="phone" />
        </ActionIcon>
      )}
      <Bell />
    </>
  );
}

export function Person({ session }: { session: Session }) {
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
        <Menu.Divider />
        <Menu.Item component="a" href="/help" target="_blank" rel="noopener">
          {t('app.help')}
        </Menu.Item>
        <Menu.Item component={Link} to="/news">
          {t('nav.news')}
        </Menu.Item>
        <Menu.Item component={Link} to="/documents">
          {t('nav.documents')}
        </Menu.Item>
        <Menu.Item component={Link} to="/feedback">
          {t('nav.feedback')}
        </Menu.Item>
        <Menu.Item component={Link} to="/about">
          {t('nav.about')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="leave" />} onClick={() => void leave()}>
          {t('app.logout')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
