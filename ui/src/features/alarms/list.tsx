/** What needs a hand: read, looked into, closed. */
import { Anchor, Button, Group, NativeSelect, Switch, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import { Time } from '~/components/time';
import { useAsked } from '~/lib/asked';
import { useKind } from './words';

type Alarm = Schema<'Alarm'>;
const MAC = /^[0-9a-f]{12}$/;
const WEBHOOK = /^webhook \d+$/;

/** Where an alarm is mended. */
function placeOf(alarm: Alarm): string | undefined {
  if (MAC.test(alarm.object)) return `/devices/${alarm.object}`;
  if (alarm.kind === 'mail') return '/mail?tab=queue';
  if (alarm.kind === 'password-forgotten') return '/users';
  return WEBHOOK.test(alarm.object) ? '/webhooks' : undefined;
}

export function AlarmList() {
  const { t } = useTranslation();
  const kind = useKind();
  const may = useMay();
  const { params, ask, anew } = useAsked();
  const query = {
    closed: params.get('closed') === 'true',
    unread: params.get('unread') === 'true',
    kind: params.get('kind') ?? undefined,
    limit: 100,
  };
  const alarms = useInfiniteQuery({
    queryKey: ['alarms', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/alarms', { params: { query: { ...query, after: pageParam } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 30_000,
  });
  const unread = useQuery({ queryKey: ['alarms', 'unread'], queryFn: () => done(client.GET('/api/v1/alarms/unread')) });
  const touched = ['alarms', 'overview'];
  const close = useChange((id: number) => done(client.POST('/api/v1/alarms/{id}/close', { params: { path: { id } } })), touched);
  const read = useChange((ids: number[] | undefined) => done(client.POST('/api/v1/alarms/read', { body: { ids } })), touched);
  const rows = alarms.data?.pages.flatMap((page) => page.items);
  const kinds = [...new Set([...(rows ?? []).map((one) => one.kind), ...(unread.data ?? []).map((one) => one.kind), ...(query.kind ? [query.kind] : [])])];
  const isFiltered = query.unread || query.kind !== undefined;
  return (
    <Page
      title={t('alarms.title')}
      actions={
        (unread.data?.length ?? 0) > 0 && (
          <Button variant="default" loading={read.isPending} onClick={() => { read.mutate(undefined); }}>
            {t('alarms.readAll')}
          </Button>
        )
      }
    >
      <Group gap="md">
        <NativeSelect
          aria-label={t('alarms.kind')}
          value={query.kind ?? ''}
          onChange={(event) => { ask({ kind: event.currentTarget.value }); }}
          data={[{ value: '', label: t('alarms.anyKind') }, ...kinds.map((value) => ({ value, label: kind(value) }))]}
        />
        <Switch label={t('alarms.onlyUnread')} checked={query.unread} onChange={(event) => { ask({ unread: event.currentTarget.checked ? 'true' : '' }); }} />
        <Switch label={t('alarms.closed')} checked={query.closed} onChange={(event) => { ask({ closed: event.currentTarget.checked ? 'true' : '' }); }} />
      </Group>
      {alarms.isPending && <Waiting />}
      {alarms.error && <ProblemBox error={alarms.error} retry={() => void alarms.refetch()} />}
      {close.error && <ProblemBox error={close.error} />}
      {read.error && <ProblemBox error={read.error} />}
      {rows?.length === 0 && (
        <Empty icon="bell" title={isFiltered ? t('alarms.noMatch') : t('alarms.empty')} text={t('alarms.emptyText')}>
          {isFiltered && (
            <Button variant="default" onClick={() => { anew({}); }}>
              {t('alarms.showAll')}
            </Button>
          )}
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <ul className="feed">
          {rows.map((alarm) => {
            const place = placeOf(alarm);
            const isOpen = alarm.closed_at == null && alarm.id > 0;
            return (
              <li key={alarm.id}>
                <Group justify="space-between" gap="xs" wrap="wrap">
                  <Text size="sm" flex="1 1 20rem" component="div">
                    <Group gap="xs">
                      <Status tone={alarm.closed_at == null ? 'bad' : 'quiet'}>{kind(alarm.kind)}</Status>
                      {isOpen && !alarm.read && <span className="second unread">{t('alarms.unread')}</span>}
                    </Group>
                    <span className={isOpen && !alarm.read ? 'unread' : undefined}>{alarm.text}</span>
                    <br />
                    <span className="second">
                      {alarm.object} · <Time at={alarm.at} />
                      {alarm.closed_at != null && <> · {t('alarms.closedAt')} <Time at={alarm.closed_at} /></>}
                    </span>
                  </Text>
                  {place && (
                    <Anchor component={Link} to={place} size="sm">
                      {MAC.test(alarm.object) ? t('alarms.show') : t('alarms.mend')}
                    </Anchor>
                  )}
                  {isOpen && !alarm.read && (
                    <Button size="xs" variant="default" onClick={() => { read.mutate([alarm.id]); }}>
                      {t('alarms.read')}
                    </Button>
                  )}
                  {isOpen && may('alarm.write') && (
                    <Button size="xs" variant="default" onClick={() => { close.mutate(alarm.id); }}>
                      {t('alarms.close')}
                    </Button>
                  )}
                </Group>
              </li>
            );
          })}
        </ul>
      )}
      {alarms.hasNextPage && (
        <Button variant="default" loading={alarms.isFetchingNextPage} onClick={() => void alarms.fetchNextPage()}>
          {t('letters.older')}
        </Button>
      )}
    </Page>
  );
}
