/** What the box knows of a device. */
import { Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schema } from '~/api/client';
import { Time } from '~/components/time';
import type { Words } from '~/lib/locales/en';

export function Facts({ device, explanation }: { device: Schema<'DeviceView'>; explanation: Schema<'Explanation'> }) {
  const { t } = useTranslation();
  const proof = (device.proof ?? 'none') as keyof Words['devices']['proofs'];
  const facts: [string, ReactNode][] = [
    [t('devices.vendor'), device.vendor],
    [t('devices.model'), device.model],
    [t('devices.firmware'), device.firmware],
    [t('devices.serial'), device.serial],
    [t('devices.site'), device.site],
    [t('devices.profile'), device.profile ?? t('devices.profileOfSite')],
    [t('devices.group'), device.group],
    [t('devices.proof'), <>{t(`devices.proofs.${proof}`)} {device.proof_at && <Time at={device.proof_at} />}</>],
    [t('devices.steady'), explanation.steady_proof],
    [t('devices.tlsState'), t(`devices.tls.${device.tls_state}`)],
    [t('devices.window'), explanation.window_until > 0 && <Time at={explanation.window_until} />],
    [t('devices.activatedAt'), device.activated_at && <Time at={device.activated_at} />],
    [t('devices.enrolledAt'), device.enrolled_at && <Time at={device.enrolled_at} />],
    [t('devices.secretsAt'), device.secrets_at && <Time at={device.secrets_at} />],
    [t('devices.seen'), <Time at={device.seen_at} />],
    [t('devices.createdAt'), <Time at={device.created_at} />],
    [t('devices.url'), device.url && <span className="mono">{device.url}</span>],
    [t('devices.bindings'), device.bindings.length > 0 && <span className="mono">{device.bindings.join(', ')}</span>],
  ];
  return (
    <Stack>
      <dl className="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}=`}>{value}</dd>])}
      </dl>
      <Title order={2} size="h5">
        {t('devices.lines')}
      </Title>
      <dl className="facts">
        {device.lines.length === 0 && <dd>{device.has_accounts ? t('devices.noLines') : t('devices.teams')}</dd>}
        {device.lines.map((line) => [
          <dt key={line.number}>{t('devices.line', { number: line.number })}</dt>,
          <dd key={`${String(line.number)}=`}>{[line.sip_account?.user, line.sip_account?.display_name].filter(Boolean).join(' · ') || t('app.none')}</dd>,
        ])}
      </dl>
    </Stack>
  );
}
