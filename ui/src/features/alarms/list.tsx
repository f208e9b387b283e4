/** What needs a hand. */
import { Anchor, Button, Group, Switch, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Time } from '~/components/time';

const MAC = /^[0-9a-f]{12}$/;

export function AlarmList() {
  const { t } = useTranslation();
  const [closed, setClosed] = useState(false);
  const canClose = useMay()('alarm.write');
  const [params, setParams] = useSearchParams();
  const kind = params.get('kind') ?? undefined;
  const alarms = useInfiniteQuery({
    queryKey: ['alarms', { closed, kind }],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/alarms', { params: { query: { after: pageParam, closed, kind, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 30_000,
  });
  const close = useChange((id: number) => done(client.POST('/api/v1/alarms/{id}/close', { params: { path: { id } } })), ['alarms', 'overview']);
  const rows = alarms.data?.pages.flatMap((page) => page.items);
  return (
    <Page title={t('alarms.title')} actions={<Switch label={t('alarms.closed')} checked={closed} onChange={(event) => { setClosed(event.currentTarget.checked); }} />}>
      {kind && (
        <Group gap="xs">
          <Text size="sm">{t('alarms.ofKind', { kind })}</Text>
          <Button size="compact-sm" variant="default" onClick={() => { setParams({}); }}>
            {t('alarms.anyKind')}
          </Button>
        </Group>
      )}
      {alarms.isPending && <Waiting />}
      {alarms.error && <ProblemBox error={alarms.error} retry={() => void alarms.refetch()} />}
      {close.error && <ProblemBox error={close.error} />}
      {rows?.length === 0 && <Empty icon="bell" title={t('alarms.empty')} text={t('alarms.emptyText')} />}
      {rows && rows.length > 0 && (
        <ul className="feed">
          {rows.map((alarm) => (
            <li key={alarm.id}>
              <Group justify="space-between" gap="xs" wrap="wrap">
                <Text size="sm" flex="1 1 20rem">
                  {alarm.text}
                  <br />
                  <span className="second">
                    {alarm.kind} · {alarm.object} · <Time at={alarm.at} />
                  </span>
                </Text>
                {MAC.test(alarm.object) && (
                  <Anchor component={Link} to={`/devices/${alarm.object}`} size="sm">
                    {t('alarms.show')}
                  </Anchor>
                )}
                {canClose && alarm.closed_at == null && alarm.id > 0 && (
                  <Button size="xs" variant="default" onClick={() => { close.mutate(alarm.id); }}>
                    {t('alarms.close')}
                  </Button>
                )}
              </Group>
            </li>
          ))}
        </ul>
      )}
      {alarms.hasNextPage && (
        <Button variant="default" loading={alarms.isFetchingNextPage} onClick={() => void alarms.fetchNextPage()}>
          {t('app.more')}
        </Button>
      )}
    </Page>
  );
}
