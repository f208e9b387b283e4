/** The tabs of a company's page: which there are, whoever shows it says. */
import { Card, Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { Access } from './access';
import { ClientCa } from './certificates';
import { HandedDown } from './devices';
import { FirmwareTab } from './firmware';
import { AccountForm, type Account } from './form';
import { Links } from './links';
import { Services } from './services';
import { SiteTab } from './sites';

export type Section = 'details' | 'sites' | 'firmware' | 'services' | 'certificates' | 'devices' | 'access' | 'links';

export function Sections({ account, sections }: { account: Account; sections: Section[] }) {
  const { t } = useTranslation();
  const [query, setQuery] = useSearchParams();
  const wanted = query.get('tab') as Section | null;
  const tab = wanted && sections.includes(wanted) ? wanted : 'details';
  return (
    <Tabs value={tab} onChange={(tab) => { setQuery(tab && tab !== 'details' ? { tab } : {}, { replace: true }); }} keepMounted={false}>
      <Tabs.List mb="md">
        {sections.map((section) => (
          <Tabs.Tab key={section} value={section}>
            {t(`accounts.tabs.${section}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={tab}>
        {tab === 'details' && (
          <Card withBorder maw={560}>
            <AccountForm key={account.updated_at} account={account} />
          </Card>
        )}
        {tab === 'sites' && <SiteTab account={account} />}
        {tab === 'firmware' && <FirmwareTab key={account.updated_at} account={account} />}
        {tab === 'services' && <Services key={account.updated_at} account={account} />}
        {tab === 'certificates' && <ClientCa key={account.updated_at} account={account} />}
        {tab === 'devices' && <HandedDown account={account} />}
        {tab === 'access' && <Access />}
        {tab === 'links' && <Links />}
      </Tabs.Panel>
    </Tabs>
  );
}
