/** Devices that an account has from one's own: handed down, and taken back. */
import { Button, Checkbox, Group, Stack, Text, Textarea } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty } from '~/components/page';
import { DataTable, type Column } from '~/components/table';
import { mac } from '~/lib/format';

type Device = Schema<'HandedDown'>;
const TOUCHED = ['accounts', 'devices', 'overview'];

export function HandedDown({ account }: { account: { id: number } }) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const path = { id: account.id };
  const devices = useInfiniteQuery({
    queryKey: ['accounts', account.id, 'devices'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => done(client.GET('/api/v1/accounts/{id}/devices', { params: { path, query: { after: pageParam, limit: 100 } } })),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const back = useChange(
    () => done(client.POST('/api/v1/accounts/{id}/devices/take-back', { params: { path }, body: { macs: [...picked] } })),
    TOUCHED,
    () => { setPicked(new Set()); },
  );
  const columns = useMemo<Column<Device>[]>(
    () => [
      {
        id: 'mac',
        header: t('devices.mac'),
        cell: (device) => (
          <Checkbox
            size="xs"
            label={<span className="mono">{mac(device.mac)}</span>}
            checked={picked.has(device.mac)}
            onChange={() => {
              setPicked((all) => {
                const next = new Set(all);
                if (!next.delete(device.mac)) next.add(device.mac);
                return next;
              });
            }}
          />
        ),
      },
      { id: 'model', header: t('devices.model'), width: '10rem', cell: (device) => [device.vendor, device.model].filter(Boolean).join(' ') },
      { id: 'serial', header: t('devices.serial'), wide: true, width: '12rem', cell: (device) => device.serial },
    ],
    [t, picked],
  );
  return (
    <Stack>
      <Group gap="xs">
        <Button leftSection={<Icon name="plus" />} onClick={() => { setAdding(true); }}>
          {t('handover.add')}
        </Button>
        {picked.size > 0 && <ConfirmButton variant="default" label={t('handover.back', { count: picked.size })} text={t('handover.backText')} act={back} />}
      </Group>
      <DataTable label={t('accounts.tabs.devices')} columns={columns} query={devices} rowKey={(device) => device.mac} empty={<Empty icon="phone" title={t('handover.empty')} text={t('handover.emptyText')} />} />
      <Dialog opened={adding} close={() => { setAdding(false); }} title={t('handover.add')}>
        <HandDown id={account.id} close={() => { setAdding(false); }} />
      </Dialog>
    </Stack>
  );
}

function HandDown({ id, close }: { id: number; close: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const down = useChange(
    () => done(client.POST('/api/v1/accounts/{id}/devices', { params: { path: { id } }, body: { macs: text.split(/[\s,;]+/).filter(Boolean) } })),
    TOUCHED,
    close,
  );
  return (
    <Form change={down} label={t('handover.add')} cancel={close}>
      <Text size="sm">{t('handover.addText')}</Text>
      <Textarea label={t('handover.macs')} description={t('handover.macsHint')} required autosize minRows={3} value={text} onChange={(event) => { setText(event.currentTarget.value); }} data-autofocus className="mono" />
    </Form>
  );
}
