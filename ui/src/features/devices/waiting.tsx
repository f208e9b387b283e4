/** Phones that nobody added and that a network lets wait. */
import { Anchor, Button, Group } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Empty, Page } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';
import { mac } from '~/lib/format';
import { AddDevice } from './add';
import { kind } from './words';

type Pending = Schema<'Pending'>;

export function WaitingPage() {
  const { t } = useTranslation();
  const may = useMay();
  const canAdd = may('device.add');
  const canDismiss = may('network.write');
  const [adopting, adopt] = useState<Pending>();
  const waiting = useInfiniteQuery({
    queryKey: ['pending'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/pending', { params: { query: { after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 5_000,
  });
  const dismiss = useChange(
    (mac: string) => done(client.DELETE('/api/v1/pending/{mac}', { params: { path: { mac } } })),
    ['pending', 'overview'],
  );
  const drop = dismiss.mutate;
  const columns = useMemo<Column<Pending>[]>(
    () => [
      {
        id: 'mac',
        header: t('devices.mac'),
        cell: (phone) => (
          <>
            <Anchor component={Link} to={`/devices/${phone.mac}`} size="sm" className="mono">
              {mac(phone.mac)}
            </Anchor>
            <div className="second narrow">{[kind(phone), phone.peer].filter(Boolean).join(' · ')}</div>
          </>
        ),
      },
      { id: 'model', header: t('devices.model'), wide: true, cell: kind },
      { id: 'from', header: t('waiting.from'), wide: true, cell: (phone) => <span className="mono">{phone.peer}</span> },
      { id: 'last', header: t('waiting.last'), wide: true, width: '9rem', cell: (phone) => <Time at={phone.last_at} /> },
      {
        id: 'actions',
        header: '',
        width: '13.5rem',
        cell: (phone) => (
          <Group gap="xs" wrap="nowrap" justify="flex-end">
            {canAdd && (
              <Button size="xs" onClick={() => { adopt(phone); }}>
                {t('waiting.adopt')}
              </Button>
            )}
            {canDismiss && (
              <Button size="xs" variant="default" title={t('waiting.dismissed')} onClick={() => { drop(phone.mac); }}>
                {t('waiting.dismiss')}
              </Button>
            )}
          </Group>
        ),
      },
    ],
    [t, drop, canAdd, canDismiss],
  );
  return (
    <Page title={t('waiting.title')} text={t('waiting.text')}>
      {dismiss.error && <ProblemBox error={dismiss.error} />}
      <DataTable
        label={t('waiting.title')}
        columns={columns}
        query={waiting}
        rowKey={(phone) => phone.mac}
        empty={
          <Empty icon="waiting" title={t('waiting.empty')} text={t('waiting.emptyText')}>
            <Button component={Link} to="/networks" variant="default">
              {t('nav.networks')}
            </Button>
          </Empty>
        }
      />
      <AddDevice key={adopting?.mac} opened={adopting !== undefined} close={() => { adopt(undefined); }} known={adopting} />
    </Page>
  );
}
