/** One device: the verdict, and below it everything the verdict is made of. */
import { Button, Group, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { client, done, Problem, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { CheckInRow } from '~/components/checkin';
import { ConfirmButton } from '~/components/confirm';
import { Notice } from '~/components/notice';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { mac as spaced } from '~/lib/format';
import { AddDevice } from './add';
import { EditDevice } from './edit';
import { Facts } from './facts';
import { Files } from './files';
import { Values } from './values';
import { DeviceState, kind } from './words';

type Explanation = Schema<'Explanation'>;
type Device = Schema<'DeviceView'>;

const TABS = ['timeline', 'values', 'files', 'facts'] as const;
/** What an act on a device changes elsewhere. */
const TOUCHED = ['devices', 'device', 'explain', 'overview', 'alarms', 'pending'];

export function DevicePage() {
  const { mac = '' } = useParams();
  const path = { mac };
  const explain = useQuery({
    queryKey: ['explain', mac],
    queryFn: () => done(client.GET('/api/v1/devices/{mac}/explain', { params: { path } })),
    refetchInterval: 5_000,
  });
  const device = useQuery({
    queryKey: ['device', mac],
    queryFn: () =>
      done(client.GET('/api/v1/devices/{mac}', { params: { path } })).catch((error: unknown) => {
        // A phone that nobody added has a page too.
        if (error instanceof Problem && error.code === 'not-found') return null;
        throw error;
      }),
  });
  const error = explain.error ?? device.error;
  if (error) {
    return (
      <Page title={spaced(mac)}>
        <ProblemBox error={error} retry={() => void Promise.all([explain.refetch(), device.refetch()])} />
      </Page>
    );
  }
  if (!explain.data || device.data === undefined) return <Waiting />;
  return <Known key={mac} explanation={explain.data} device={device.data} />;
}

function Known({ explanation, device }: { explanation: Explanation; device: Device | null }) {
  const { t } = useTranslation();
  const { mac } = explanation;
  const said = [spaced(mac), kind(explanation), explanation.site, explanation.profile].filter(Boolean).join(' · ');
  const isRefused = explanation.timeline[0]?.decision === 'refused';
  return (
    <Page
      title={device?.name ?? spaced(mac)}
      text={said}
      actions={device ? <Actions device={device} /> : <Adopt explanation={explanation} />}
    >
      <Group gap="md">
        {device ? <DeviceState device={device} /> : <Text size="sm">{t('devices.unknown')}</Text>}
      </Group>
      <Notice tone={isRefused ? 'bad' : 'good'} role="status">
        {explanation.verdict}
      </Notice>
      {device?.firmware_note && (
        <Notice tone="notice" title={t('devices.firmwareNote')}>
          {device.firmware} {device.firmware_note}
        </Notice>
      )}
      {explanation.plain_secrets.length > 0 && (
        <Notice tone="notice" title={t('devices.plain')}>
          {explanation.plain_secrets.map((one) => (
            <div key={one} className="mono">
              {one}
            </div>
          ))}
        </Notice>
      )}
      <Sections explanation={explanation} device={device} />
    </Page>
  );
}

function Sections({ explanation, device }: { explanation: Explanation; device: Device | null }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const tabs = device ? TABS : TABS.slice(0, 1);
  const tab = tabs.find((tab) => tab === params.get('tab')) ?? 'timeline';
  return (
    <Tabs value={tab} onChange={(tab) => { setParams(tab ? { tab } : {}, { replace: true }); }} keepMounted={false}>
      <Tabs.List mb="md">
        {tabs.map((tab) => (
          <Tabs.Tab key={tab} value={tab}>
            {t(`devices.tabs.${tab}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="timeline">
        {explanation.timeline.length === 0 ? (
          <Empty icon="log" title={t('devices.timelineEmpty')} text={t('devices.timelineEmptyText')} />
        ) : (
          <ul className="feed">
            {explanation.timeline.map((row) => (
              <CheckInRow key={row.id} row={row} of={explanation.mac} />
            ))}
          </ul>
        )}
      </Tabs.Panel>
      <Tabs.Panel value="values">
        <Values files={explanation.files} />
      </Tabs.Panel>
      <Tabs.Panel value="files">
        <Files mac={explanation.mac} names={explanation.files.map((file) => file.name)} />
      </Tabs.Panel>
      <Tabs.Panel value="facts">{device && <Facts device={device} explanation={explanation} />}</Tabs.Panel>
    </Tabs>
  );
}

function Adopt({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure();
  if (!useMay()('device.add')) return null;
  return (
    <>
      <Button onClick={modal.open}>{t('devices.adopt')}</Button>
      <AddDevice opened={opened} close={modal.close} known={explanation} />
    </>
  );
}

function Actions({ device }: { device: Device }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const params = { path: { mac: device.mac } };
  const letIn = useChange(() => done(client.POST('/api/v1/devices/{mac}/let-in', { params })), TOUCHED);
  const activate = useChange(() => done(client.POST('/api/v1/devices/{mac}/activate', { params })), TOUCHED);
  const block = useChange(() => done(client.POST('/api/v1/devices/{mac}/deactivate', { params })), TOUCHED);
  const remove = useChange(() => done(client.DELETE('/api/v1/devices/{mac}', { params })), TOUCHED, () => void go('/devices'));
  const may = useMay();
  const canWrite = may('device.write');
  const needsLetIn = device.reset_at != null || device.conflict_at != null;
  const remover = may('device.delete') && <ConfirmButton label={t('devices.remove')} text={t('devices.removeText')} act={remove} variant="default" />;
  if (!canWrite) return remover;
  return (
    <>
      {device.state === 'active' ? (
        <ConfirmButton label={t('devices.letIn')} text={t('devices.letInText')} act={letIn} variant={needsLetIn ? 'filled' : 'default'} />
      ) : (
        <Button loading={activate.isPending} onClick={() => { activate.mutate(); }}>
          {device.state === 'blocked' ? t('devices.unblock') : t('devices.activate')}
        </Button>
      )}
      <EditDevice device={device} touched={TOUCHED} />
      {device.state !== 'blocked' && <ConfirmButton label={t('devices.block')} text={t('devices.blockText')} act={block} variant="default" />}
      {remover}
      {activate.error && <ProblemBox error={activate.error} />}
    </>
  );
}
