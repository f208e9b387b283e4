/** The header's bell: unread alarms by type, their newest words, and the way to all of them (YMC-010, YMC-016). */
import { ActionIcon, Badge, Indicator, Menu, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Icon } from '~/components/icon';
import { Time } from '~/components/time';
import { useKind } from './words';

export function Bell() {
  const { t } = useTranslation();
  const kind = useKind();
  const may = useMay();
  const isSeen = may('alarm.read');
  const unread = useQuery({
    queryKey: ['alarms', 'unread'],
    queryFn: () => done(client.GET('/api/v1/alarms/unread')),
    refetchInterval: 15_000,
    enabled: isSeen,
  });
  const read = useChange(() => done(client.POST('/api/v1/alarms/read', { body: {} })), ['alarms']);
  if (!isSeen) return null;
  const kinds = unread.data ?? [];
  const total = kinds.reduce((sum, one) => sum + one.count, 0);
  return (
    <Menu position="bottom-end" trigger="click-hover" width={340} closeDelay={200}>
      <Indicator label={total > 99 ? '99+' : total} size={16} offset={5} disabled={total === 0} color="red.9">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('alarms.bell', { count: total })}>
            <Icon name="bell" />
          </ActionIcon>
        </Menu.Target>
      </Indicator>
      <Menu.Dropdown>
        <Menu.Label>{total === 0 ? t('alarms.noneUnread') : t('alarms.unreadByKind')}</Menu.Label>
        {kinds.map((one) => (
          <Menu.Item
            key={one.kind}
            component={Link}
            to={`/alarms?kind=${one.kind}`}
            rightSection={<Badge size="sm" variant="default">{one.count}</Badge>}
          >
            <Text size="sm" fw={600}>
              {kind(one.kind)}
            </Text>
            <Text size="xs" lineClamp={3}>
              {one.newest.text}
            </Text>
            <Text size="xs">
              {one.newest.object} · <Time at={one.newest.at} />
            </Text>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component={Link} to="/alarms">
          {t('alarms.all')}
        </Menu.Item>
        {total > 0 && (
          <Menu.Item closeMenuOnClick={false} onClick={() => { read.mutate(); }}>
            {t('alarms.readAll')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
