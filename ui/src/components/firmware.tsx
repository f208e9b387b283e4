/** What phones are to run, model by model: of an account (AVA-140 to AVA-142), or of one of its sites (AVA-139). */
import { Button, NativeSelect, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { Empty, Waiting } from './page';
import { ProblemBox } from './problem';

type Row = Schema<'ModelFirmware'>;
type Choose = Schema<'ChooseFirmware'>;
const TOUCHED = ['accounts', 'device', 'explain'];
const RELEASE = 'release ';

/** `j100` is how files are called, `J100` how the phones are. */
const spelled = (family: string) => family.charAt(0).toUpperCase() + family.slice(1);

export function FirmwareTable({ account, site }: { account: number; site?: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = { id: account };
  const view = useQuery({
    // With the account's switch.
    queryKey: ['accounts', account, 'firmware', site ?? null],
    queryFn: () =>
      site === undefined
        ? done(client.GET('/api/v1/accounts/{id}/firmware', { params: { path } }))
        : done(client.GET('/api/v1/accounts/{id}/sites/{name}/firmware', { params: { path: { ...path, name: site } } })),
  });
  const choose = useChange(
    (body: Choose) =>
      site === undefined
        ? done(client.PUT('/api/v1/accounts/{id}/firmware', { params: { path }, body }))
        : done(client.PUT('/api/v1/accounts/{id}/sites/{name}/firmware', { params: { path: { ...path, name: site } }, body })),
    TOUCHED,
  );
  if (view.error) return <ProblemBox error={view.error} retry={() => void view.refetch()} />;
  if (!view.data) return <Waiting />;
  const { models, policy } = view.data;
  if (models.length === 0) return <Empty icon="phone" title={t('firmware.empty')} text={t('firmware.emptyText')} />;
  const options = (row: Row) => [
    ...(site === undefined ? [] : [{ value: 'account', label: t('firmware.account') }]),
    { value: 'latest', label: row.latest ? t('firmware.latestIs', { version: row.latest }) : t('firmware.latest') },
    { value: 'off', label: t('firmware.off') },
    ...row.releases.map((release) => ({ value: RELEASE + release.version, label: release.unfit ? `${release.version} (${release.unfit})` : release.version })),
  ];
  const set = (row: Row, value: string) => {
    const isRelease = value.startsWith(RELEASE);
    choose.mutate({
      vendor: row.vendor,
      ...(row.model ? { model: row.model } : { family: row.family ?? undefined }),
      choice: isRelease ? 'release' : (value as Choose['choice']),
      version: isRelease ? value.slice(RELEASE.length) : undefined,
    });
  };
  return (
    <Stack gap="xs">
      {!policy && <Text size="sm" c="dimmed">{t('firmware.isOff')}</Text>}
      {choose.error && <ProblemBox error={choose.error} />}
      <Table aria-label={t('firmware.title')} aria-busy={view.isFetching}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('firmware.type')}</Table.Th>
            <Table.Th>{t('firmware.model')}</Table.Th>
            <Table.Th>{t('firmware.version')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {models.map((row) => {
            const type = [row.vendor, row.family && spelled(row.family)].filter(Boolean).join(' ');
            const model = row.model ?? t('firmware.all');
            return (
              <Table.Tr key={`${type}/${row.model ?? ''}`}>
                <Table.Td>{!row.model && type}</Table.Td>
                <Table.Td fw={row.model ? undefined : 550}>{model}</Table.Td>
                <Table.Td>
                  <NativeSelect
                    size="xs"
                    aria-label={t('firmware.of', { type, model })}
                    value={row.choice === 'release' ? RELEASE + (row.version ?? '') : row.choice}
                    disabled={!may('setting.write') || choose.isPending}
                    data={options(row)}
                    onChange={(event) => { set(row, event.currentTarget.value); }}
                  />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** AVA-139: a site that is not there yet has none. */
export function FirmwareSettings({ account, site }: { account: number; site?: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const session = useSession();
  const [open, setOpen] = useState(false);
  if (!may('setting.read') || session.data?.limited) return null;
  return (
    <Stack gap="xs" align="stretch">
      <div>
        <Button size="xs" variant="default" disabled={site === undefined} aria-expanded={open} onClick={() => { setOpen(!open); }}>
          {t('firmware.settings')}
        </Button>
      </div>
      {site === undefined && <Text size="xs" c="dimmed">{t('firmware.savedFirst')}</Text>}
      {open && site !== undefined && <FirmwareTable account={account} site={site} />}
    </Stack>
  );
}
