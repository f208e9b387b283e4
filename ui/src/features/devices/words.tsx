/** How a device's state, name and model are said, on every page of theirs. */
import { Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Schema } from '~/api/client';
import { Status, type Tone } from '~/components/status';

export type Summary = Schema<'Summary'>;

const TONES: Record<Summary['state'], Tone> = { active: 'good', known: 'notice', blocked: 'quiet' };

export function DeviceState({ device }: { device: Summary }) {
  const { t } = useTranslation();
  return (
    <Group gap="0 8px">
      {device.reset_at == null && device.conflict_at == null && <Status tone={TONES[device.state]}>{t(`devices.states.${device.state}`)}</Status>}
      {device.reset_at != null && <Status tone="bad">{t('devices.flags.reset')}</Status>}
      {device.conflict_at != null && <Status tone="bad">{t('devices.flags.conflict')}</Status>}
    </Group>
  );
}

export function kind(device: { vendor?: string | null; model?: string | null }): string {
  return [device.vendor, device.model].filter(Boolean).join(' ');
}
