/** What was sent to a webhook, what waits, what was given up. */
import { Button, Group, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { Time } from '~/components/time';

type Delivery = Schema<'Delivery'>;
type State = 'waiting' | 'sent' | 'failed';
const TONES: Record<State, Tone> = { waiting: 'notice', sent: 'good', failed: 'bad' };

export function Deliveries({ id }: { id: number }) {
  const { t } = useTranslation();
  const deliveries = useInfiniteQuery({
    queryKey: ['deliveries', id],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      done(client.GET('/api/v1/webhooks/{id}/deliveries', { params: { path: { id }, query: { after: pageParam, limit: 20 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 2_000,
  });
  const rows = deliveries.data?.pages.flatMap((page) => page.items);
  if (deliveries.isPending) return <Waiting />;
  if (deliveries.error) return <ProblemBox error={deliveries.error} retry={() => void deliveries.refetch()} />;
  return (
    <>
      {rows?.length === 0 && <Text size="sm" c="dimmed">{t('webhooks.nothingSent')}</Text>}
      {rows && rows.length > 0 && (
        <ul className="feed" aria-label={t('webhooks.deliveries')}>
          {rows.map((row) => (
            <DeliveryRow key={row.id} hook={id} of={row} />
          ))}
        </ul>
      )}
      {deliveries.hasNextPage && (
        <Button size="xs" variant="default" loading={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>
          {t('letters.older')}
        </Button>
      )}
    </>
  );
}

function DeliveryRow({ hook, of: row }: { hook: number; of: Delivery }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: hook, delivery: row.id } };
  const retry = useChange(() => done(client.POST('/api/v1/webhooks/{id}/deliveries/{delivery}/retry', { params })), ['deliveries']);
  const said = [row.status && `HTTP ${row.status}`, row.error, t('webhooks.tries', { count: row.attempts })].filter(Boolean);
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 14rem" component="div">
          <Status tone={TONES[row.state as State]}>{t(`letters.states.${row.state as State}`)}</Status>{' '}
          {t(`notify.kinds.${row.kind as 'alarm'}`, { defaultValue: row.kind })} · {row.object}
          <br />
          <span className="second">
            <Time at={row.created_at} /> · {said.join(' · ')}
            {row.next_at != null && <> · {t('letters.next')} <Time at={row.next_at} /></>}
          </span>
        </Text>
        {row.state !== 'sent' && may('webhook.write') && (
          <Button size="compact-xs" variant="default" loading={retry.isPending} onClick={() => { retry.mutate(); }}>
            {t('letters.retry')}
          </Button>
        )}
      </Group>
      {retry.error && <ProblemBox error={retry.error} />}
    </li>
  );
}
