/** The companies on this box, as a list or as the tree they stand in. */
import { Button, CloseButton, Group, SegmentedControl, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useMay } from '~/api/session';
import { Icon } from '~/components/icon';
import { Empty, Page } from '~/components/page';
import { Status } from '~/components/status';
import { DataTable, type Column } from '~/components/table';
import { number } from '~/lib/format';
import { AccountDialog } from './account';

export type Account = Schema<'AccountView'>;

export function AccountList() {
  const { t } = useTranslation();
  const may = useMay();
  const [view, setView] = useState('tree');
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  const [open, setOpen] = useState<Account | 'new'>();
  const query = { search: search || undefined, view: view === 'tree' && !search ? ('tree' as const) : undefined };
  const accounts = useInfiniteQuery({
    queryKey: ['accounts', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/accounts', { params: { query: { ...query, after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const isTree = query.view === 'tree';
  const columns = useMemo<Column<Account>[]>(
    () => [
      {
        id: 'name',
        header: t('people.name'),
        cell: (account) => (
          <div style={isTree ? { paddingInlineStart: `${String(account.depth * 1.4)}rem` } : undefined}>
            <UnstyledButton className="open" onClick={() => { setOpen(account); }}>
              {account.name}
            </UnstyledButton>
            <div className="second narrow">{[t(`accounts.kinds.${account.kind}`), account.number].join(' · ')}</div>
          </div>
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
        cell: (account) => <Status tone={account.enabled ? 'good' : 'quiet'}>{account.enabled ? t('accounts.enabled') : t('accounts.disabled')}</Status>,
      },
    ],
    [t, isTree],
  );
  return (
    <Page
      title={t('nav.accounts')}
      actions={
        may('account.add') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setOpen('new'); }}>
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
            { value: 'tree', label: t('accounts.tree') },
            { value: 'list', label: t('accounts.list') },
          ]}
        />
      </Group>
      <DataTable
        label={t('nav.accounts')}
        columns={columns}
        query={accounts}
        rowKey={(account) => String(account.id)}
        empty={<Empty icon="building" title={t('accounts.noMatch')} text={t('accounts.noMatchText')} />}
      />
      <AccountDialog key={open === 'new' ? 'new' : open?.id} account={open} close={() => { setOpen(undefined); }} />
    </Page>
  );
}
