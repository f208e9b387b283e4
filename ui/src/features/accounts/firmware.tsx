/** Firmware management of an account: whether it is on, and what is chosen for each model. */
import { Card, Stack, Switch, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMay } from '~/api/session';
import { FirmwareTable } from '~/components/firmware';
import { ProblemBox } from '~/components/problem';
import type { Account } from './form';
import { useDecides, useSet } from './services';

export function FirmwareTab({ account }: { account: Account }) {
  const { t } = useTranslation();
  const may = useMay();
  // Nobody stands above the box's own account.
  const decides = useDecides(account) || account.id === 1;
  const policy = useSet(account);
  return (
    <Stack maw={760}>
      <Card withBorder>
        <Stack gap="xs">
          <Title order={2} size="h5">
            {t('firmware.policy')}
          </Title>
          <Text size="sm">{t('firmware.policyText')}</Text>
          <Switch
            label={t('firmware.policyOn')}
            checked={account.firmware_policy}
            disabled={!decides || !may('account.write') || policy.isPending}
            onChange={(event) => { policy.mutate({ firmware_policy: event.currentTarget.checked }); }}
          />
          {!decides && <Text size="xs" c="dimmed">{t('services.above')}</Text>}
          {policy.error && <ProblemBox error={policy.error} />}
        </Stack>
      </Card>
      <FirmwareTable account={account.id} />
    </Stack>
  );
}
