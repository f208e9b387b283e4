/** Mails of this account: waiting, sent, failed. */
import { Button, Group } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Empty } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status, type Tone } from '~/components/status';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';

type Mail = Schema<'Queued'>;
type State = 'waiting' | 'sent' | 'failed';
const TONES: Record<State, Tone> = { waiting: 'notice', sent: 'good', failed: 'bad' };

export function Queue() {
  const { t } = useTranslation();
  const mails = useInfiniteQuery({
    queryKey: ['mails'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/mail/queue', { params: { query: { after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 5_000,
  });
  const columns = useMemo<Column<Mail>[]>(
    () => [
      {
        id: 'to',
        header: t('mail.to'),
        cell: (mail) => (
          <>
            {mail.recipient}
            <div className="second">{mail.subject}</div>
            {mail.error && <div className="second narrow">{mail.error}</div>}
          </>
        ),
      },
      { id: 'state', header: t('devices.state'), width: '8rem', cell: (mail) => <Status tone={TONES[mail.state as State]}>{t(`letters.states.${mail.state as State}`)}</Status> },
      {
        id: 'error',
        header: t('letters.said'),
        wide: true,
        cell: (mail) => (
          <>
            {mail.error}
            {mail.next_at != null && <div className="second">{t('letters.next')} <Time at={mail.next_at} /></div>}
          </>
        ),
      },
      { id: 'tries', header: t('letters.tries'), wide: true, width: '6rem', cell: (mail) => mail.attempts },
      { id: 'at', header: t('letters.since'), wide: true, width: '8rem', cell: (mail) => <Time at={mail.created_at} /> },
      { id: 'act', header: t('letters.act'), width: '11rem', cell: (mail) => <Acts mail={mail} /> },
    ],
    [t],
  );
  return (
    <DataTable
      label={t('mail.queue')}
      columns={columns}
      query={mails}
      rowKey={(mail) => String(mail.id)}
      empty={<Empty icon="mail" title={t('mail.empty')} text={t('mail.emptyText')} />}
    />
  );
}

function Acts({ mail }: { mail: Mail }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: mail.id } };
  const retry = useChange(() => done(client.POST('/api/v1/mail/queue/{id}/retry', { params })), ['mails']);
  const giveUp = useChange(() => done(client.DELETE('/api/v1/mail/queue/{id}', { params })), ['mails']);
  if (mail.state === 'sent' || !may('notification.write')) return null;
  return (
    <>
      <Group gap="xs">
        <Button size="compact-xs" variant="default" loading={retry.isPending} onClick={() => { retry.mutate(); }}>
          {t('letters.retry')}
        </Button>
        <ConfirmButton size="compact-xs" variant="default" label={t('mail.giveUp')} text={t('mail.giveUpText')} act={giveUp} />
      </Group>
      {retry.error && <ProblemBox error={retry.error} />}
    </>
  );
}
