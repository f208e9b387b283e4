/** What phones may do by where they come from. The narrowest network that holds a phone's address counts. */
import { Anchor, Button, Checkbox, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

type Network = Schema<'NetworkView'>;
const UNKNOWN = ['refuse', 'queue', 'default'] as const;
const TOUCHED = ['networks', 'pending'];

/** The two parts of 10.0.0.0/8, as the API takes them. */
function parts(network: string) {
  const [address = '', prefix] = network.trim().split('/');
  return { address, prefix: Number(prefix) };
}

export function NetworkList() {
  const { t } = useTranslation();
  const may = useMay();
  const [adding, add] = useDisclosure();
  const [open, setOpen] = useState<Network>();
  const networks = useQuery({ queryKey: ['networks'], queryFn: () => done(client.GET('/api/v1/networks')) });
  const rows = networks.data;
  const canWrite = may('network.write');
  const addButton = (
    <Button leftSection={<Icon name="plus" />} onClick={add.open}>
      {t('networks.add')}
    </Button>
  );
  return (
    <Page title={t('nav.networks')} text={t('networks.text')} actions={canWrite && addButton}>
      {networks.isPending && <Waiting />}
      {networks.error && <ProblemBox error={networks.error} retry={() => void networks.refetch()} />}
      {rows?.length === 0 && (
        <Empty icon="net" title={t('networks.empty')} text={t('networks.emptyText')}>
          {canWrite && addButton}
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <ul className="feed">
          {rows.map((row) => (
            <li key={row.network}>
              <Group justify="space-between" gap="xs">
                <div>
                  {canWrite ? (
                    <Anchor component="button" type="button" size="sm" fw={550} className="mono" onClick={() => { setOpen(row); }}>
                      {row.network}
                    </Anchor>
                  ) : (
                    <span className="mono">{row.network}</span>
                  )}
                  <Text size="sm" c="dimmed">
                    {[row.settings ? t('networks.gets') : t('networks.getsNothing'), t(`networks.unknownIs.${row.unknown}`), row.ask && t('networks.asks')].filter(Boolean).join(' ')}
                  </Text>
                </div>
                {canWrite && <Remove network={row.network} />}
              </Group>
            </li>
          ))}
        </ul>
      )}
      <Dialog opened={adding} close={add.close} title={t('networks.add')}>
        <Edit close={add.close} />
      </Dialog>
      <Dialog opened={open !== undefined} close={() => { setOpen(undefined); }} title={open?.network ?? ''}>
        {open && <Edit network={open} close={() => { setOpen(undefined); }} />}
      </Dialog>
    </Page>
  );
}

function Remove({ network }: { network: string }) {
  const { t } = useTranslation();
  const remove = useChange(() => done(client.DELETE('/api/v1/networks/{address}/{prefix}', { params: { path: parts(network) } })), TOUCHED);
  return <ConfirmButton label={t('devices.remove')} text={t('networks.removeText', { network })} act={remove} variant="default" size="xs" />;
}

function Edit({ network, close }: { network?: Network; close: () => void }) {
  const { t } = useTranslation();
  const { fields, field } = useFields({ network: network?.network ?? '', unknown: network?.unknown ?? 'queue' });
  const [settings, setSettings] = useState(network?.settings ?? true);
  const [ask, setAsk] = useState(network?.ask ?? false);
  const change = useChange(
    () => {
      const body = { settings, ask, unknown: fields.unknown as Network['unknown'] };
      return done(client.PUT('/api/v1/networks/{address}/{prefix}', { params: { path: parts(fields.network) }, body }));
    },
    TOUCHED,
    close,
  );
  return (
    <Form change={change} label={t('app.save')} cancel={close}>
      <TextInput label={t('networks.network')} description={t('networks.networkHint')} className="mono" {...field('network')} pattern="[0-9a-fA-F.:]+/[0-9]+" title={t('networks.networkHint')} required readOnly={network !== undefined} data-autofocus />
      <NativeSelect label={t('networks.unknown')} {...field('unknown')} data={UNKNOWN.map((value) => ({ value, label: t(`networks.unknownIs.${value}`) }))} />
      <Checkbox label={t('networks.settings')} checked={settings} onChange={(event) => { setSettings(event.currentTarget.checked); }} />
      <Checkbox label={t('networks.ask')} description={t('networks.askHint')} checked={ask} onChange={(event) => { setAsk(event.currentTarget.checked); }} />
    </Form>
  );
}
