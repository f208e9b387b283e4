/** The companies on this box, as a list or as the tree they stand in. */
import { Anchor, Button, CloseButton, Group, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { client, done } from '~/api/client';
import { useMay, useSession } from '~/api/session';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import { DataTable, type Column } from '~/components/table';
import { number } from '~/lib/format';
import { AddAccount, useKinds, type Account } from './form';
import { Tree } from './tree';

export function AccountList() {
  const { t } = useTranslation();
  const may = useMay();
  const kinds = useKinds();
  const go = useNavigate();
  const [view, setView] = useState('list');
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  const [adding, setAdding] = useState(false);
  const query = { search: search || undefined };
  const accounts = useInfiniteQuery({
    queryKey: ['accounts', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/accounts', { params: { query: { ...query, after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const isTree = view === 'tree' && !search;
  const columns = useMemo<Column<Account>[]>(
    () => [
      {
        id: 'name',
        header: t('people.name'),
        cell: (account) => (
          <>
            <Anchor component={Link} to={account.depth === 0 ? '/company' : `/accounts/${String(account.id)}`} className="open">
              {account.name}
            </Anchor>
            <div className="second narrow">{[t(`accounts.kinds.${account.kind}`), account.number].join(' · ')}</div>
          </>
        ),
      },
      { id: 'number', header: t('accounts.number'), wide: true, width: '8rem', cell: (account) => <span className="mono">{account.number}</span> },
      { id: 'kind', header: t('accounts.kind'), wide: true, width: '8rem', cell: (account) => t(`accounts.kinds.${account.kind}`) },
      { id: 'users', header: t('nav.users'), wide: true, width: '6rem', cell: (account) => number(account.users) },
      { id: 'devices', header: t('nav.devices'), wide: true, width: '7rem', cell: (account) => number(account.devices) },
      {
        id: 'state',
        header: t('devices.state'),
        width: '9rem',
        cell: (account) =>
          [account.api_access, account.switching].includes('requested') ? (
            <Status tone="notice">{t('accounts.asks')}</Status>
          ) : (
            <Status tone={account.enabled ? 'good' : 'quiet'}>{account.enabled ? t('accounts.enabled') : t('accounts.disabled')}</Status>
          ),
      },
    ],
    [t],
  );
  return (
    <Page
      title={t('nav.accounts')}
      actions={
        may('account.add') && kinds.length > 0 && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setAdding(true); }}>
            {t('accounts.add')}
          </Button>
        )
      }
    >
      <Group gap="xs">
        <TextInput
          flex="1 1 16rem"
          type="search"
          aria-label={t('accounts.search')}
          placeholder={t('accounts.search')}
          leftSection={<Icon name="search" />}
          value={text}
          onChange={(event) => { setText(event.currentTarget.value); }}
          rightSection={text && <CloseButton size="sm" aria-label={t('people.clear')} onClick={() => { setText(''); }} />}
        />
        <SegmentedControl
          aria-label={t('accounts.view')}
          value={view}
          onChange={setView}
          data={[
            { value: 'list', label: t('accounts.list') },
            { value: 'tree', label: t('accounts.tree') },
          ]}
        />
      </Group>
      {isTree ? (
        <Root />
      ) : (
        <DataTable
          label={t('nav.accounts')}
          columns={columns}
          query={accounts}
          rowKey={(account) => String(account.id)}
          empty={<Empty icon="building" title={t('accounts.noMatch')} text={t('accounts.noMatchText')} />}
        />
      )}
      <AddAccount opened={adding} close={() => { setAdding(false); void go('/accounts'); }} />
    </Page>
  );
}

function Root() {
  const { data: session } = useSession();
  const id = (session?.acting_in ?? session?.account)?.id ?? 0;
  const own = useQuery({ queryKey: ['accounts', id], queryFn: () => done(client.GET('/api/v1/accounts/{id}', { params: { path: { id } } })) });
  if (own.error) return <ProblemBox error={own.error} retry={() => void own.refetch()} />;
  return own.data ? <Tree root={own.data} /> : <Waiting />;
}
