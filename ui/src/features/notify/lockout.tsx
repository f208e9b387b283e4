/** How many wrong enrollment codes lock a phone, and for how long (AVA-066 to AVA-068): for the whole box, set at its top. */
import { Card, NumberInput, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { Form } from '~/components/form';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

type Settings = Schema<'DeviceLockout'>;

export function Lockout() {
  const { t } = useTranslation();
  const may = useMay();
  const lockout = useQuery({ queryKey: ['device-lockout'], queryFn: () => done(client.GET('/api/v1/device-lockout')) });
  return (
    <Card withBorder maw={680}>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {t('lockout.title')}
        </Title>
        <Text size="sm">{t('lockout.text')}</Text>
        {lockout.isPending && <Waiting />}
        {lockout.error && <ProblemBox error={lockout.error} retry={() => void lockout.refetch()} />}
        {lockout.data && (may('box.write') ? <LockoutForm key={JSON.stringify(lockout.data)} lockout={lockout.data} /> : <Facts lockout={lockout.data} />)}
      </Stack>
    </Card>
  );
}

function Facts({ lockout }: { lockout: Settings }) {
  const { t } = useTranslation();
  return (
    <dl className="facts">
      <dt>{t('lockout.minutes')}</dt>
      <dd>{lockout.minutes}</dd>
      <dt>{t('lockout.attempts')}</dt>
      <dd>{lockout.attempts}</dd>
    </dl>
  );
}

function LockoutForm({ lockout }: { lockout: Settings }) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState<number | string>(lockout.minutes);
  const [attempts, setAttempts] = useState<number | string>(lockout.attempts);
  const save = useChange(() => {
    const body = { minutes: Number(minutes), attempts: Number(attempts) };
    return done(client.PUT('/api/v1/device-lockout', { body }));
  }, ['device-lockout']);
  return (
    <Form change={save} label={t('app.save')}>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput label={t('lockout.minutes')} description={t('lockout.minutesHint')} required allowNegative={false} allowDecimal={false} value={minutes} onChange={setMinutes} />
        <NumberInput label={t('lockout.attempts')} description={t('lockout.attemptsHint')} required allowNegative={false} allowDecimal={false} value={attempts} onChange={setAttempts} />
      </SimpleGrid>
    </Form>
  );
}
