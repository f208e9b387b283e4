/** Who changed what: searched under every column, sorted, exported, verified (AVA-264, AVA-265, ALE-074, ALE-075, YMC-175). */
import { Button, Group, SimpleGrid, UnstyledButton } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useMay } from '~/api/session';
import { Empty, Page } from '~/components/page';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';
import { useAsked } from '~/lib/asked';
import { accountOf, EntryDialog, ResultOf, type Entry } from './entry';
import { Action, Result, When, Words, type Asking } from './fields';
import { asked, fileOf, spanOf } from './query';
import { Verify } from './verify';

export function AuditList() {
  const { t } = useTranslation();
  const may = useMay();
  const { params, ask, anew } = useAsked();
  const [open, setOpen] = useState<Entry>();
  const [filtering, filters] = useDisclosure();
  const isNarrow = useMediaQuery('(max-width: 48em)');
  // "The last day" is counted from when it was asked for, so that the pages of one list are of one list.
  const [now, setNow] = useState(() => Date.now());
  const [round, setRound] = useState(0);
  const query = useMemo(() => asked(params, now), [params, now]);
  const entries = useInfiniteQuery({
    queryKey: ['audit', query],
    initialPageParam: undefined as string | undefined,
    // Without a format it is a page.
    queryFn: async ({ pageParam, signal }) =>
      (await done(client.GET('/api/v1/audit', { params: { query: { ...query, after: pageParam, limit: 100 } }, signal }))) as Schema<'Page_Found'>,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const about = useQuery({ queryKey: ['audit-about'], queryFn: () => done(client.GET('/api/v1/audit/about')), staleTime: 60_000 });
  const asking = useMemo<Asking>(() => ({ params, ask, actions: about.data?.actions ?? [], round }), [params, ask, about.data, round]);
  const columns = useMemo<Column<Entry>[]>(() => {
    const under = (fields: React.ReactNode) => (isNarrow ? undefined : fields);
    return [
      {
        id: 'at',
        header: t('audit.when'),
        sorts: true,
        wide: true,
        width: '11rem',
        cell: (entry) => <Time at={entry.at} />,
        search: under(<When {...asking} />),
      },
      {
        id: 'actor',
        header: t('audit.who'),
        also: { id: 'account', header: t('audit.fields.account_name') },
        sorts: true,
        wide: true,
        width: '10rem',
        cell: (entry) => (
          <>
            {entry.actor}
            <div className="second">{accountOf(entry)}</div>
            {entry.home_id != null && <div className="second">{t('audit.insideOf', { name: entry.account ?? entry.account_id })}</div>}
          </>
        ),
        search: under(<Words asking={asking} names={['actor', 'account_name']} />),
      },
      {
        id: 'ip',
        header: t('audit.from_'),
        also: { id: 'process', header: t('audit.fields.process') },
        sorts: true,
        wide: true,
        width: '9rem',
        cell: (entry) => (
          <>
            {entry.ip ?? '–'}
            <div className="second">{entry.process}</div>
          </>
        ),
        search: under(<Words asking={asking} names={['ip', 'process']} />),
      },
      {
        id: 'action',
        header: t('audit.action'),
        also: { id: 'object', header: t('audit.object') },
        sorts: true,
        cell: (entry) => (
          <>
            <UnstyledButton className="open mono" onClick={() => { setOpen(entry); }}>
              {entry.action}
            </UnstyledButton>
            <div className="second">{entry.object}</div>
            <div className="second narrow">
              {entry.actor} · {entry.ip ?? entry.process} · <Time at={entry.at} />
            </div>
          </>
        ),
        search: under(
          <div className="searches">
            <Action key={round} {...asking} />
            <Words asking={asking} names={['object', 'path']} />
          </div>,
        ),
      },
      { id: 'result', header: t('audit.result'), sorts: true, width: '8rem', cell: (entry) => <ResultOf of={entry} />, search: under(<div className="searches"><Result {...asking} /></div>) },
      {
        id: 'detail',
        header: t('audit.message'),
        wide: true,
        width: '26%',
        cell: (entry) => entry.detail ?? [...new Set([entry.before, entry.after].flatMap((side) => Object.keys((side as object | null) ?? {})))].join(', '),
        search: under(<Words asking={asking} names={['text']} />),
      },
    ];
  }, [t, asking, isNarrow, round]);
  const isFiltered = [...params.keys()].some((name) => name !== 'sort' && name !== 'span') || spanOf(params) !== 'all';
  return (
    <Page
      title={t('audit.title')}
      text={about.data && t('audit.kept', { count: about.data.keep_days })}
      actions={
        <>
          <Button variant="default" onClick={() => { setNow(Date.now()); }}>
            {t('audit.renew')}
          </Button>
          {(['csv', 'json'] as const).map((format) => (
            <Button key={format} component="a" variant="default" href={fileOf(query, format)} download={`audit.${format}`}>
              {t('audit.export', { format: format.toUpperCase() })}
            </Button>
          ))}
          {may('box.write') && <Verify />}
        </>
      }
    >
      {isNarrow && (
        <>
          <Button variant="default" aria-expanded={filtering} onClick={filters.toggle}>
            {t('audit.filter')}
          </Button>
          {filtering && (
            <SimpleGrid cols={2} spacing="xs" verticalSpacing={0}>
              <When {...asking} />
              <div className="searches"><Result {...asking} /></div>
              <div className="searches"><Action key={round} {...asking} /></div>
              <Words asking={asking} names={['object', 'path']} />
              <Words asking={asking} names={['actor', 'account_name']} />
              <Words asking={asking} names={['ip', 'process']} />
              <Words asking={asking} names={['text']} />
            </SimpleGrid>
          )}
        </>
      )}
      <DataTable
        label={t('audit.title')}
        columns={columns}
        query={entries}
        rowKey={(entry) => String(entry.id)}
        sort={query.sort ?? '-at'}
        onSort={(sort) => { ask({ sort: sort === '-at' ? '' : sort }); }}
        empty={
          <Empty icon="list" title={isFiltered ? t('audit.noMatch') : t('audit.empty')} text={isFiltered ? t('audit.noMatchText') : t('audit.emptyText')}>
            {isFiltered && (
              <Group>
                <Button variant="default" onClick={() => {
                    anew({ span: 'all' });
                    setRound(round + 1);
                  }}>
                  {t('audit.showAll')}
                </Button>
              </Group>
            )}
          </Empty>
        }
      />
      <EntryDialog entry={open} close={() => { setOpen(undefined); }} />
    </Page>
  );
}
