/** The places where phones stand, and the profile that each has. */
import { Anchor, Button, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ArchiveSettings } from '~/components/archive';
import { ConfirmButton } from '~/components/confirm';
import { FirmwareSettings } from '~/components/firmware';
import { Dialog, Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty, Page } from '~/components/page';
import { DataTable, type Column } from '~/components/table';
import { number } from '~/lib/format';

type Site = Schema<'Site'>;
const TOUCHED = ['sites', 'devices', 'device', 'explain', 'overview', 'profiles'];

export function SiteList() {
  const { t } = useTranslation();
  const may = useMay();
  const [adding, add] = useDisclosure();
  const [open, setOpen] = useState<Site>();
  const sites = useInfiniteQuery({
    queryKey: ['sites', 'list'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/sites', { params: { query: { after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const canWrite = may('site.write');
  const columns = useMemo<Column<Site>[]>(
    () => [
      {
        id: 'name',
        header: t('devices.name'),
        cell: (site) => (
          <>
            {canWrite ? (
              <Anchor component="button" type="button" size="sm" fw={550} ta="left" onClick={() => { setOpen(site); }}>
                {site.name}
              </Anchor>
            ) : (
              <Text size="sm" fw={550}>
                {site.name}
              </Text>
            )}
            <div className="second narrow">{site.profile ?? t('sites.noProfile')}</div>
          </>
        ),
      },
      { id: 'profile', header: t('devices.profile'), wide: true, cell: (site) => site.profile ?? t('sites.noProfile') },
      {
        id: 'devices',
        header: t('devices.title'),
        width: '6.5rem',
        cell: (site) => (
          <Anchor component={Link} to={`/devices?${new URLSearchParams({ site: site.name })}`} size="sm" aria-label={t('sites.devicesOf', { count: site.devices, site: site.name })}>
            {number(site.devices)}
          </Anchor>
        ),
      },
      { id: 'act', header: '', width: '8.5rem', cell: (site) => may('device.write') && site.devices > 0 && <LetIn site={site.name} /> },
    ],
    [t, canWrite, may],
  );
  const addButton = (
    <Button leftSection={<Icon name="plus" />} onClick={add.open}>
      {t('sites.add')}
    </Button>
  );
  return (
    <Page title={t('nav.sites')} text={t('sites.text')} actions={canWrite && addButton}>
      <DataTable
        label={t('nav.sites')}
        columns={columns}
        query={sites}
        rowKey={(site) => site.name}
        empty={
          <Empty icon="pin" title={t('sites.empty')} text={t('sites.emptyText')}>
            {canWrite && addButton}
          </Empty>
        }
      />
      <Dialog opened={adding} close={add.close} title={t('sites.add')}>
        <Edit close={add.close} />
      </Dialog>
      <Dialog opened={open !== undefined} close={() => { setOpen(undefined); }} title={open?.name ?? ''}>
        {open && <Edit site={open} close={() => { setOpen(undefined); }} />}
      </Dialog>
    </Page>
  );
}

/** Every active phone of the site: after a power surge, a new router, a batch of resets. */
function LetIn({ site }: { site: string }) {
  const { t } = useTranslation();
  const letIn = useChange(() => done(client.POST('/api/v1/sites/{name}/let-in', { params: { path: { name: site } } })), [...TOUCHED, 'alarms']);
  return <ConfirmButton label={t('sites.letIn')} text={t('sites.letInText', { site })} act={letIn} variant="default" size="xs" />;
}

function Edit({ site, close }: { site?: Site; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  const { fields, field } = useFields({ name: site?.name ?? '', profile: site?.profile ?? '' });
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => done(client.GET('/api/v1/profiles')), enabled: may('profile.read') });
  const change = useChange(
    () => {
      const { name, profile } = fields;
      if (!site) return done(client.POST('/api/v1/sites', { body: { name, profile: profile || undefined } }));
      return done(client.PATCH('/api/v1/sites/{name}', { params: { path: { name: site.name } }, body: { name, profile: profile || null } }));
    },
    TOUCHED,
    close,
  );
  const remove = useChange(() => done(client.DELETE('/api/v1/sites/{name}', { params: { path: { name: site?.name ?? '' } } })), TOUCHED, close);
  const names = [...new Set([...(profiles.data ?? []).map((profile) => profile.name), ...(site?.profile ? [site.profile] : [])])];
  const account = (session?.acting_in ?? session?.account)?.id;
  return (
    <Stack>
      <Form change={change} label={t('app.save')} cancel={close}>
        <TextInput label={t('devices.name')} description={site ? undefined : t('sites.nameHint')} {...field('name')} required data-autofocus />
        <NativeSelect label={t('devices.profile')} description={t('sites.profileHint')} {...field('profile')} data={[{ value: '', label: site ? t('sites.noProfile') : t('sites.firstProfile') }, ...names]} />
        {site && may('site.delete') && <ConfirmButton label={t('devices.remove')} text={t('sites.removeText')} act={remove} variant="subtle" color="red" />}
      </Form>
      {account !== undefined && <FirmwareSettings account={account} site={site?.name} />}
      {account !== undefined && site && <ArchiveSettings account={account} site={site.name} />}
    </Stack>
  );
}
