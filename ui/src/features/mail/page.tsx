/** The mail server, and the mails on their way to it. */
import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { useMay } from '~/api/session';
import { Page } from '~/components/page';
import { Queue } from './queue';
import { Server } from './server';

export function MailPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const isBox = may('mail.read');
  const tab = isBox && params.get('tab') !== 'queue' ? 'server' : 'queue';
  return (
    <Page title={t('nav.mail')} text={t('mail.text')}>
      <Tabs value={tab} onChange={(tab) => { setParams(tab === 'queue' ? { tab } : {}, { replace: true }); }} keepMounted={false}>
        <Tabs.List mb="md">
          {isBox && <Tabs.Tab value="server">{t('mail.server')}</Tabs.Tab>}
          <Tabs.Tab value="queue">{t('mail.queue')}</Tabs.Tab>
        </Tabs.List>
        {isBox && (
          <Tabs.Panel value="server">
            <Server />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="queue">
          <Queue />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
