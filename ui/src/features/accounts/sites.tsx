/** The sites of a customer: added with a profile, changed, several at once. */
import { Button, Checkbox, FileInput, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ArchiveSettings, sendArchive } from '~/components/archive';
import { ConfirmButton } from '~/components/confirm';
import { FirmwareSettings } from '~/components/firmware';
import { Dialog, Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty } from '~/components/page';
import { DataTable, type Column } from '~/components/table';
import { number } from '~/lib/format';
import type { Account } from './form';

type Site = Schema<'Site'>;
const TOUCHED = ['accounts', 'sites', 'devices'];
const NEW = '+';

export function SiteTab({ account }: { account: Account }) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState<Site | 'new' | 'several'>();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const path = { id: account.id };
  const sites = useInfiniteQuery({
    queryKey: ['accounts', account.id, 'sites'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/accounts/{id}/sites', { params: { path, query: { after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const mayWrite = may('site.write');
  const columns = useMemo<Column<Site>[]>(
    () => [
      {
        id: 'name',
        header: t('accountSites.name'),
        cell: (site) => (
          <Group gap="xs" wrap="nowrap">
            {mayWrite && (
              <Checkbox
                size="xs"
                aria-label={t('accountSites.pick', { name: site.name })}
                checked={picked.has(site.name)}
                onChange={() => {
                  setPicked((all) => {
                    const next = new Set(all);
                    if (!next.delete(site.name)) next.add(site.name);
                    return next;
                  });
                }}
              />
            )}
            <div>
              <button type="button" className="link-button open" onClick={() => { setOpen(site); }}>
                {site.name}
              </button>
              <div className="second narrow">{[site.profile ?? t('accountSites.noProfile'), site.pid].filter(Boolean).join(' · ')}</div>
            </div>
          </Group>
        ),
      },
      { id: 'profile', header: t('devices.profile'), wide: true, width: '14rem', cell: (site) => site.profile ?? t('accountSites.noProfile') },
      { id: 'pid', header: t('accountSites.pid'), wide: true, width: '6rem', cell: (site) => <span className="mono">{site.pid}</span> },
      { id: 'devices', header: t('nav.devices'), width: '6rem', cell: (site) => number(site.devices) },
    ],
    [t, picked, mayWrite],
  );
  const close = () => { setOpen(undefined); };
  return (
    <Stack>
      <Group gap="xs">
        {mayWrite && (
          <Button leftSection={<Icon name="plus" />} onClick={() => { setOpen('new'); }}>
            {t('accountSites.add')}
          </Button>
        )}
        {picked.size > 0 && (
          <Button variant="default" onClick={() => { setOpen('several'); }}>
            {t('accountSites.several', { count: picked.size })}
          </Button>
        )}
      </Group>
      <DataTable label={t('accounts.tabs.sites')} columns={columns} query={sites} rowKey={(site) => site.name} empty={<Empty icon="building" title={t('accountSites.empty')} text={t('accountSites.emptyText')} />} />
      <Dialog opened={open !== undefined} close={close} title={open === 'new' ? t('accountSites.add') : open === 'several' ? t('accountSites.severalTitle') : (open?.name ?? '')}>
        {open === 'several' && <Several account={account} names={[...picked]} close={() => { setPicked(new Set()); close(); }} />}
        {open && open !== 'several' && <SiteForm account={account} site={open === 'new' ? undefined : open} close={close} />}
      </Dialog>
    </Stack>
  );
}

function useProfiles(account: Account) {
  const profiles = useQuery({
    queryKey: ['accounts', account.id, 'profiles'],
    queryFn: () => done(client.GET('/api/v1/accounts/{id}/profiles', { params: { path: { id: account.id } } })),
  });
  return profiles.data ?? [];
}

function SiteForm({ account, site, close }: { account: Account; site?: Site; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const profiles = useProfiles(account);
  const { fields, field } = useFields({ name: site?.name ?? '', profile: site?.profile ?? '', made: '', pid: site?.pid ?? '' });
  // A customer that has no profile yet makes its first one here.
  const makes = !site && may('profile.add');
  const isNew = fields.profile === NEW;
  const path = { id: account.id };
  const save = useChange(
    () => {
      const { name, profile, made, pid } = fields;
      return site
        ? done(client.PUT('/api/v1/accounts/{id}/sites/{name}', { params: { path: { ...path, name: site.name } }, body: { name, profile: profile || null, pid: pid || null } }))
        : done(client.POST('/api/v1/accounts/{id}/sites', { params: { path }, body: { name, pid: pid || undefined, ...(isNew ? { new_profile: made } : { profile: profile || undefined }) } }));
    },
    TOUCHED,
    close,
  );
  const remove = useChange(() => done(client.DELETE('/api/v1/accounts/{id}/sites/{name}', { params: { path: { ...path, name: site?.name ?? '' } } })), TOUCHED, close);
  return (
    <Stack>
      <Form change={save} label={t('app.save')} cancel={close}>
        <TextInput label={t('accountSites.name')} {...field('name')} required data-autofocus />
        <NativeSelect
          label={t('devices.profile')}
          {...field('profile')}
          data={[
            { value: '', label: site ? t('accountSites.noProfile') : t('accountSites.firstProfile') },
            ...profiles.map((name) => ({ value: name, label: name })),
            ...(makes ? [{ value: NEW, label: t('accountSites.newProfile') }] : []),
          ]}
        />
        {isNew && <TextInput label={t('accountSites.profileName')} description={t('accountSites.profileHint')} {...field('made')} required />}
        <TextInput label={t('accountSites.pid')} description={t('accountSites.pidHint')} {...field('pid')} inputMode="numeric" maxLength={4} />
      </Form>
      <FirmwareSettings account={account.id} site={site?.name} />
      {site && <ArchiveSettings account={account.id} site={site.name} />}
      {site && may('site.delete') && (
        <Group>
          <ConfirmButton size="xs" variant="default" label={t('accountSites.remove')} text={t('accountSites.removeText')} act={remove} />
        </Group>
      )}
    </Stack>
  );
}

function Several({ account, names, close }: { account: Account; names: string[]; close: () => void }) {
  const { t } = useTranslation();
  const profiles = useProfiles(account);
  const may = useMay();
  const { fields, field } = useFields({ profile: '' });
  const [archive, setArchive] = useState<File | null>(null);
  const give = useChange(
    async () => {
      await done(client.POST('/api/v1/accounts/{id}/site-profiles', { params: { path: { id: account.id } }, body: { sites: names, profile: fields.profile || null } }));
      if (archive) for (const name of names) await sendArchive(account.id, name, archive);
    },
    TOUCHED,
    close,
  );
  return (
    <Form change={give} label={t('app.save')} cancel={close}>
      <Text size="sm">{names.join(', ')}</Text>
      <NativeSelect label={t('devices.profile')} {...field('profile')} data={[{ value: '', label: t('accountSites.noProfile') }, ...profiles.map((name) => ({ value: name, label: name }))]} />
      {may('setting.write') && <FileInput label={t('archive.title')} description={t('archive.several')} accept=".zip" clearable value={archive} onChange={setArchive} />}
    </Form>
  );
}
