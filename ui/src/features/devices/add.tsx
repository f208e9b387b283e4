/** Adding a device, or adopting one that waits: the same form, with what is known filled in. */
import { Button, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { ProblemBox } from '~/components/problem';

interface Props {
  opened: boolean;
  close: () => void;
  /** Of a phone that asked already. */
  known?: { mac: string; vendor?: string | null; model?: string | null };
}

export function AddDevice({ opened, close, known }: Props) {
  const { t } = useTranslation();
  const title = known ? t('devices.adopt') : t('devices.add');
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Form known={known} title={title} close={close} />
    </Modal>
  );
}

function Form({ known, title, close }: { known: Props['known']; title: string; close: () => void }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [mac, setMac] = useState(known?.mac ?? '');
  const [name, setName] = useState('');
  const [site, setSite] = useState('');
  const [profile, setProfile] = useState('');
  const [activate, setActivate] = useState(true);
  const sites = useQuery({ queryKey: ['sites'], queryFn: () => done(client.GET('/api/v1/sites', { params: { query: { limit: 500 } } })) });
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => done(client.GET('/api/v1/profiles')) });
  const add = useChange(
    () => {
      const body = {
        mac,
        name: name || null,
        vendor: known?.vendor,
        model: known?.model,
        site: site || null,
        profile: profile || null,
        activate,
      };
      return done(client.POST('/api/v1/devices', { body }));
    },
    ['devices', 'overview', 'pending', 'explain'],
    (device) => {
      close();
      void go(`/devices/${device.mac}`);
    },
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    add.mutate();
  };
  const choices = (first: string, rows: { name: string }[] | undefined) => [{ value: '', label: first }, ...(rows ?? []).map((row) => row.name)];
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('form.mac')}
          description={known ? undefined : t('form.macHint')}
          value={mac}
          readOnly={known !== undefined}
          onChange={(event) => { setMac(event.currentTarget.value); }}
          required
          data-autofocus={known ? undefined : true}
          className="mono"
        />
        <TextInput label={t('devices.name')} placeholder={t('form.optional')} value={name} onChange={(event) => { setName(event.currentTarget.value); }} data-autofocus={known ? true : undefined} />
        <NativeSelect label={t('devices.site')} value={site} onChange={(event) => { setSite(event.currentTarget.value); }} data={choices(t('form.firstSite'), sites.data?.items)} />
        <NativeSelect label={t('devices.profile')} value={profile} onChange={(event) => { setProfile(event.currentTarget.value); }} data={choices(t('form.siteProfile'), profiles.data)} />
        <Checkbox label={t('form.activateNow')} description={t('form.activateHint')} checked={activate} onChange={(event) => { setActivate(event.currentTarget.checked); }} />
        {add.error && <ProblemBox error={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {title}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
