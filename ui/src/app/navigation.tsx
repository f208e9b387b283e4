/** The navigation at the side: what this user may open. */
import { Badge, NavLink, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { client, done } from '~/api/client';
import { useOverview } from '~/api/overview';
import { useMay } from '~/api/session';
import { Icon } from '~/components/icon';
import { PLACES, type Place } from './places';

export function Places({ leave }: { leave: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { pathname } = useLocation();
  const overview = useOverview();
  // Two are enough to know that there are others.
  const others = useQuery({
    queryKey: ['accounts', 'others'],
    queryFn: () => done(client.GET('/api/v1/accounts', { params: { query: { limit: 2 } } })),
    enabled: may('account.read'),
  });
  const isSeen = (others.data?.items.length ?? 1) > 1;
  const door = useQuery({ queryKey: ['sign-up'], queryFn: () => done(client.GET('/api/v1/sign-up')), enabled: may('sign-up.read') });
  const isServed = isSeen || (door.data?.open ?? false);
  const counts: Partial<Record<Place['word'], number | null>> = { waiting: overview.data?.devices?.waiting, alarms: overview.data?.alarms };
  const shown = ({ permission, others }: Place) =>
    (permission === undefined || may(permission)) && (others !== 'seen' || isSeen) && (others !== 'served' || isServed);
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
