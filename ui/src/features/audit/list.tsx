/** Who changed what. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { Empty, Page } from '~/components/page';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';

type Entry = Schema<'Entry'>;

export function AuditList() {
  const { t } = useTranslation();
  const entries = useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/audit', { params: { query: { after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const columns = useMemo<Column<Entry>[]>(
    () => [
      {
        id: 'action',
        header: t('audit.action'),
        cell: (entry) => (
          <>
            <span className="mono">{entry.action}</span>
            <div className="second narrow">
              {entry.object} · {entry.actor} · {entry.detail}
            </div>
          </>
        ),
      },
      { id: 'object', header: t('audit.object'), wide: true, cell: (entry) => entry.object },
      { id: 'detail', header: t('audit.detail'), wide: true, width: '38%', cell: (entry) => entry.detail },
      { id: 'who', header: t('audit.who'), wide: true, cell: (entry) => entry.actor },
      { id: 'when', header: t('audit.when'), width: '9rem', cell: (entry) => <Time at={entry.at} /> },
    ],
    [t],
  );
  return (
    <Page title={t('audit.title')}>
      <DataTable
        label={t('audit.title')}
        columns={columns}
        query={entries}
        rowKey={(entry) => String(entry.id)}
        empty={<Empty icon="list" title={t('audit.empty')} text={t('audit.emptyText')} />}
      />
    </Page>
  );
}
