/** The one company of this box: its own words. Serving others begins here, where somebody wants it. */
import { Button, Card } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client, done } from '~/api/client';
import { useMay, useSession } from '~/api/session';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { AccountDialog, AccountForm } from './account';

export function CompanyPage() {
  const { t } = useTranslation();
  const may = useMay();
  const go = useNavigate();
  const { data: session } = useSession();
  const [adding, setAdding] = useState(false);
  const id = session?.account.id ?? 0;
  const account = useQuery({ queryKey: ['accounts', id], queryFn: () => done(client.GET('/api/v1/accounts/{id}', { params: { path: { id } } })) });
  if (account.error) return <ProblemBox error={account.error} retry={() => void account.refetch()} />;
  if (!account.data) return <Waiting />;
  return (
    <Page
      title={t('nav.company')}
      text={t('accounts.companyText', { number: account.data.number })}
      actions={
        may('account.add') && (
          <Button variant="default" onClick={() => { setAdding(true); }}>
            {t('accounts.serve')}
          </Button>
        )
      }
    >
      <Card withBorder maw={560}>
        <AccountForm key={account.data.updated_at} account={account.data} />
      </Card>
      <AccountDialog account={adding ? 'new' : undefined} close={() => { setAdding(false); void go('/accounts'); }} />
    </Page>
  );
}
