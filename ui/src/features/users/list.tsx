/** Who may log in: the users of one's own account, or of one below. */
import { Button, Checkbox, CloseButton, Group, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { createContext, useContext, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Icon } from '~/components/icon';
import { Empty, Page } from '~/components/page';
import { Status, type Tone } from '~/components/status';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';
import { useOthers, WhoseSelect } from './accounts';
import { FreezeButton, UserDialog } from './user';

export type User = Schema<'User'>;
type State = 'active' | 'frozen' | 'invited';
/** Who is chosen, beside the columns: those stay the same while it changes. */
const Choice = createContext({ chosen: new Set<number>() as ReadonlySet<number>, toggle: (id: number) => { void id; } });

function Choose({ user }: { user: User }) {
  const { t } = useTranslation();
  const { chosen, toggle } = useContext(Choice);
  return <Checkbox size="xs" aria-label={t('people.choose', { name: user.name })} checked={chosen.has(user.id)} onChange={() => { toggle(user.id); }} />;
}

const TONES: Record<State, Tone> = { active: 'good', frozen: 'quiet', invited: 'notice' };

export function UserList() {
  const { t } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  const [params, setParams] = useSearchParams();
  const account = params.get('account') ?? undefined;
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  const [open, setOpen] = useState<User>();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const others = useOthers();
  const query = { search: search || undefined, account_id: account ? Number(account) : undefined };
  const users = useInfiniteQuery({
    queryKey: ['users', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/users', { params: { query: { ...query, after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const remove = useChange(
    () => done(client.POST('/api/v1/users/remove', { body: { ids: [...chosen] } })),
    ['users', 'roles'],
    () => { setChosen(new Set()); },
  );
  const ownId = session?.user.id;
  const choice = useMemo(() => {
    const toggle = (id: number) => {
      setChosen((chosen) => {
        const next = new Set(chosen);
        if (!next.delete(id)) next.add(id);
        return next;
      });
    };
    return { chosen, toggle };
  }, [chosen]);
  const mayWrite = may('user.write');
  const mayDelete = may('user.delete');
  const columns = useMemo<Column<User>[]>(() => {
    const choose: Column<User> = { id: 'choose', header: '', width: '3rem', cell: (user) => user.id !== ownId && <Choose user={user} /> };
    return [
      ...(mayDelete ? [choose] : []),
      {
        id: 'name',
        header: t('people.name'),
        cell: (user) => (
          <>
            <UnstyledButton className="open" onClick={() => { setOpen(user); }}>
              {user.name}
            </UnstyledButton>
            <div className="second">{user.login}</div>
            <div className="second narrow">{[user.email, user.role].join(' · ')}</div>
          </>
        ),
      },
      { id: 'state', header: t('devices.state'), width: '7.5rem', cell: (user) => <Status tone={TONES[user.state as State]}>{t(`people.states.${user.state as State}`)}</Status> },
      {
        id: 'email',
        header: t('people.email'),
        wide: true,
        cell: (user) => (
          <>
            {user.email}
            {user.phone && <div className="second">{user.phone}</div>}
          </>
        ),
      },
      { id: 'country', header: t('people.country'), wide: true, width: '7rem', cell: (user) => user.country },
      { id: 'role', header: t('people.role'), wide: true, cell: (user) => user.role },
      { id: 'created', header: t('people.created'), wide: true, width: '7.5rem', cell: (user) => <Time at={user.created_at} /> },
      { id: 'seen', header: t('people.lastLogin'), wide: true, width: '7.5rem', cell: (user) => <Time at={user.last_login_at} /> },
      {
        id: 'operation',
        header: t('people.operation'),
        wide: true,
        width: '8rem',
        cell: (user) => mayWrite && user.id !== ownId && <FreezeButton user={user} />,
      },
    ];
  }, [t, ownId, mayWrite, mayDelete]);
  const add = params.get('add');
  const setAdd = (role?: string) => {
    setParams((params) => {
      if (role === undefined) params.delete('add');
      else params.set('add', role);
      return params;
    });
  };
  return (
    <Page
      title={t('nav.users')}
      actions={
        <>
          {mayDelete && chosen.size > 0 && (
            <ConfirmButton variant="default" label={t('people.removeChosen', { count: chosen.size })} text={t('people.removeChosenText', { count: chosen.size })} act={remove} />
          )}
          {mayWrite && (
            <Button leftSection={<Icon name="plus" />} onClick={() => { setAdd(''); }}>
              {t('people.add')}
            </Button>
          )}
        </>
      }
    >
      <Group align="flex-end">
        <TextInput
          type="search"
          flex="1 1 16rem"
          aria-label={t('people.search')}
          placeholder={t('people.search')}
          leftSection={<Icon name="search" />}
          value={text}
          onChange={(event) => { setText(event.currentTarget.value); }}
          rightSection={text && <CloseButton size="sm" aria-label={t('people.clear')} onClick={() => { setText(''); }} />}
        />
        {others && (
          <WhoseSelect
            value={account ?? ''}
            onChange={(id) => {
              setChosen(new Set());
              setParams(id ? { account: id } : {});
            }}
          />
        )}
      </Group>
      <Choice value={choice}>
      <DataTable
        label={t('nav.users')}
        columns={columns}
        query={users}
        rowKey={(user) => String(user.id)}
        empty={
          search ? (
            <Empty icon="person" title={t('people.noMatch')} text={t('people.noMatchText')} />
          ) : (
            <Empty icon="person" title={t('people.none')} text={t('people.noneText')} />
          )
        }
      />
      </Choice>
      <UserDialog
        key={add !== null ? `new ${add}` : open?.id}
        user={add !== null ? 'new' : open}
        role={add ?? undefined}
        account={account}
        close={() => {
          setOpen(undefined);
          if (add !== null) setAdd(undefined);
        }}
      />
    </Page>
  );
}
