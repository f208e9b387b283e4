/** What an account asks for and the one above grants. */
import { Button, Card, Group, Stack, Text, Textarea, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form } from '~/components/form';
import { Status, type Tone } from '~/components/status';
import { TOUCHED, type Account } from './form';

type Change = Schema<'ChangeAccount'>;
type Service = 'api_access' | 'switching';
const TONES: Record<Account['api_access'], Tone> = { on: 'good', requested: 'notice', off: 'quiet' };

export function useSet(account: Account, then?: () => void) {
  return useChange(
    (body: Change) => done(client.PATCH('/api/v1/accounts/{id}', { params: { path: { id: account.id } }, body })),
    TOUCHED,
    then,
  );
}

/** Somebody of the account above decides, from outside or inside; the account itself asks. */
export function useDecides(account: Account): boolean {
  const { data: session } = useSession();
  return account.depth > 0 || (session?.acting_in != null && session.account.id !== account.id);
}

export function Services({ account }: { account: Account }) {
  const decides = useDecides(account);
  return (
    <Stack maw={640}>
      <OneService account={account} service="api_access" decides={decides} />
      {account.kind !== 'customer' && <OneService account={account} service="switching" decides={decides} />}
    </Stack>
  );
}

function OneService({ account, service, decides }: { account: Account; service: Service; decides: boolean }) {
  const { t } = useTranslation();
  const may = useMay();
  const [declining, setDeclining] = useState(false);
  const state = account[service];
  const set = useSet(account);
  const to = (wanted: Account['api_access']) => ({ mutateAsync: () => set.mutateAsync({ [service]: wanted }), isPending: set.isPending, error: set.error });
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h5">
            {t(`services.${service}`)}
          </Title>
          <Status tone={TONES[state]}>{t(`services.states.${state}`)}</Status>
        </Group>
        <Text size="sm">{t(`services.${service}Text`)}</Text>
        {may('account.write') && (
          <Group gap="xs">
            {!decides && state === 'off' && <ConfirmButton size="xs" label={t('services.request')} text={t('services.requestText')} act={to('requested')} />}
            {!decides && state === 'requested' && <ConfirmButton size="xs" variant="default" label={t('services.withdraw')} text={t('services.withdrawText')} act={to('off')} />}
            {decides && state !== 'on' && <ConfirmButton size="xs" label={t('services.grant')} text={t('services.grantText')} act={to('on')} />}
            {decides && state === 'requested' && (
              <Button size="xs" variant="default" onClick={() => { setDeclining(true); }}>
                {t('services.decline')}
              </Button>
            )}
            {decides && state === 'on' && <ConfirmButton size="xs" variant="default" label={t('services.end')} text={t('services.endText')} act={to('off')} />}
          </Group>
        )}
      </Stack>
      <Dialog opened={declining} close={() => { setDeclining(false); }} title={t('services.decline')}>
        <Decline account={account} service={service} close={() => { setDeclining(false); }} />
      </Dialog>
    </Card>
  );
}

function Decline({ account, service, close }: { account: Account; service: Service; close: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const set = useSet(account, close);
  const change = { mutate: () => { set.mutate({ [service]: 'off', reason }); }, isPending: set.isPending, error: set.error };
  return (
    <Form change={change} label={t('services.decline')} cancel={close}>
      <Textarea label={t('services.reason')} description={t('services.reasonHint')} required value={reason} onChange={(event) => { setReason(event.currentTarget.value); }} data-autofocus />
    </Form>
  );
}
