/** The words of a device that a person chooses. */
import { Button, Group, Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { ProblemBox } from '~/components/problem';

type Device = Schema<'DeviceView'>;

export function EditDevice({ device, touched }: { device: Device; touched: string[] }) {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure();
  return (
    <>
      <Button variant="default" onClick={modal.open}>
        {t('devices.edit')}
      </Button>
      <Modal opened={opened} onClose={modal.close} title={t('devices.edit')} closeButtonProps={{ 'aria-label': t('app.close') }}>
        <Form device={device} touched={touched} close={modal.close} />
      </Modal>
    </>
  );
}

function Form({ device, touched, close }: { device: Device; touched: string[]; close: () => void }) {
  const { t } = useTranslation();
  const [words, setWords] = useState({
    name: device.name ?? '',
    vendor: device.vendor ?? '',
    model: device.model ?? '',
    serial: device.serial ?? '',
    site: device.site ?? '',
    profile: device.profile ?? '',
    group: device.group ?? '',
  });
  const lists = { params: { query: { limit: 500 } } };
  const models = useQuery({ queryKey: ['models'], queryFn: () => done(client.GET('/api/v1/models')), staleTime: 600_000 });
  const sites = useQuery({ queryKey: ['sites'], queryFn: () => done(client.GET('/api/v1/sites', lists)) });
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => done(client.GET('/api/v1/profiles')) });
  const groups = useQuery({ queryKey: ['groups'], queryFn: () => done(client.GET('/api/v1/groups', lists)) });
  const change = useChange(
    () => done(client.PATCH('/api/v1/devices/{mac}', { params: { path: { mac: device.mac } }, body: { ...words, site: words.site || undefined } })),
    touched,
    close,
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const field = (name: keyof typeof words) => ({
    label: t(`devices.${name}`),
    value: words[name],
    onChange: (event: { currentTarget: { value: string } }) => { setWords({ ...words, [name]: event.currentTarget.value }); },
  });
  const names = (rows: { name: string }[] | undefined, now: string) => [...new Set([...(rows ?? []).map((row) => row.name), ...(now ? [now] : [])])];
  const vendors = [...new Set((models.data ?? []).map((model) => model.vendor))];
  const ofVendor = models.data?.filter((model) => model.vendor === words.vendor);
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput {...field('name')} data-autofocus />
        <NativeSelect {...field('vendor')} data={[{ value: '', label: t('form.automatic') }, ...vendors]} />
        <NativeSelect {...field('model')} data={[{ value: '', label: t('form.automatic') }, ...names(ofVendor, words.model)]} />
        <TextInput {...field('serial')} />
        <NativeSelect {...field('site')} data={names(sites.data?.items, words.site)} />
        <NativeSelect {...field('profile')} data={[{ value: '', label: t('form.siteProfile') }, ...names(profiles.data, words.profile)]} />
        <NativeSelect {...field('group')} data={[{ value: '', label: t('app.none') }, ...names(groups.data?.items, words.group)]} />
        {change.error && <ProblemBox error={change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={change.isPending}>
            {t('app.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
