/** Who may log in. */
import { Button, CloseButton, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useMay } from '~/api/session';
import { Icon } from '~/components/icon';
import { Empty, Page } from '~/components/page';
import { Status, type Tone } from '~/components/status';
import { DataTable, type Column } from '~/components/table';
import { Time } from '~/components/time';
import { UserDialog } from './user';

export type User = Schema<'User'>;
type State = 'active' | 'frozen' | 'invited';
const TONES: Record<State, Tone> = { active: 'good', frozen: 'quiet', invited: 'notice' };

export function UserList() {
  const { t } = useTranslation();
  const may = useMay();
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 250);
  const [open, setOpen] = useState<User | 'new'>();
  const users = useInfiniteQuery({
    queryKey: ['users', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/users', { params: { query: { search: search || undefined, after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const columns = useMemo<Column<User>[]>(
    () => [
      {
        id: 'name',
        header: t('people.name'),
        cell: (user) => (
          <>
            <UnstyledButton className="open" onClick={() => { setOpen(user); }}>
              {user.name}
            </UnstyledButton>
            <div className="second narrow">{[user.login, user.role].join(' · ')}</div>
          </>
        ),
      },
      { id: 'login', header: t('people.login'), wide: true, cell: (user) => user.login },
      { id: 'role', header: t('people.role'), wide: true, cell: (user) => user.role },
      { id: 'state', header: t('devices.state'), width: '9rem', cell: (user) => <Status tone={TONES[user.state as State]}>{t(`people.states.${user.state as State}`)}</Status> },
      { id: 'factor', header: t('totp.title'), wide: true, cell: (user) => (user.totp ? t('totp.on') : t('totp.off')) },
      { id: 'seen', header: t('people.lastLogin'), wide: true, width: '9rem', cell: (user) => <Time at={user.last_login_at} /> },
    ],
    [t],
  );
  return (
    <Page
      title={t('nav.users')}
      actions={
        may('user.write') && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setOpen('new'); }}>
            {t('people.add')}
          </Button>
        )
      }
    >
      <TextInput
        type="search"
        aria-label={t('people.search')}
        placeholder={t('people.search')}
        leftSection={<Icon name="search" />}
        value={text}
        onChange={(event) => { setText(event.currentTarget.value); }}
        rightSection={text && <CloseButton size="sm" aria-label={t('people.clear')} onClick={() => { setText(''); }} />}
      />
      <DataTable label={t('nav.users')} columns={columns} query={users} rowKey={(user) => String(user.id)} empty={<Empty icon="person" title={t('people.noMatch')} text={t('people.noMatchText')} />} />
      <UserDialog key={open === 'new' ? 'new' : open?.id} user={open} close={() => { setOpen(undefined); }} />
    </Page>
  );
}
