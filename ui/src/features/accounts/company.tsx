/** One's own company: its words, what it is granted, who may log in and work in it. Serving others begins here. */
import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { client, done } from '~/api/client';
import { useMay, useSession } from '~/api/session';
import { Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { AddAccount } from './form';
import { Sections, type Section } from './sections';

export function CompanyPage() {
  const { t } = useTranslation();
  const may = useMay();
  const go = useNavigate();
  const { data: session } = useSession();
  const [adding, setAdding] = useState(false);
  const id = (session?.acting_in ?? session?.account)?.id ?? 0;
  const account = useQuery({ queryKey: ['accounts', id], queryFn: () => done(client.GET('/api/v1/accounts/{id}', { params: { path: { id } } })) });
  const door = useQuery({ queryKey: ['sign-up'], queryFn: () => done(client.GET('/api/v1/sign-up')) });
  if (account.error) return <ProblemBox error={account.error} retry={() => void account.refetch()} />;
  if (!account.data || door.isPending) return <Waiting />;
  const own = account.data;
  const isBox = own.id === 1;
  // A box of one company has nobody to let in and nobody to ask.
  const isAlone = isBox && own.accounts === 0 && !door.data?.open;
  const sections: Section[] = ['details'];
  if (own.kind === 'customer' && may('site.read')) sections.push('sites');
  if (may('setting.read')) sections.push('firmware');
  if (!isBox) sections.push('services');
  sections.push('certificates');
  if (!isAlone) sections.push('access');
  if (!isAlone && own.kind !== 'customer' && may('link.read')) sections.push('links');
  return (
    <Page
      title={t('nav.company')}
      text={t('accounts.companyText', { number: own.number })}
      actions={
        isAlone &&
        may('account.add') && (
          <Group gap="xs">
            <Button variant="default" onClick={() => { setAdding(true); }}>
              {t('accounts.serve')}
            </Button>
            {may('sign-up.write') && (
              <Button variant="subtle" component={Link} to="/requests">
                {t('requests.serve')}
              </Button>
            )}
          </Group>
        )
      }
    >
      <Sections account={own} sections={sections} />
      <AddAccount opened={adding} close={() => { setAdding(false); void go('/accounts'); }} />
    </Page>
  );
}
