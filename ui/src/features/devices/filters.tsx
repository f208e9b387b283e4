/** What a list of devices can be narrowed to besides its state, and what is done with one in the list. */
import { Button, NativeSelect, Popover, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import type { Summary } from './words';

interface Props {
  params: URLSearchParams;
  ask: (changes: Record<string, string | undefined>) => void;
}

export function More({ params, ask }: Props) {
  const { t } = useTranslation();
  return (
    <Popover position="bottom-end" width={280} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default">{t('devices.filters')}</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Choices params={params} ask={ask} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** Read when they are opened: what there is to choose from. */
function Choices({ params, ask }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const query = { limit: 500 };
  const counts = useQuery({ queryKey: ['devices', 'count'], queryFn: () => done(client.GET('/api/v1/devices/count')), staleTime: 15_000 });
  const sites = useQuery({ queryKey: ['sites'], queryFn: () => done(client.GET('/api/v1/sites', { params: { query } })), enabled: may('site.read') });
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => done(client.GET('/api/v1/profiles')), enabled: may('profile.read') });
  const of = (values: (string | null | undefined)[]) => [...new Set(values.filter((value): value is string => Boolean(value)))].sort();
  const rows = counts.data ?? [];
  const all = {
    model: of(rows.map((row) => row.model)),
    firmware: of(rows.map((row) => row.firmware)),
    site: of((sites.data?.items ?? []).map((site) => site.name)),
    profile: of((profiles.data ?? []).map((profile) => profile.name)),
  };
  return (
    <Stack gap="xs">
      {Object.entries(all).map(([name, values]) => {
        const value = params.get(name) ?? '';
        return (
          <NativeSelect
            key={name}
            label={t(`devices.${name as keyof typeof all}`)}
            description={name === 'profile' ? t('devices.ownProfile') : undefined}
            value={value}
            onChange={(event) => { ask({ [name]: event.currentTarget.value }); }}
            data={[{ value: '', label: t('devices.any') }, ...of([...values, value])]}
          />
        );
      })}
    </Stack>
  );
}

export function LetIn({ device }: { device: Summary }) {
  const { t } = useTranslation();
  const params = { path: { mac: device.mac } };
  const letIn = useChange(() => done(client.POST('/api/v1/devices/{mac}/let-in', { params })), ['devices', 'device', 'explain', 'overview', 'alarms']);
  return <ConfirmButton label={t('devices.letInShort')} text={t('devices.letInText')} act={letIn} variant="default" size="xs" />;
}
