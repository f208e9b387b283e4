/** The companies as they stand below each other: each opens to its kinds, each kind to its companies (AVA-158). */
import { Anchor, Button, Group, Text, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done } from '~/api/client';
import { Icon } from '~/components/icon';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Status } from '~/components/status';
import type { Account } from './form';

const KINDS: Record<Account['kind'], ('provider' | 'reseller' | 'customer')[]> = {
  // Companies that came by themselves stand below the box's own.
  provider: ['provider', 'reseller', 'customer'],
  reseller: ['customer'],
  customer: [],
};

export function Tree({ root }: { root: Account }) {
  return (
    <ul className="tree">
      <Node account={root} opened />
    </ul>
  );
}

function Branch({ label, line, opened, children }: { label: string; line: ReactNode; opened?: boolean; children: ReactNode }) {
  const [isOpen, setOpen] = useState(opened ?? false);
  return (
    <li>
      <Group gap={4} wrap="nowrap">
        <UnstyledButton aria-expanded={isOpen} aria-label={label} onClick={() => { setOpen(!isOpen); }} className="twig">
          <Icon name={isOpen ? 'down' : 'right'} size={16} />
        </UnstyledButton>
        {line}
      </Group>
      {isOpen && children}
    </li>
  );
}

function Node({ account, opened }: { account: Account; opened?: boolean }) {
  const { t } = useTranslation();
  const line = (
    <Text size="sm" component="span">
      <Anchor component={Link} to={account.depth === 0 ? '/company' : `/accounts/${String(account.id)}`}>
        {account.name}
      </Anchor>{' '}
      <span className="second">{account.number}</span> {!account.enabled && <Status tone="quiet">{t('accounts.disabled')}</Status>}
    </Text>
  );
  if (account.accounts === 0) return <li className="leaf">{line}</li>;
  return (
    <Branch label={t('accounts.open', { name: account.name })} line={line} opened={opened}>
      <ul>
        {KINDS[account.kind].filter((kind) => kind !== 'provider' || account.id === 1).map((kind) => (
          <Branch key={kind} label={t('accounts.open', { name: `${t(`accounts.many.${kind}`)}, ${account.name}` })} line={<Text size="sm" fw={550} component="span">{t(`accounts.many.${kind}`)}</Text>} opened={opened}>
            <Below parent={account.id} kind={kind} />
          </Branch>
        ))}
      </ul>
    </Branch>
  );
}

function Below({ parent, kind }: { parent: number; kind: Account['kind'] }) {
  const { t } = useTranslation();
  const query = { parent_id: parent, kind };
  const below = useInfiniteQuery({
    queryKey: ['accounts', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/accounts', { params: { query: { ...query, after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  if (below.error) return <ProblemBox error={below.error} retry={() => void below.refetch()} />;
  if (!below.data) return <Waiting />;
  const rows = below.data.pages.flatMap((page) => page.items);
  return (
    <ul>
      {rows.map((account) => (
        <Node key={account.id} account={account} />
      ))}
      {rows.length === 0 && (
        <li className="leaf">
          <Text size="sm" c="dimmed">
            {t('accounts.noneOfKind')}
          </Text>
        </li>
      )}
      {below.hasNextPage && (
        <li className="leaf">
          <Button size="compact-xs" variant="default" loading={below.isFetchingNextPage} onClick={() => void below.fetchNextPage()}>
            {t('accounts.more')}
          </Button>
        </li>
      )}
    </ul>
  );
}
